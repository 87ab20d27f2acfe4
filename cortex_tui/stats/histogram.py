"""Histograms of durations: 1 ns to 1 h at 3 digits, filled from raw buffers with numpy.

`Histogram` is a whole run's: dense, mutable. `IntervalHistogram` is an interval's: sparse,
immutable, cheap to keep by the thousand. Both count bit for bit as `HdrHistogram.record_value`
does. Neither is locked: a histogram belongs to one thread.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from cortex_tui.stats import codec
from cortex_tui.stats.buckets import (
    HIGHEST_BY_INDEX,
    HIGHEST_NS,
    SIZE,
    AnyInts,
    Ints,
    RawValues,
    count_values,
    highest_of,
    index_of,
    lowest_of,
)
from cortex_tui.stats.moments import EMPTY, Moments, clamped, merged

MAX_NINES = 5.0
"""How far a percentile curve goes at most: 5 nines are p99.999."""
_NO_INTS: Ints = np.zeros(0, np.int64)
_COUNT_TYPES: dict[int, type[np.integer[Any]]] = {1: np.uint8, 2: np.uint16, 8: np.int64}
"""By how many bytes each count of an interval takes."""
_INDEX_BYTES = 2
"""Of the number of a bucket."""
_PORTION = 1 << 15
"""Buckets of several histograms that are counted or encoded at once; more no longer fit into the
processor's caches."""


class Histogram:
    """All values of a run so far.

    `total`, `mean_ns` and `stddev_ns` speak of the values up to 1 h; longer ones are counted in
    `overflow` alone. `min_ns` and `max_ns` are exact and include those too.
    """

    __slots__ = ("_counts", "_cumulative", "_first", "_is_changed", "_known", "_last", "_moments")

    def __init__(self) -> None:
        self._counts = _zeros()
        self._moments = EMPTY
        self._first = SIZE
        self._last = -1
        self._cumulative: Ints = _NO_INTS
        """Made once for all that is read of the histogram between two changes, and in the same
        memory each time: a new array of 80 kB takes longer than what is written into it."""
        self._is_changed = True
        self._known: dict[tuple[float, ...], list[int | None]] = {}
        """The percentiles that were asked for, as long as moments and counts stay what they are."""

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

    def copy(self) -> Histogram:
        """An independent histogram of the same values."""
        twin = Histogram()
        twin.add(self)
        return twin

    def _reach(self, first: int, last: int) -> None:
        self._first = min(self._first, first)
        self._last = max(self._last, last)
        self._is_changed = True

    def _take(self, moments: Moments) -> None:
        self._moments = merged(self._moments, moments)
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
        wanted = tuple(quantiles)
        if (known := self._known.get(wanted)) is None:
            known = self._known[wanted] = self._percentiles(_percents(wanted))
        return known.copy()

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
        """The value of each rank, the smallest value having rank 1, or less; as `percentiles` has
        it."""
        first, cumulative = self.cumulative()
        values = HIGHEST_BY_INDEX[cumulative.searchsorted(ranks) + first].tolist()
        low_ns, high_ns = self._moments.min_ns or 0, self._moments.max_ns or 0
        # In Python: numpy's clip takes 4 us, whatever the length.
        return [
            low_ns if value < low_ns else high_ns if value > high_ns else value for value in values
        ]

    def curve(self, points: int = 60) -> list[tuple[float, int]]:
        """The percentile curve: pairs of nines (2.0 is p99) and ns, evenly spaced in nines.

        It ends where one value is left beyond, at most at MAX_NINES; empty without values.
        """
        if not self.total or points < 1:
            return []
        end = min(math.log10(self.total), MAX_NINES)
        step = end / (points - 1) if points > 1 and end else 0.0
        nines = step * np.arange(points if step else 1)
        ranks = np.rint(self.total * (1 - 10.0**-nines)).astype(np.int64)
        return list(zip(nines.tolist(), self.values_at(ranks), strict=True))

    def cumulative(self) -> tuple[int, Ints]:
        """The first bucket with a value, and for each from there to the last how many values lie
        in it or below: to be read only, and before the histogram changes."""
        if self._is_changed:
            part = self._counts[self._first : self._last + 1]
            if self._cumulative.size != part.size:
                self._cumulative = np.empty(part.size, np.int64)
            part.cumsum(out=self._cumulative)
            self._is_changed = False
        return self._first, self._cumulative

    def count_above(self, limit_ns: int) -> int:
        """How many values lie in buckets above that of `limit_ns`, or overflowed."""
        first, cumulative = self.cumulative()
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
            interval.add_to(histogram)
        if moments is not None:
            _check_count(histogram.total, moments)
            histogram._moments = moments
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
        histogram._moments = moments
        _check_count(int(counts.sum()), moments)
        return histogram

    @staticmethod
    def decode(data: bytes | str, moments: Moments | None = None) -> Histogram:
        """A histogram from its encoding and the moments that were kept with it.

        Without moments they are estimated from the buckets. Raises codec.HistogramFormatError, a
        ValueError, for anything that is no such histogram, and for moments of another one.
        """
        return Histogram.of_intervals((IntervalHistogram.decode(data, moments),))


