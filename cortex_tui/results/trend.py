"""Series of single values a run, one an interval: the trend on the screen, and warm-up settling."""

from __future__ import annotations

from collections import deque

from cortex_tui.stats.changepoint import settled
from cortex_tui.stats.histogram import IntervalHistogram

TREND_INTERVALS = 60
_MAX_MEDIANS = 1_200


class Trend:
    """The p99 of the last intervals."""

    def __init__(self) -> None:
        self._last = -1
        self._p99s: deque[tuple[int, int]] = deque(maxlen=TREND_INTERVALS)

    def add(self, index: int, times: IntervalHistogram) -> None:
        self._last = max(self._last, index)
        p99_ns = times.percentile(0.99)
        if p99_ns is not None:
            self._p99s.append((index, p99_ns))

    def values(self) -> tuple[int | None, ...]:
        """Oldest first; None for an interval in which nothing ended."""
        if self._last < 0:
            return ()
        values: dict[int, int] = {}
        for index, p99_ns in self._p99s:
            values[index] = max(p99_ns, values.get(index, 0))
        first = max(0, self._last + 1 - TREND_INTERVALS)
        return tuple(values.get(index) for index in range(first, self._last + 1))


class Settling:
    """The medians of the intervals of a warm-up that goes on until they do not change any more."""

    def __init__(self) -> None:
        self.settled = False
        """Whether they had settled once: later noise does not take that back."""
        self._medians: deque[int] = deque(maxlen=_MAX_MEDIANS)
        self._index = -1
        self._times = IntervalHistogram.of(b"")

    def __len__(self) -> int:
        return len(self._medians)

    def add(self, index: int, times: IntervalHistogram) -> None:
        """Takes in an interval, or a further part of the last one."""
        if index == self._index:
            times = self._times.merge(times)
        median_ns = times.percentile(0.5)
        if median_ns is None:
            return
        if index == self._index:
            self._medians.pop()
        self._index, self._times = index, times
        self._medians.append(median_ns)
        self.settled = self.settled or settled(tuple(self._medians))
