"""Where a program can be reached, as text: `host:port`, or `[IPv6]:port`."""

from __future__ import annotations

import ipaddress


def address_of(host: str, port: int) -> str:
    """As tickets have it."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def host_and_port(address: str) -> tuple[str, int]:
    """Of an address of a ticket; ValueError where it is none."""
    host, colon, port = address.rpartition(":")
    number = int(port) if port.isascii() and port.isdigit() else -1
    if not colon or not host.strip("[]") or not 0 <= number < 65_536:
        raise ValueError(f"{address!r} (expected host:port)")
    return host.removeprefix("[").removesuffix("]"), number


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
