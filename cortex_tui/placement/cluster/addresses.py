"""Where a program can be reached, as text: `host:port`, or `[IPv6]:port`."""

from __future__ import annotations

import ipaddress

from cortex_tui.text import quoted


def address_of(host: str, port: int) -> str:
    """As tickets have it."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def host_and_port(address: str) -> tuple[str, int]:
    """Of an address of a ticket; ValueError where it is none."""
    host, _, port = address.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    is_host = host.isprintable() and not set(host) & set("[] ")
    number = int(port) if port.isascii() and port.isdigit() and len(port) < 10 else -1
    if not host or not is_host or not 0 <= number < 65_536:
        raise ValueError(f"{quoted(address)} (expected host:port)")
    return host, number


def is_any(host: str) -> bool:
    """Whether it stands for all addresses of a machine, and so for none that one can connect to."""
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """Whether nothing that is sent there leaves this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
