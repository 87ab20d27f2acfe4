"""Series of single values a run, one an interval: the trend on the screen, and warm-up settling."""

from __future__ import annotations

from collections import deque

from cortex_tui.stats.histogram import IntervalHistogram
from cortex_tui.stats.settling import Settling

TREND_INTERVALS = 60


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
