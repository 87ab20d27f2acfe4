"""The intervals of a run as screens read them, in memory or in the session's file of intervals."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, overload

import msgspec

from cortex_tui.protocol.messages import Health
from cortex_tui.results.interruptions import Interruptions
from cortex_tui.stats.measured import Subject

if TYPE_CHECKING:
    from cortex_tui.results.interval import Interval
    from cortex_tui.results.interval_file import IntervalFile, Place
    from cortex_tui.stats.interval_histogram import IntervalHistogram


class IntervalSlice(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What happened in one interval. Two are equal only if they are the same one."""

    from_ns: int
    """Since measure began, pauses left out; so is `until_ns`."""
    until_ns: int
    service: IntervalHistogram
    response: IntervalHistogram
    """As `lateness`, empty for a closed load."""
    lateness: IntervalHistogram
    failure: IntervalHistogram
    errors: dict[str, int]
    unstarted: int
    in_flight: int
    """At the end of the interval; so is `oldest_ns`, the age of the oldest of them."""
    oldest_ns: int
    neighbours: int
    level: float | None
    """The rate a second, or the number of workers, at its end."""
    drained: int = 0
    """Operations that succeeded outside the window: after its end, or by work in pauses."""
    health: Health
    failed_in_batches: int = 0
    """Operations that failed within the values of `service`, where a value is of a batch."""

    def times(self, subject: Subject) -> IntervalHistogram:
        """Those of a subject."""
        found: IntervalHistogram = getattr(self, subject)
        return found

    def succeeded(self, batch: int) -> int:
        """How many operations did, where each value is for as many as a batch has."""
        return self.service.total * batch - self.failed_in_batches

    def in_window(self, batch: int, end_ns: int) -> int:
        """How many of them ended within the window, whose end is at `end_ns`."""
        return self.succeeded(batch) - self.drained if self.from_ns < end_ns else 0


def slice_of(interval: Interval, slot: int, length_ns: int) -> IntervalSlice:
    """What is in an interval now; `slot` is its number, counted in intervals of that length."""
    return IntervalSlice(
        from_ns=slot * length_ns,
        until_ns=(slot + 1) * length_ns,
        service=interval.service,
        response=interval.response,
        lateness=interval.lateness,
        failure=interval.failure,
        errors=dict(interval.errors),
        unstarted=interval.unstarted,
        in_flight=interval.in_flight,
        oldest_ns=interval.oldest_ns,
        neighbours=interval.neighbours,
        level=interval.level,
        drained=interval.drained,
        health=interval.health,
        failed_in_batches=interval.failed_in_batches,
    )


class SliceGroup(NamedTuple):
    """The slices in a part of a run: what was made of them stays right as long as `key` does."""

    number: int
    """Of the part, the first one being 0."""
    first: int
    """The position of its first slice, and `last` of the one behind its last."""
    last: int
    key: object
    """Equal only if the slices are the same."""


class FiledSlices(Sequence[IntervalSlice]):
    """Slices of which some are read from a file each time that they are asked for."""

    def __init__(
        self,
        slots: Sequence[int],
        parts: Sequence[IntervalSlice | Place],
        length_ns: int,
        file: IntervalFile,
        interruptions: Interruptions,
    ) -> None:
        """The numbers of the slices, which are `length_ns` long each; the slices, or their places
        in the file; and what is known without reading them, from the first to the last."""
        self._slots = slots
        self._parts = parts
        self._length_ns = length_ns
        self._file = file
        self.interruptions = interruptions

    def groups(self, length_ns: int) -> Iterator[SliceGroup]:
        """As `series.RunSeries.groups`."""
        each = length_ns // self._length_ns
        first = 0
        while first < len(self._slots):
            number = self._slots[first] // each
            last = bisect_left(self._slots, (number + 1) * each, first)
            # Places are never used again, and a slice in memory is equal to itself alone.
            yield SliceGroup(number, first, last, (self._file, self._parts[first:last]))
            first = last

    def position(self, from_ns: int) -> int:
        """Of the first slice that begins at that moment or later."""
        return bisect_left(self._slots, -(-from_ns // self._length_ns))

    def __len__(self) -> int:
        return len(self._parts)

    def __iter__(self) -> Iterator[IntervalSlice]:
        waiting = [each for each in self._parts if not isinstance(each, IntervalSlice)]
        read = self._file.read_each(waiting)
        for slot, part in zip(self._slots, self._parts, strict=True):
            if isinstance(part, IntervalSlice):
                yield part
            else:
                yield slice_of(next(read), slot, self._length_ns)

    @overload
    def __getitem__(self, index: int) -> IntervalSlice: ...
    @overload
    def __getitem__(self, index: slice) -> FiledSlices: ...
    def __getitem__(self, index: int | slice) -> IntervalSlice | FiledSlices:
        if isinstance(index, slice):
            slots = self._slots[index]
            known = self.interruptions
            if slots:
                known = known.part(slots[0] - self._slots[0], slots[-1] + 1 - self._slots[0])
            return FiledSlices(slots, self._parts[index], self._length_ns, self._file, known)
        part = self._parts[index]
        if isinstance(part, IntervalSlice):
            return part
        return slice_of(self._file.read(part), self._slots[index], self._length_ns)
