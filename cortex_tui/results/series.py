"""The intervals of one run as screens read them: frozen, in order of time, exact when merged."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from cortex_tui.results.interruptions import Interruptions
from cortex_tui.results.slices import FiledSlices, IntervalSlice, SliceGroup
from cortex_tui.stats.measured import Subject
from cortex_tui.store.records import MarkRecord

if TYPE_CHECKING:
    from cortex_tui.stats.histogram import Histogram
    from cortex_tui.stats.interval_histogram import IntervalHistogram


class TimeWindow(NamedTuple):
    """A part of a run, in ns since its measure phase began, pauses left out."""

    from_ns: int
    until_ns: int

    @property
    def middle_ns(self) -> int:
        return (self.from_ns + self.until_ns) // 2

    @property
    def length_ns(self) -> int:
        return self.until_ns - self.from_ns


class RunSeries(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """All intervals of a run up to one moment."""

    run: int
    headline: Subject
    """The times that speak for the run: response in an open load, service in a closed one."""
    batch: int = 1
    """How many operations each value is for."""
    slice_ns: int
    """How long each slice is."""
    end_ns: int
    """How long the run has been measured; what ended later has drained."""
    slices: Sequence[IntervalSlice] = ()
    """Those in which anything happened; an interval without a message is missing. Each may have to
    be read from a file: whoever goes over them several times keeps those that it needs."""
    marks: tuple[MarkRecord, ...] = ()

    @property
    def last_ns(self) -> int:
        """The end of what there is to see: of the window, or of the last slice where operations in
        flight were awaited."""
        return max(self.end_ns, self.slices[-1].until_ns if self.slices else 0)

    def times(self, subject: Subject | None = None) -> Iterator[IntervalHistogram]:
        """The histograms of the slices, of the headline's times where no other are named."""
        name = subject or self.headline
        return (each.times(name) for each in self.slices)

    def within(self, window: TimeWindow) -> RunSeries:
        """The slices whose middle lies in the window; the rest is that of the whole run."""
        half = self.slice_ns // 2
        first, last = self._position(window.from_ns - half), self._position(window.until_ns - half)
        return msgspec.structs.replace(self, slices=self.slices[first:last])

    def _position(self, from_ns: int) -> int:
        """Of the first slice that begins then or later."""
        if isinstance(self.slices, FiledSlices):
            return self.slices.position(from_ns)
        return bisect_left(self.slices, from_ns, key=lambda each: each.from_ns)

    def groups(self, length_ns: int) -> Iterator[SliceGroup]:
        """The slices in parts of that length, a multiple of theirs; parts without any are left out.
        Reads none of them."""
        if isinstance(self.slices, FiledSlices):
            yield from self.slices.groups(length_ns)
            return
        first = 0
        for number, part in groupby(self.slices, lambda each: each.from_ns // length_ns):
            slices = tuple(part)
            yield SliceGroup(number, first, first + len(slices), slices)
            first += len(slices)

    @property
    def interruptions(self) -> Interruptions:
        """Of all slices, without reading any of them, from the first on."""
        if isinstance(self.slices, FiledSlices):
            return self.slices.interruptions
        found = Interruptions()
        for number, each in enumerate(self.slices):
            found.note(number, each.health)
        return found

    def has_passed(self, window: TimeWindow) -> bool:
        """Whether nothing more happens within the window: what is late by an interval is there."""
        return window.until_ns + 2 * self.slice_ns <= self.end_ns

    def merged(self, subject: Subject | None = None, window: TimeWindow | None = None) -> Histogram:
        """The histogram of all slices, or of those within a window: exact, to the bucket."""
        # Brings numpy, which a screen's first frame need not wait for.
        from cortex_tui.stats.histogram import Histogram

        part = self if window is None else self.within(window)
        return Histogram.of_intervals(part.times(subject))

    def snapped(self, window: TimeWindow) -> TimeWindow:
        """The same window with its ends at borders of slices, and at least one slice long."""
        step = max(1, self.slice_ns)
        first = max(0, round(window.from_ns / step))
        last = max(first + 1, round(window.until_ns / step))
        return TimeWindow(first * step, last * step)