class IntervalHistogram(msgspec.Struct, frozen=True, array_like=True, eq=False, gc=False):
    """The values of one interval: the buckets that hold any, in order, and how many each.

    Immutable. There are tens of thousands of them in a long session, so they are kept as bytes, of
    the smallest integers that hold what is in them. Those are also what a file of this process has
    of them, so that reading one takes next to nothing.
    """

    moments: Moments
    packed_indices: bytes
    """16 bits each."""
    packed_counts: bytes
    """Of one width in _COUNT_TYPES."""

    @staticmethod
    def of_buckets(indices: AnyInts, counts: AnyInts, moments: Moments) -> IntervalHistogram:
        """The buckets in ascending order, each with how many values it holds."""
        # No bucket holds more than all of them together.
        most = moments.count if moments.count < 1 << 8 else int(counts.max(initial=0))
        size = 1 if most < 1 << 8 else 2 if most < 1 << 16 else 8
        return IntervalHistogram(
            moments,
            indices.astype(np.uint16).tobytes(),
            counts.astype(_COUNT_TYPES[size]).tobytes(),
        )

    @property
    def size(self) -> int:
        """How many buckets hold any."""
        return len(self.packed_indices) // _INDEX_BYTES

    @property
    def _indices(self) -> NDArray[np.uint16]:
        return np.frombuffer(self.packed_indices, np.uint16)

    @property
    def _counts(self) -> AnyInts:
        width = len(self.packed_counts) // (self.size or 1)
        return np.frombuffer(self.packed_counts, _COUNT_TYPES.get(width, np.uint8))

    @property
    def indices(self) -> Ints:
        """Of the buckets."""
        return self._indices.astype(np.int64)

    @property
    def counts(self) -> Ints:
        """Of the values in each of them."""
        return self._counts.astype(np.int64)

    @staticmethod
    def of(*buffers: RawValues) -> IntervalHistogram:
        """Counts raw values, as `Histogram.fold` does."""
        raw = buffers[0] if len(buffers) == 1 else b"".join(bytes(b) for b in buffers)
        first, counts, moments = count_values(raw)
        return IntervalHistogram.from_dense(counts, first, moments)

    @staticmethod
    def from_dense(counts: Ints, first: int, moments: Moments) -> IntervalHistogram:
        """From the counts of consecutive buckets, of which `first` is the first."""
        # Of booleans nonzero takes a third of the time.
        occupied = counts.astype(np.bool_).nonzero()[0]
        return IntervalHistogram.of_buckets(occupied + first, counts[occupied], moments)

    @property
    def total(self) -> int:
        """Values counted; those longer than 1 h are not among them."""
        return self.moments.count

    @property
    def overflow(self) -> int:
        """Values longer than 1 h."""
        return self.moments.overflow

    @staticmethod
    def together(parts: Sequence[IntervalHistogram]) -> IntervalHistogram:
        """The values of all parts."""
        filled = [part for part in parts if part.total]
        moments = EMPTY
        for part in parts:
            moments = merged(moments, part.moments)
        if len(filled) < 2:
            one = filled[0] if filled else parts[0] if parts else IntervalHistogram.of(b"")
            return IntervalHistogram(moments, one.packed_indices, one.packed_counts)
        arrays = [(part._indices, part._counts) for part in filled]
        first = min(int(indices[0]) for indices, _ in arrays)
        last = max(int(indices[-1]) for indices, _ in arrays)
        dense = np.zeros(last - first + 1, np.int64)
        for indices, counts in arrays:
            dense[indices - first] += counts
        return IntervalHistogram.from_dense(dense, first, moments)

    def merge(self, other: IntervalHistogram) -> IntervalHistogram:
        """The values of both."""
        return IntervalHistogram.together((self, other))

    def add_to(self, histogram: Histogram) -> None:
        """Counts the values in a run's histogram as well."""
        if self.total:
            indices = self._indices
            histogram._counts[indices] += self._counts
            histogram._reach(int(indices[0]), int(indices[-1]))
        if self.total or self.overflow:
            histogram._take(self.moments)

    def percentile(self, quantile: float) -> int | None:
        """As `Histogram.percentiles`, for one quantile above 0."""
        if not self.total:
            return None
        rank = max(int(round(100 * quantile, 9) * self.total / 100 + 0.5), 1)
        below = self._counts.cumsum(dtype=np.int64)
        bucket = int(self._indices[below.searchsorted(rank)])
        return clamped(highest_of(bucket), self.moments)

    @staticmethod
    def below(histograms: Sequence[IntervalHistogram], buckets: Ints) -> Ints:
        """For each histogram (row) and each of these buckets (column): how many of its values lie
        in the buckets before it."""
        order = buckets.argsort()
        # Of one type with what is searched, nothing has to be converted.
        borders = buckets[order].astype(np.uint16)
        counted = [_counted(part, borders) for part in _portions(histograms)]
        found = np.zeros((len(histograms), buckets.size), np.int64)
        if counted:
            found[:, order] = np.concatenate(counted)
        return found

    def encode(self) -> bytes:
        """The V2 encoding, compressed; moments and overflow are not part of it."""
        return IntervalHistogram.encode_each([self])[0]

    @staticmethod
    def encode_each(histograms: Sequence[IntervalHistogram]) -> list[bytes]:
        """The encoding of each of them; a few microseconds each, if they are many."""
        blobs: list[bytes] = []
        for part in _portions(histograms):
            blobs += codec.encode_each([(each._indices, each._counts) for each in part])
        return blobs

    @staticmethod
    def decode(data: bytes | str, moments: Moments | None = None) -> IntervalHistogram:
        """As `Histogram.decode`."""
        indices, counts = codec.decode(data)
        total = int(counts.sum())
        if moments is None:
            moments = _estimated(indices, counts, total)
        else:
            _check_count(total, moments)
        return IntervalHistogram.of_buckets(indices, counts, moments)


