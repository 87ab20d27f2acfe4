"""The intervals of one run as screens read them: frozen, in order of time, exact when merged."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from cortex_tui.protocol.messages import Health
from cortex_tui.stats.measured import Subject
from cortex_tui.store.records import MarkRecord

if TYPE_CHECKING:
    from cortex_tui.stats.histogram import Histogram, IntervalHistogram


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
    drain: bool
    """Whether anything of it ended after the window in which operations were started."""
    health: Health

    def times(self, subject: Subject) -> IntervalHistogram:
        """Those of a subject."""
        found: IntervalHistogram = getattr(self, subject)
        return found


def _from_ns(part: IntervalSlice) -> int:
    return part.from_ns


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
    slices: tuple[IntervalSlice, ...] = ()
    """Those in which anything happened; an interval without a message is missing."""
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
        first = bisect_left(self.slices, window.from_ns - half, key=_from_ns)
        last = bisect_left(self.slices, window.until_ns - half, key=_from_ns)
        return msgspec.structs.replace(self, slices=self.slices[first:last])

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
