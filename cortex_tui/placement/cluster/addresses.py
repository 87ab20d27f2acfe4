"""Where a program can be reached, as text: `host:port`, or `[IPv6]:port`."""

from __future__ import annotations


def address_of(host: str, port: int) -> str:
    """As tickets have it."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def host_and_port(address: str) -> tuple[str, int]:
    """Of an address of a ticket; ValueError where it is none."""
    host, colon, port = address.rpartition(":")
    if not colon or not host.strip("[]") or not port.isascii() or not port.isdigit():
        raise ValueError(f"{address!r} (expected host:port)")
    return host.removeprefix("[").removesuffix("]"), int(port)
