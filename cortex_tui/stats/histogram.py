"""Histograms of durations: 1 ns to 1 h at 3 digits, filled from raw buffers with numpy.

`Histogram` is a whole run's: dense, mutable. `IntervalHistogram` (in its own module) is an
interval's: sparse, immutable. Both count bit for bit as `HdrHistogram.record_value` does. Neither
is locked: a histogram belongs to one thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap

import numpy as np

from cortex_tui.stats import codec
from cortex_tui.stats.buckets import (
    HIGHEST_NS,
    SIZE,
    Ints,
    RawValues,
    count_values,
    index_of,
    lowest_of,
)
from cortex_tui.stats.interval_histogram import IntervalHistogram, check_count
from cortex_tui.stats.moments import EMPTY, Moments, clamped, merged
from cortex_tui.stats.ordered import Ordered


class Histogram:
    """All values of a run so far.

    `total`, `mean_ns` and `stddev_ns` speak of the values up to 1 h; longer ones are counted in
    `overflow` alone. `min_ns` and `max_ns` are exact and include those too.
    """

    __slots__ = ("_counts", "_first", "_known", "_last", "_moments", "_ordered")

    def __init__(self) -> None:
        self._counts = _zeros()
        self._moments = EMPTY
        self._first = SIZE
        self._last = -1
        self._ordered: Ordered | None = None
        """Made once for all that is read of the histogram between two changes."""
        self._known: dict[float, int | None] = {}
        """The percentiles that were asked for, by quantile, as long as moments and counts stay what
        they are: one is asked for by several, on its own and among others."""

    def fold(self, raw: RawValues) -> None:
        """Counts raw values: signed 64-bit integers, in ns.

        Negative values count as 0. Raises ValueError if the buffer does not hold whole values.
        """
        first, counts, moments = count_values(raw)
        if counts.size:
            self._counts[first : first + counts.size] += counts
            self._reach(first, first + counts.size - 1)
        self._take(moments)

    def add(self, other: Histogram) -> None:
        """Counts the values of another one as well."""
        if other.total:
            part = slice(other._first, other._last + 1)
            self._counts[part] += other._counts[part]
            self._reach(other._first, other._last)
        self._take(other._moments)

    def add_interval(self, interval: IntervalHistogram) -> None:
        """Counts the values of an interval as well."""
        indices, counts, moments = interval.indices, interval.counts, interval.moments
        if moments.count:
            self._counts[indices] += counts
            self._reach(int(indices[0]), int(indices[-1]))
        if moments.count or moments.overflow:
            self._take(moments)

    def copy(self) -> Histogram:
        """An independent histogram of the same values."""
        twin = Histogram()
        twin.add(self)
        return twin

    def _reach(self, first: int, last: int) -> None:
        self._first = min(self._first, first)
        self._last = max(self._last, last)

    def _take(self, moments: Moments) -> None:
        self._set(merged(self._moments, moments))

    def _set(self, moments: Moments) -> None:
        """The moments of what was counted since they were set last, and before."""
        self._moments, self._ordered = moments, None
        self._known.clear()

    @property
    def moments(self) -> Moments:
        return self._moments

    @property
    def total(self) -> int:
        """Values counted; those longer than 1 h are not among them."""
        return self._moments.count

    @property
    def overflow(self) -> int:
        """Values longer than 1 h."""
        return self._moments.overflow

    @property
    def min_ns(self) -> int | None:
        return self._moments.min_ns

    @property
    def max_ns(self) -> int | None:
        return self._moments.max_ns

    @property
    def mean_ns(self) -> float | None:
        return self._moments.mean_ns if self._moments.count else None

    @property
    def stddev_ns(self) -> float | None:
        """The sample standard deviation (n - 1); None below two values."""
        return self._moments.stddev_ns

    def percentiles(self, quantiles: Sequence[float]) -> list[int | None]:
        """The value at each quantile (0.99 for p99), None while there are no values.

        The greatest value of the bucket that the quantile falls into (for 0, the smallest), as
        `HdrHistogram.get_value_at_percentile(100 * quantile)` has it, but never beyond the
        smallest and greatest value that were recorded.
        """
        known = self._known
        if missing := [quantile for quantile in quantiles if quantile not in known]:
            percents = _percents(tuple(missing))
            known.update(zip(missing, self._percentiles(percents), strict=True))
        return [known[quantile] for quantile in quantiles]

    def _percentiles(self, percents: tuple[float, ...]) -> list[int | None]:
        total = self.total
        if not total:
            return [None] * len(percents)
        values: list[int | None] = []
        values += self.values_at([int(percent * total / 100 + 0.5) for percent in percents])
        if 0.0 in percents:
            least = clamped(lowest_of(self._first), self._moments)
            values = [
                value if percent else least for percent, value in zip(percents, values, strict=True)
            ]
        return values

    def values_at(self, ranks: Sequence[int] | Ints) -> list[int]:
        """As `Ordered.values_at`."""
        return self.ordered().values_at(ranks)

    def curve(self, points: int = 60) -> list[tuple[float, int]]:
        """As `Ordered.curve`."""
        return self.ordered().curve(points)

    def ordered(self) -> Ordered:
        """The values as they are now."""
        if self._ordered is None:
            counts = self._counts[self._first : self._last + 1]
            self._ordered = Ordered.of(self._first, counts, self._moments)
        return self._ordered

    def count_above(self, limit_ns: int) -> int:
        """How many values lie in buckets above that of `limit_ns`, or overflowed."""
        first, cumulative, _ = self.ordered()
        at = index_of(max(0, min(limit_ns, HIGHEST_NS))) - first
        last = cumulative.size - 1
        below = int(cumulative[min(at, last)]) if at >= 0 and last >= 0 else 0
        return self.total - below + self.overflow

    def count_at_least(self, limit_ns: int) -> int:
        """How many values lie in the bucket of `limit_ns` or above, or overflowed."""
        within = int(self._counts[index_of(limit_ns)]) if 0 <= limit_ns <= HIGHEST_NS else 0
        return within + self.count_above(limit_ns)

    def encode(self) -> bytes:
        """The V2 encoding, compressed; moments and overflow are not part of it."""
        occupied = self._first + self._counts[self._first : self._last + 1].nonzero()[0]
        return codec.encode_each([(occupied, self._counts[occupied])])[0]

    def encode_text(self) -> str:
        """The same as text, which begins with HISTF and every HdrHistogram library reads."""
        return codec.to_text(self.encode())

    @staticmethod
    def of_intervals(
        intervals: Iterable[IntervalHistogram], moments: Moments | None = None
    ) -> Histogram:
        """The values of all intervals, with the `moments` that the whole was recorded with.

        Those are the better ones: merged again, in another order, they differ in the last digits.
        Raises codec.HistogramFormatError where they are of another number of values.
        """
        histogram = Histogram()
        for interval in intervals:
            histogram.add_interval(interval)
        if moments is not None:
            check_count(histogram.total, moments)
            histogram._set(moments)
        return histogram

    @staticmethod
    def of_encoded(blobs: Sequence[bytes], moments: Moments) -> Histogram:
        """The values of several encoded histograms, with the `moments` of all of them.

        Raises codec.HistogramFormatError as `decode` does.
        """
        histogram = Histogram()
        counts = codec.decode_sum(blobs)
        occupied = counts.nonzero()[0]
        if occupied.size:
            histogram._counts = counts
            histogram._reach(int(occupied[0]), int(occupied[-1]))
        histogram._set(moments)
        check_count(int(counts.sum()), moments)
        return histogram

    @staticmethod
    def decode(data: bytes | str, moments: Moments | None = None) -> Histogram:
        """A histogram from its encoding and the moments that were kept with it.

        Without moments they are estimated from the buckets. Raises codec.HistogramFormatError, a
        ValueError, for anything that is no such histogram, and for moments of another one.
        """
        return Histogram.of_intervals((IntervalHistogram.decode(data, moments),))


def _zeros() -> Ints:
    """Counts for all buckets, for which the system gives memory where there are values: mostly to
    a few of 66 pages. numpy's zeros lie in memory that was used before, and are written."""
    return np.frombuffer(mmap(-1, SIZE * 8, flags=MAP_PRIVATE | MAP_ANONYMOUS), np.int64)


@lru_cache(maxsize=64)
def _percents(quantiles: tuple[float, ...]) -> tuple[float, ...]:
    # Rounded, because 100 * 0.57 is 56.99999999999999.
    return tuple(min(round(100 * quantile, 9), 100.0) for quantile in quantiles)
