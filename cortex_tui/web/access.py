"""Who may come in: what a request needs to be answered.

Whoever opens the workbench can run code as its user. A server on 127.0.0.1 is within reach of every
page that is open in a browser there, and of every user of the machine.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import socket
from collections.abc import Mapping

import msgspec


class Access(msgspec.Struct, frozen=True):
    """What is demanded of each request to one server."""

    port: int
    names: frozenset[str]
    """The addresses and names under which the server is known."""
    any_address: bool = False
    """Whether it listens on all addresses: then any IP address is known, too. A name is not: a
    foreign page could have it resolve to this machine."""
    token: str = msgspec.field(default_factory=lambda: secrets.token_urlsafe(32))
    """Part of the address that is printed."""
    key: str = msgspec.field(default_factory=lambda: secrets.token_urlsafe(32))
    """The cookie's value: unlike the token it is never part of an address."""

    @property
    def cookie(self) -> str:
        """The cookie's name. Browsers share cookies between the ports of a host."""
        return f"cortex-tui-{self.port}"

    def brings_token(self, token: str) -> bool:
        return _same(token, self.token)

    def refusal(self, headers: Mapping[str, str], cookies: Mapping[str, str], token: str) -> str:
        """Why a request is not answered, "" for one that is. `token` is "" where none is accepted.

        A browser names the page that a request comes from in Origin, and always does so for
        websockets; what only opens an address has none, and is let in by token or cookie.
        """
        host = headers.get("Host", "")
        if not self._knows(host):
            return "this server has another address"
        origin = headers.get("Origin")
        if origin is None and headers.get("Upgrade"):
            return "expected an Origin"
        if origin is not None and origin != f"http://{host}":
            return "this page belongs to another address"
        if self.brings_token(token) or _same(cookies.get(self.cookie, ""), self.key):
            return ""
        return "expected the address that `cortex-tui serve` has printed, with its token"

    def _knows(self, host: str) -> bool:
        name, _, port = host.rpartition(":")
        if port != str(self.port):
            return False
        name = name.removeprefix("[").removesuffix("]")
        return name in self.names or (self.any_address and _is_address(name))


def access_to(address: str, port: int) -> Access:
    """To a server that listens on that IP address and port."""
    if not ipaddress.ip_address(address).is_unspecified:
        return Access(port, frozenset({address}))
    own = frozenset({socket.gethostname(), socket.getfqdn(), "localhost"})
    return Access(port, own, any_address=True)


def printed_host(address: str) -> str:
    """By what a browser finds a server that listens on that IP address."""
    return socket.gethostname() if ipaddress.ip_address(address).is_unspecified else address


def host_and_port(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _same(given: str, expected: str) -> bool:
    """Takes the same time however much of it is right."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())
