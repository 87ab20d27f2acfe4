"""A look over all intervals of a run, for several questions at once."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from cortex_tui.results.interval import Slots, TimeName
from cortex_tui.stats.below import Below, Counted
from cortex_tui.stats.buckets import Ints
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.stats.measured import Subject
from cortex_tui.stats.slowest_intervals import Slice

Floats = NDArray[np.float64]
Asked = Mapping[TimeName, Sequence[Ints]]
"""By time, the buckets below which values are to be counted, question by question."""

_AT_ONCE_BYTES = 1 << 16
"""Of histograms whose values are counted together: there are never all of them at once."""
_NO_BUCKETS: Ints = np.zeros(0, np.int64)


_COUNTS = (
    "number", "succeeded", "overflow", "failed", "unstarted", "drained", "failed_in_batches",
)  # fmt: skip
"""Of one interval: its number, and operations by what became of them. Of batches that are timed as
one, `succeeded` and `overflow` are of batches; the others are of operations."""
_COLUMNS = len(_COUNTS) + len(Slice._fields)
"""Behind those it has the fields of a slice."""


class Look:
    """Goes over the intervals once: to read them from their file takes as long as to count their
    values."""

    def __init__(self, slots: Slots, headline: TimeName, *asked: Asked) -> None:
        self._counted = {
            name: _Counting([each for other in asked for each in other.get(name, ())])
            for name in dict.fromkeys(name for each in asked for name in each)
        }
        counting = tuple(self._counted.items())
        # Doubles: numbers that another process has sent may be too large for integers of 64 bits.
        facts = array("d")
        waiting = 0
        for number, interval in slots:
            service, health = interval.service.moments, interval.health
            facts.extend(
                (
                    number,
                    service.count,
                    service.overflow,
                    sum(interval.errors.values()) if interval.errors else 0,
                    interval.unstarted,
                    interval.drained,
                    interval.failed_in_batches,
                    getattr(interval, headline).moments.max_ns or 0,
                    health.gc_pauses,
                    health.gc_pause_ns,
                    health.loop_lag_ns,
                    health.involuntary_switches,
                    health.steal_ns,
                    health.foreign_ns,
                    health.wall_ns,
                )
            )
            for name, counted in counting:
                waiting += counted.take(getattr(interval, name))
            if waiting >= _AT_ONCE_BYTES:
                waiting = 0
                for _, counted in counting:
                    counted.count()
        table: Floats = np.frombuffer(facts, np.float64).reshape(-1, _COLUMNS)
        self._counts: Floats = table[:, : len(_COUNTS)].T
        slices = table[:, len(_COUNTS) :]
        # An interval in which nothing ended is neither slow nor fast.
        self.slices: Floats = slices[slices[:, Slice._fields.index("slowest_ns")] > 0]
        """A row for each interval in which anything ended, with the fields of a slice."""

    @property
    def count(self) -> int:
        """From the first interval to the last, with those between them that are not there."""
        numbers = self.of("number")
        return int(numbers[-1] - numbers[0]) + 1 if numbers.size else 0

    def times(self, name: TimeName) -> Counted:
        """The values of each interval that there is."""
        return self._counted[name].found

    def times_of_all(self, name: TimeName) -> Counted:
        """The same with those between them that are not there, in which nothing ended."""
        numbers = self.of("number").astype(np.int64)
        return self.times(name).in_rows(numbers - numbers[:1], self.count)

    def of(self, name: str) -> Floats:
        """That one of `_COUNTS`, of each interval."""
        column: Floats = self._counts[_COUNTS.index(name)]
        return column

    def without_time(self, subject: Subject) -> Floats:
        """How many operations of each interval have no time, and so are beyond any limit."""
        failed = self.of("failed") - self.of("failed_in_batches")
        return np.zeros(failed.size) if subject == "failure" else failed + self.of("unstarted")


class _Counting:
    """Counts the values of one of the times, some intervals together."""

    def __init__(self, asked: Sequence[Ints]) -> None:
        # Not by `np.unique`, whose first call imports `numpy.ma`: 13 ms, while a run is measured.
        buckets = np.sort(np.concatenate([_NO_BUCKETS, *asked]))
        self._buckets = buckets[np.diff(buckets, prepend=buckets[:1] - 1) > 0]
        self._waiting: list[IntervalHistogram] = []
        self._parts: list[Below] = []

    def take(self, times: IntervalHistogram) -> int:
        """How many bytes it has that wait to be counted."""
        self._waiting.append(times)
        return len(times.packed_indices)

    def count(self) -> None:
        self._parts.append(IntervalHistogram.below(self._waiting, self._buckets))
        self._waiting = []

    @property
    def found(self) -> Counted:
        if self._waiting or not self._parts:
            self.count()
        if len(self._parts) > 1:
            self._parts = [
                Below(*(np.concatenate(each) for each in zip(*self._parts, strict=True)))
            ]
        return Counted(self._buckets, self._parts[0])
