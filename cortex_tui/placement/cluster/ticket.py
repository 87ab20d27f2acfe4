"""What an agent is given so that it can connect to the program that started it."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec


class Ticket(msgspec.Struct, frozen=True):
    """Secret: whoever has it can connect in the agent's place. It is handed over on standard input
    or an encrypted connection, and neither shown, logged nor put on a command line."""

    addresses: tuple[str, ...]
    """Where the program can be reached, as `host:port` or `[IPv6]:port`, tried in this order."""
    token: bytes
    """Random bytes that both sides know."""
    machine: str
    """The name of the agent's machine."""
    fingerprint: bytes = b""
    """The SHA-256 of the certificate that the program must have; empty where there is no TLS."""

    def __repr__(self) -> str:
        return f"Ticket(addresses={self.addresses!r}, machine={self.machine!r})"

    def __rich_repr__(self) -> Iterator[tuple[str, object]]:
        yield "addresses", self.addresses
        yield "machine", self.machine


def address_of(host: str, port: int) -> str:
    """As a ticket has it."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def host_and_port(address: str) -> tuple[str, int]:
    """Of an address of a ticket; ValueError where it is none."""
    host, colon, port = address.rpartition(":")
    if not colon or not host.strip("[]") or not port.isascii() or not port.isdigit():
        raise ValueError(f"{address!r} (expected host:port)")
    return host.removeprefix("[").removesuffix("]"), int(port)
