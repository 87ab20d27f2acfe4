"""Numbered pieces in both directions: broken connections neither lose nor repeat any.

Each side keeps what it has sent until the other has acknowledged it. After a reconnect each reports
the number of the last piece that it has, and the other continues behind it. Pure, but for the files
of a spool.
"""

from __future__ import annotations

from cortex_tui.limits import MAX_FRAME_BYTES, MAX_LINK_MEMORY_BYTES, MAX_LINK_PIECE_BYTES
from cortex_tui.placement.cluster.spool import Piece, Spool, SpoolError
from cortex_tui.protocol.frames import ProtocolError

LONGEST_BODY = MAX_FRAME_BYTES + 1_024
"""A frame of the runner's protocol with its header, and a little more."""
_OBJECT_BYTES = 200
"""What a piece takes in memory, in addition to its bytes."""


class Outgoing:
    """What one side has sent, or has still to send: as much as fits in memory, the rest in the
    spool, in the order of their numbers there, too."""

    def __init__(self, spool: Spool | None = None, memory: int = MAX_LINK_MEMORY_BYTES) -> None:
        """Without a spool, no more than `memory` bytes can wait."""
        self._spool = spool
        self._limit = memory
        self._kept: dict[int, Piece] = {}
        self._used = 0
        """Bytes of memory."""
        self._first = 1
        """The number of the oldest piece that is not acknowledged."""
        self._current = 1
        """The number of the next piece to send on this connection."""
        self._next = 1
        """The number that the next piece to be added will have."""
        self._sent = 0
        """The highest number that was ever sent."""
        self._first_at = self._current_at = 0
        """Where the spool continues with those that are not acknowledged, or not sent."""
        self.unacknowledged = 0
        """Bytes of bodies that the other side has not acknowledged."""

    @property
    def empty(self) -> bool:
        """Whether the other side has acknowledged everything."""
        return self._first == self._next

    def add(self, body: bytes) -> None:
        """Takes what is to be sent.

        Raises ValueError for more than LONGEST_BODY, SpoolError where nothing more can be kept:
        then a part of it may have been taken, and the link must end.
        """
        if len(body) > LONGEST_BODY:
            raise ValueError(f"{len(body):,} bytes (expected at most {LONGEST_BODY:,})")
        for start in range(0, max(1, len(body)), MAX_LINK_PIECE_BYTES):
            end = start + MAX_LINK_PIECE_BYTES
            self._keep(Piece(bytes(body[start:end]), more=end < len(body)))

    def take(self) -> tuple[int, Piece] | None:
        """The next piece to send on this connection, with its number; None while there is none."""
        number = self._current
        if number == self._next:
            return None
        piece = self._kept.get(number)
        if piece is None:
            assert self._spool is not None
            piece, self._current_at = self._spool.read(self._current_at)
        self._current += 1
        self._sent = max(self._sent, number)
        return number, piece

    def acknowledge(self, received: int) -> None:
        """The other side has everything up to that number.

        Raises ProtocolError where that cannot be.
        """
        if received > self._sent:
            raise ProtocolError(
                f"an acknowledgement of piece {received}, and {self._sent} was the last"
            )
        for number in range(self._first, received + 1):
            if (piece := self._kept.pop(number, None)) is not None:
                self._used -= len(piece.body) + _OBJECT_BYTES
                self.unacknowledged -= len(piece.body)
            else:
                assert self._spool is not None
                length, self._first_at = self._spool.after(self._first_at)
                self.unacknowledged -= length
        self._first = max(self._first, received + 1)
        if self._spool is not None:
            self._spool.drop(self._first_at)

    def resume(self, received: int) -> None:
        """A new connection begins, to one that has everything up to that number.

        Raises ProtocolError where that cannot be: it must be another one than before.
        """
        if received < self._first - 1:
            raise ProtocolError(
                f"it has the pieces up to {received}, and acknowledged {self._first - 1} before"
            )
        self.acknowledge(received)
        self._current, self._current_at = self._first, self._first_at

    def close(self) -> None:
        """Gives up what is kept."""
        self._kept.clear()
        self._current = self._first = self._next
        self._used = self.unacknowledged = 0
        if self._spool is not None:
            self._spool.close()
            self._first_at = self._current_at = self._spool.end

    def _keep(self, piece: Piece) -> None:
        size = len(piece.body) + _OBJECT_BYTES
        if self._used + size <= self._limit:
            self._kept[self._next] = piece
            self._used += size
        elif self._spool is not None:
            self._spool.append(piece)
        else:
            raise SpoolError(f"more than {self._limit:,} bytes wait to be sent")
        self._next += 1
        self.unacknowledged += len(piece.body)


class Incoming:
    """What one side has received."""

    def __init__(self) -> None:
        self.received = 0
        """The number of the last piece, of which there are all before it, too."""
        self._parts: list[bytes] = []
        self._length = 0

    def take(self, number: int, piece: Piece) -> bytes | None:
        """The body that the piece completes; None where more of it is to come, or where the piece
        was received before.

        Raises ProtocolError for a gap, and for a body that is too long.
        """
        if number <= self.received:
            return None
        if number != self.received + 1:
            raise ProtocolError(f"piece {number}, and {self.received + 1} was the next")
        self._length += len(piece.body)
        if self._length > LONGEST_BODY:
            raise ProtocolError(f"a body of more than {LONGEST_BODY:,} bytes")
        self.received = number
        self._parts.append(piece.body)
        if piece.more:
            return None
        body = b"".join(self._parts)
        self._parts, self._length = [], 0
        return body
