"""The latencies of a run in rows of equal ratio, and how many operations are in each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cortex_tui.results.time_columns import TimeColumn
from cortex_tui.stats.buckets import HIGHEST_NS, Ints, index_of, lowest_of
from cortex_tui.stats.interval_histogram import IntervalHistogram

_LOW_QUANTILE = 0.01
_LEAST_RATIO = 2.0
"""Of the upper to the lower end, so that noise does not fill the height."""


class LatencyRows(NamedTuple):
    """The rows, from below: equal steps of the logarithm of latency. What lies below the lowest or
    above the uppermost counts there."""

    low_ns: int
    high_ns: int
    borders: tuple[int, ...]
    """Between two rows: the first bucket of the upper one."""

    @property
    def number(self) -> int:
        return len(self.borders) + 1

    def counts_of(self, times: IntervalHistogram) -> Ints:
        """How many values are in each row."""
        counts = np.zeros(self.number, np.int64)
        if times.total:
            rows = np.searchsorted(self.borders, times.indices, side="right")
            np.add.at(counts, rows, times.counts)
        counts[-1] += times.overflow
        return counts

    def row_of(self, value_ns: int) -> int:
        """The row that a value is in."""
        bucket = index_of(max(0, min(value_ns, HIGHEST_NS)))
        return int(np.searchsorted(self.borders, bucket, side="right"))

    def bounds_ns(self, row: int) -> tuple[int, int]:
        """The values at the lower and the upper border of a row."""
        low = lowest_of(self.borders[row - 1]) if row else self.low_ns
        high = lowest_of(self.borders[row]) if row < len(self.borders) else self.high_ns
        return low, high


def latency_rows(low_ns: int, high_ns: int, rows: int) -> LatencyRows:
    """`rows` rows between two latencies."""
    ratio = high_ns / max(1, low_ns)
    borders = (max(1, low_ns) * ratio ** (row / rows) for row in range(1, rows))
    return LatencyRows(low_ns, high_ns, tuple(index_of(min(int(ns), HIGHEST_NS)) for ns in borders))


class LatencyBounds:
    """As `bounds_of_times`, of the columns of one run at a time: while it is measured, only new
    columns are added to those that were there before."""

    def __init__(self) -> None:
        self._settled: tuple[TimeColumn | None, ...] = ()
        self._times = IntervalHistogram.together(())

    def of(self, columns: Sequence[TimeColumn | None]) -> tuple[int, int] | None:
        # The last one changes with each interval.
        settled, newest = tuple(columns[:-1]), _times_of(columns[-1:])
        known = len(self._settled)
        if settled[:known] != self._settled:
            self._times, known = IntervalHistogram.together(()), 0
        if fresh := _times_of(settled[known:]):
            self._times = IntervalHistogram.together([self._times, *fresh])
        self._settled = settled
        return bounds_of_times([self._times, *newest])


def _times_of(columns: Sequence[TimeColumn | None]) -> list[IntervalHistogram]:
    return [column.times for column in columns if column is not None]


def bounds_of_times(parts: Sequence[IntervalHistogram]) -> tuple[int, int] | None:
    """The 1 % quantile and the maximum of all parts: an outlier is always in sight, and the fastest
    few take no room. None without values."""
    times = IntervalHistogram.together(parts)
    low, high = times.percentile(_LOW_QUANTILE), times.moments.max_ns
    if high is None:
        return None
    high = max(high, 2)
    return max(1, min(low or 1, int(high / _LEAST_RATIO))), high
