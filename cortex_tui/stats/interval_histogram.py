"""The histogram of an interval: 1 ns to 1 h at 3 digits, sparse, cheap to keep by the thousand."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from cortex_tui.stats import codec
from cortex_tui.stats.below import Below, Counted
from cortex_tui.stats.buckets import (
    HIGHEST_BY_INDEX,
    HIGHEST_NS,
    SIZE,
    AnyInts,
    Ints,
    RawValues,
    count_values,
    highest_of,
    indices_of,
    lowest_of,
)
from cortex_tui.stats.moments import EMPTY, Moments, clamped, merged

_COUNT_TYPES: dict[int, type[np.integer[Any]]] = {1: np.uint8, 2: np.uint16, 8: np.int64}
"""By how many bytes each count of an interval takes."""
_INDEX_BYTES = 2
"""Of the number of a bucket."""
_INDEX_BITS = 8 * _INDEX_BYTES
_VALUE_BYTES = 8
_SHORT = 1 << 8
"""A buffer with fewer values is counted together with others."""
_MANY = 4
"""From as many such buffers on, that takes less time."""
_FEW = 64
"""As many values above the one that is looked for are counted one bucket after the other: with
numpy it takes 5 us, however few they are."""
_PORTION = 1 << 15
"""Buckets of several histograms that are counted or encoded at once; more no longer fit into the
processor's caches."""


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
    def of_each(buffers: Sequence[RawValues]) -> list[IntervalHistogram]:
        """As `of` of each of them: in a third of the time where many are short, which are counted
        at once."""
        short = [at for at, raw in enumerate(buffers) if 0 < len(raw) // _VALUE_BYTES < _SHORT]
        counted: dict[int, IntervalHistogram] = {}
        if len(short) >= _MANY:
            together = _of_short([bytes(buffers[at]) for at in short])
            counted = {at: each for at, each in zip(short, together, strict=True) if each}
        return [counted.get(at) or IntervalHistogram.of(raw) for at, raw in enumerate(buffers)]

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
        indices = _indices_of(filled)
        # Of integers this short numpy sorts by their digits.
        order = indices.argsort(kind="stable")
        indices, counts = indices[order], _counts_of(filled)[order]
        firsts = np.concatenate(([0], (indices[1:] != indices[:-1]).nonzero()[0] + 1))
        sums = np.add.reduceat(counts, firsts, dtype=np.int64)
        return IntervalHistogram.of_buckets(indices[firsts], sums, moments)

    def merge(self, other: IntervalHistogram) -> IntervalHistogram:
        """The values of both."""
        return IntervalHistogram.together((self, other))

    def percentile(self, quantile: float) -> int | None:
        """As `Histogram.percentiles`, for one quantile above 0."""
        if not self.total:
            return None
        rank = max(int(round(100 * quantile, 9) * self.total / 100 + 0.5), 1)
        return clamped(highest_of(self._bucket_of(rank)), self.moments)

    def _bucket_of(self, rank: int) -> int:
        """Of the value of that rank, the smallest having 1."""
        beyond = self.total - rank
        if beyond > _FEW or len(self.packed_counts) != self.size:
            below = self._counts.cumsum(dtype=np.int64)
            return int(self._indices[below.searchsorted(rank)])
        at = self.size
        for count in reversed(self.packed_counts):
            at -= 1
            if beyond < count:
                break
            beyond -= count
        return int.from_bytes(
            self.packed_indices[at * _INDEX_BYTES : (at + 1) * _INDEX_BYTES], sys.byteorder
        )

    @staticmethod
    def below(histograms: Iterable[IntervalHistogram] | Counted, buckets: Ints) -> Below:
        """How many values of each histogram lie in the buckets before each of these. Goes over the
        histograms once, and keeps few of them at a time."""
        if isinstance(histograms, Counted):
            return histograms.of(buckets)
        order = buckets.argsort()
        # Of one type with what is searched, nothing has to be converted.
        borders = buckets[order].astype(np.uint16)
        counted = [np.zeros((0, buckets.size), np.int64)]
        totals: list[int] = []
        overflows: list[int] = []
        for part in _portions(histograms):
            counted.append(_counted(part, borders))
            totals += [each.moments.count for each in part]
            overflows += [each.moments.overflow for each in part]
        table = np.concatenate(counted)
        found = np.empty_like(table)
        found[:, order] = table
        return Below(found, np.array(totals, np.int64), np.array(overflows, np.int64))

    def encode(self) -> bytes:
        """The V2 encoding, compressed; moments and overflow are not part of it."""
        return IntervalHistogram.encode_each([self])[0]

    @staticmethod
    def encode_each(histograms: Sequence[IntervalHistogram]) -> list[bytes]:
        """The encoding of each of them; a few microseconds each, if they are many."""
        blobs: list[bytes] = []
        for part in _portions(histograms):
            sizes = [len(each.packed_indices) // _INDEX_BYTES for each in part]
            blobs += codec.encode_joined(_indices_of(part), _counts_of(part), sizes)
        return blobs

    @staticmethod
    def decode(data: bytes | str, moments: Moments | None = None) -> IntervalHistogram:
        """As `Histogram.decode`."""
        indices, counts = codec.decode(data)
        total = int(counts.sum())
        if moments is None:
            moments = _estimated(indices, counts, total)
        else:
            check_count(total, moments)
        return IntervalHistogram.of_buckets(indices, counts, moments)


def _of_short(raw: Sequence[bytes]) -> list[IntervalHistogram | None]:
    """Of buffers with fewer than _SHORT values each; None for one that cannot be counted so."""
    if any(len(each) % _VALUE_BYTES for each in raw):
        return [None] * len(raw)  # which raises for that one alone
    sizes = [len(each) // _VALUE_BYTES for each in raw]
    values: Ints = np.frombuffer(b"".join(raw), np.int64)
    ends = list(accumulate(sizes))
    starts = [0, *ends[:-1]]
    least_ns = np.minimum.reduceat(values, starts).tolist()
    most_ns = np.maximum.reduceat(values, starts).tolist()
    if min(least_ns) < 0 or max(most_ns) > HIGHEST_NS:
        return [None] * len(raw)  # seldom, as they have to be looked at one by one
    rows = np.repeat(np.arange(len(raw)) << _INDEX_BITS, sizes)
    keys = indices_of(values) + rows
    keys.sort()
    firsts = np.concatenate(([0], (keys[1:] != keys[:-1]).nonzero()[0] + 1))
    # Of fewer than _SHORT, a byte counts any number.
    counts = np.diff(firsts, append=keys.size).astype(np.uint8).tobytes()
    occupied = keys[firsts]
    borders = occupied.searchsorted(np.arange(len(raw) + 1) << _INDEX_BITS).tolist()
    indices = (occupied & ((1 << _INDEX_BITS) - 1)).astype(np.uint16).tobytes()
    real = values.astype(np.float64)
    means_ns = np.add.reduceat(real, starts) / sizes
    real -= np.repeat(means_ns, sizes)
    real *= real
    m2s = np.add.reduceat(real, starts).tolist()
    each = zip(sizes, means_ns.tolist(), m2s, least_ns, most_ns, strict=True)
    return [
        IntervalHistogram(
            Moments(*moments),
            indices[first * _INDEX_BYTES : last * _INDEX_BYTES],
            counts[first:last],
        )
        for moments, first, last in zip(each, borders[:-1], borders[1:], strict=True)
    ]


def _portions(histograms: Iterable[IntervalHistogram]) -> Iterator[list[IntervalHistogram]]:
    """In order, as many at a time as have _PORTION buckets together."""
    portion: list[IntervalHistogram] = []
    size = 0
    for each in histograms:
        portion.append(each)
        size += len(each.packed_indices)
        if size >= _PORTION * _INDEX_BYTES:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def _counted(histograms: Sequence[IntervalHistogram], borders: NDArray[np.uint16]) -> Ints:
    """`IntervalHistogram.below` for ascending borders."""
    cells = borders.size + 1
    sizes = [len(each.packed_indices) // _INDEX_BYTES for each in histograms]
    indices, counts = _indices_of(histograms), _counts_of(histograms)
    # For each bucket how many borders are at or below it: found in a table, of thousands of buckets
    # that takes a tenth of the time of a search for each.
    passed = np.repeat(
        np.arange(cells, dtype=np.uint16),
        np.diff(borders.astype(np.int64).clip(max=SIZE), prepend=0, append=SIZE),
    )
    at = np.repeat(np.arange(len(histograms)) * cells, sizes) + passed[indices]
    # Weights are doubles, which count exactly up to 2**53.
    table = np.bincount(at, counts, len(histograms) * cells).reshape(-1, cells)
    found: Ints = table.cumsum(axis=1)[:, :-1].astype(np.int64)
    return found


def _indices_of(histograms: Sequence[IntervalHistogram]) -> NDArray[np.uint16]:
    """The buckets of each, one histogram after the other."""
    return np.frombuffer(b"".join([each.packed_indices for each in histograms]), np.uint16)


def _counts_of(histograms: Sequence[IntervalHistogram]) -> AnyInts:
    """Those of all buckets of each, one histogram after the other."""
    packed = b"".join([each.packed_counts for each in histograms])
    # No count takes less than a byte, so then each takes one.
    if len(packed) * _INDEX_BYTES == sum([len(each.packed_indices) for each in histograms]):
        return np.frombuffer(packed, np.uint8)
    return np.concatenate([each._counts for each in histograms])


def check_count(total: int, moments: Moments) -> None:
    """Raises codec.HistogramFormatError where a histogram has another number of values."""
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
