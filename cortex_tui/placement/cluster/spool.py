"""A queue of pieces in unnamed files: what a broken or slow connection has no memory for."""

from __future__ import annotations

import os
import struct
import tempfile
from collections import deque
from dataclasses import dataclass
from typing import IO, NamedTuple

from cortex_tui.limits import MAX_LINK_SPOOL_BYTES

_HEADER = struct.Struct(">I?")


class Piece(NamedTuple):
    """What one message of the link carries of a body."""

    body: bytes
    more: bool
    """Whether the next piece belongs to the same body."""


class SpoolError(Exception):
    """What waits to be sent cannot be kept; the text is the reason."""


@dataclass
class _Segment:
    file: IO[bytes]
    start: int
    end: int


class Spool:
    """Positions count bytes from the first that was ever appended. Nothing is left of the files
    when the process ends, however it ends: they have no names."""

    def __init__(
        self,
        folder: str | None = None,
        limit: int = MAX_LINK_SPOOL_BYTES,
        segment: int = 16 * 1024 * 1024,
    ) -> None:
        """In that folder, or in the system's for temporary files. `limit` bounds the bytes on disk,
        headers included. A file has some `segment` bytes and is removed when all of it was
        dropped."""
        self._folder = folder
        self._limit = limit
        self._segment = segment
        self._segments: deque[_Segment] = deque()
        self.end = 0
        """Where the next piece will be."""

    def append(self, piece: Piece) -> None:
        """Raises SpoolError where the limit or the disk has no room."""
        record = _HEADER.pack(len(piece.body), piece.more) + piece.body
        try:
            segment = self._segment_for(len(record))
            written = os.pwrite(segment.file.fileno(), record, segment.end - segment.start)
            if written != len(record):
                raise OSError("no space is left")
        except OSError as error:
            raise SpoolError(f"{self._place} cannot be written: {error}") from error
        segment.end += written
        self.end = segment.end

    def read(self, at: int) -> tuple[Piece, int]:
        """The piece at a position that was not dropped, and the position of the next.

        Raises SpoolError where the disk does not give it back.
        """
        length, more = _HEADER.unpack(self._bytes(at, _HEADER.size))
        at += _HEADER.size
        return Piece(self._bytes(at, length), more), at + length

    def after(self, at: int) -> tuple[int, int]:
        """The length of the piece at a position, and the position of the next; raises as `read`."""
        length, _ = _HEADER.unpack(self._bytes(at, _HEADER.size))
        return length, at + _HEADER.size + length

    def drop(self, before: int) -> None:
        """Frees the files that hold nothing from `before` on."""
        while self._segments and self._segments[0].end <= before:
            self._segments.popleft().file.close()

    def close(self) -> None:
        self.drop(self.end)

    @property
    def _place(self) -> str:
        return f"a file in {self._folder or 'the folder of temporary files'}"

    def _segment_for(self, size: int) -> _Segment:
        begin = self._segments[0].start if self._segments else self.end
        if self.end + size - begin > self._limit:
            raise SpoolError(f"more than {self._limit:,} bytes wait to be sent")
        if not self._segments or self.end - self._segments[-1].start >= self._segment:
            file = tempfile.TemporaryFile(dir=self._folder, buffering=0)  # noqa: SIM115
            self._segments.append(_Segment(file, self.end, self.end))
        return self._segments[-1]

    def _bytes(self, at: int, length: int) -> bytes:
        segment = next(each for each in self._segments if at <= each.end - length)
        try:
            data = os.pread(segment.file.fileno(), length, at - segment.start)
            if len(data) != length:
                raise OSError("its end is missing")
        except OSError as error:
            raise SpoolError(f"{self._place} cannot be read: {error}") from error
        return data