def _zeros() -> Ints:
    """Counts for all buckets, for which the system gives memory where there are values: mostly to
    a few of 66 pages. numpy's zeros lie in memory that was used before, and are written."""
    return np.frombuffer(mmap(-1, SIZE * 8, flags=MAP_PRIVATE | MAP_ANONYMOUS), np.int64)


@lru_cache(maxsize=64)
def _percents(quantiles: tuple[float, ...]) -> tuple[float, ...]:
    # Rounded, because 100 * 0.57 is 56.99999999999999.
    return tuple(min(round(100 * quantile, 9), 100.0) for quantile in quantiles)


def _portions(histograms: Sequence[IntervalHistogram]) -> Iterator[list[IntervalHistogram]]:
    """In order, as many at a time as have _PORTION buckets together."""
    portion: list[IntervalHistogram] = []
    size = 0
    for each in histograms:
        portion.append(each)
        size += each.size
        if size >= _PORTION:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def _counted(histograms: Sequence[IntervalHistogram], borders: NDArray[np.uint16]) -> Ints:
    """`IntervalHistogram.below` for ascending borders."""
    cells = borders.size + 1
    sizes = [each.size for each in histograms]
    indices = np.frombuffer(b"".join([each.packed_indices for each in histograms]), np.uint16)
    if all(len(each.packed_counts) == size for each, size in zip(histograms, sizes, strict=True)):
        counts: AnyInts = np.frombuffer(
            b"".join([each.packed_counts for each in histograms]), np.uint8
        )
    else:
        counts = np.concatenate([each._counts for each in histograms])
    rows = np.repeat(np.arange(len(histograms)), sizes)
    at = rows * cells + borders.searchsorted(indices, side="right")
    # Weights are doubles, which count exactly up to 2**53.
    table = np.bincount(at, counts, len(histograms) * cells).reshape(-1, cells)
    found: Ints = table.cumsum(axis=1)[:, :-1].astype(np.int64)
    return found


def _check_count(total: int, moments: Moments) -> None:
    if moments.count != total:
        raise codec.HistogramFormatError(
            f"a histogram of {total:,} values where {moments.count:,} were recorded with it"
        )


def _estimated(indices: Ints, counts: Ints, total: int) -> Moments:
    """Moments as if each value lay in the middle of its bucket."""
    if not total:
        return EMPTY
    lowest = [lowest_of(index) for index in indices.tolist()]
    highest = HIGHEST_BY_INDEX[indices].tolist()
    middle = (np.array(lowest, np.float64) + np.array(highest, np.float64)) / 2
    mean = float(np.average(middle, weights=counts))
    m2 = float(np.dot(counts, (middle - mean) ** 2))
    return Moments(total, mean, m2, lowest[0], min(highest[-1], HIGHEST_NS))
