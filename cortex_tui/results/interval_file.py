"""A file for intervals that are seldom looked at: memory has only where in it each lies."""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Iterable
from pathlib import Path

import msgspec

from cortex_tui.results.interval import Interval

Place = int
"""Where an interval lies in its file: offset and size in one number."""

_SIZE_BITS = 24
"""An interval has four histograms of 33,792 buckets at most, of ten bytes each."""


class IntervalFile:
    """Of one session, written on one thread, read on any.

    What was written is never changed: a place may be read for as long as anybody has the file. That
    has no name, and ends with the last who has it, at the latest with the process. An interval that
    changes is written again, to another place.
    """

    def __init__(self, folder: Path) -> None:
        """The file is made in that folder when it is first written."""
        self._folder = folder
        self._descriptor: int | None = None
        self._end = 0
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(Interval)

    def write(self, intervals: Iterable[Interval]) -> list[Place]:
        """Where each of them lies from now on. OSError where the disk takes nothing more; then
        nothing was written."""
        descriptor = self._opened()
        records = [self._encoder.encode(each) for each in intervals]
        rest = memoryview(b"".join(records))
        at = self._end
        while rest:
            written = os.pwrite(descriptor, rest, at)
            rest, at = rest[written:], at + written
        places = []
        for record in records:
            places.append(self._end << _SIZE_BITS | len(record))
            self._end += len(record)
        return places

    def _opened(self) -> int:
        if self._descriptor is None:
            self._descriptor, name = tempfile.mkstemp(dir=self._folder)
            weakref.finalize(self, os.close, self._descriptor)
            os.unlink(name)
        return self._descriptor

    def read(self, place: Place) -> Interval:
        """The interval at a place; takes 4 us."""
        size, offset = place & ((1 << _SIZE_BITS) - 1), place >> _SIZE_BITS
        return self._decoder.decode(os.pread(self._opened(), size, offset))
