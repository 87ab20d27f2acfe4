"""A file for intervals that are seldom looked at: memory has only where in it each lies."""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path

import msgspec

from cortex_tui.results.interval import Interval

Place = int
"""Where an interval lies in its file: offset and size in one number."""

_SIZE_BITS = 24
"""An interval has four histograms of 33,792 buckets at most, of ten bytes each."""
_TOGETHER = 1 << 15
"""Bytes that are read in one go at most, where intervals lie next to each other: those of some
eighty, which take a millisecond to be looked at. Runs of one session write sixteen in turns."""


class IntervalFile:
    """Of one session, written on one thread, read on any.

    What was written is never changed: a place may be read for as long as anybody has the file. That
    has no name, and ends with the last who has it, at the latest with the process. An interval that
    changes is written again, to another place.
    """

    def __init__(self, folder: Path, between_reads: Callable[[], object] = lambda: None) -> None:
        """The file is made in that folder when it is first written. `between_reads` is called each
        time that whoever goes over many intervals has looked at as many as take a millisecond, so
        that other threads may continue."""
        self._folder = folder
        self._between_reads = between_reads
        self._descriptor: int | None = None
        self._end = 0
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(Interval)
        self._users = 0

    def next_user(self) -> int:
        """The number of one more who keeps intervals in it, from 0 on: what all of them do now and
        then, each does at a time of its own."""
        self._users += 1
        return self._users - 1

    def give_way(self) -> None:
        """Lets other threads continue, where it was said how."""
        self._between_reads()

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
        (found,) = self.read_each((place,))
        return found

    def read_each(self, parts: Iterable[Interval | Place]) -> Iterator[Interval]:
        """Intervals, of which some are given by their places; takes 1.5 us for each of those that
        were written one after the other."""
        first = end = looked_at = 0
        sizes: list[int] = []
        for part in parts:
            if isinstance(part, Interval):
                yield from self._read(first, sizes)
                sizes = []
                yield part
                continue
            offset, size = part >> _SIZE_BITS, part & ((1 << _SIZE_BITS) - 1)
            if sizes and (offset != end or end - first >= _TOGETHER):
                yield from self._read(first, sizes)
                looked_at += end - first
                sizes = []
                if looked_at >= _TOGETHER:
                    self._between_reads()
                    looked_at = 0
            if not sizes:
                first = offset
            sizes.append(size)
            end = offset + size
        yield from self._read(first, sizes)

    def _read(self, at: int, sizes: Sequence[int]) -> list[Interval]:
        """Intervals that lie one after the other, from an offset on."""
        if not sizes:
            return []
        read = memoryview(os.pread(self._opened(), sum(sizes), at))
        decode, ends = self._decoder.decode, accumulate(sizes)
        return [decode(read[end - size : end]) for size, end in zip(sizes, ends, strict=True)]
