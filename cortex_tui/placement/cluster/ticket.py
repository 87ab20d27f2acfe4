"""What an agent is started with: how it reaches the program that started it, and that it may."""

from __future__ import annotations

from typing import Any

import msgspec


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """Handed to an agent on its stdin, as a line of JSON: never on a command line, in the
    environment or in a log."""

    machine: str
    """The name of the machine, as a person wrote it or the adapter made it."""
    addresses: tuple[str, ...]
    """Of the program's side, `HOST:PORT`; tried in this order."""
    token: bytes
    """What shows that whoever connects was started by this program."""
    fingerprint: bytes = b""
    """The SHA-256 of the certificate that the program shows; empty for a connection without TLS."""
    lost_after_ns: int = 10_000_000_000
    """An agent that has received nothing from the program for that long ends."""

    def __repr__(self) -> str:
        return f"Ticket(machine={self.machine!r}, addresses={self.addresses!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("machine", self.machine), ("addresses", self.addresses)]


class TicketError(Exception):
    """What should be a ticket is none."""


def encode_ticket(ticket: Ticket) -> bytes:
    """One line, its end included."""
    return msgspec.json.encode(ticket) + b"\n"


def decode_ticket(line: bytes) -> Ticket:
    """Raises TicketError for anything else than what `encode_ticket` makes; nothing of the line is
    part of its text."""
    try:
        return msgspec.json.decode(line, type=Ticket)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        raise TicketError("expected a ticket on stdin, as a line of JSON") from None
