"""Series of single values a run, one an interval: the trend on the screen, and warm-up settling."""

from __future__ import annotations

from collections import deque

from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.stats.settling import Settling

TREND_INTERVALS = 60


class Trend:
    """The p99 of the last intervals."""

    def __init__(self) -> None:
        self._last = -1
        """The number of the newest."""
        self._p99s: deque[int | None] = deque(maxlen=TREND_INTERVALS)
        """Of those up to that; of one that came in pieces, the greatest."""

    def add(self, index: int, times: IntervalHistogram) -> None:
        p99_ns = times.percentile(0.99)
        if index > self._last:
            self._p99s.extend([None] * min(index - self._last - 1, TREND_INTERVALS))
            self._p99s.append(p99_ns)
            self._last = index
        elif p99_ns is not None and (back := self._last - index) < len(self._p99s):
            self._p99s[-1 - back] = max(p99_ns, self._p99s[-1 - back] or 0)

    def values(self) -> tuple[int | None, ...]:
        """Oldest first; None for an interval in which nothing ended."""
        return tuple(self._p99s)


class WarmUp:
    """The medians of the intervals of a warm-up that lasts until they change no more."""

    def __init__(self) -> None:
        self._series = Settling()
        self._index = -1
        self._times = IntervalHistogram.of(b"")

    @property
    def settled(self) -> bool:
        return self._series.settled

    def __len__(self) -> int:
        """In how many intervals operations have ended."""
        return len(self._series) + bool(self._times.total)

    def add(self, index: int, times: IntervalHistogram) -> None:
        """Takes in an interval, or a further part of the last one."""
        if index == self._index:
            self._times = self._times.merge(times)
            return
        median_ns = self._times.percentile(0.5)
        if median_ns is not None:
            self._series.add(median_ns)
        self._index, self._times = index, times
