"""A histogram in logarithmic bins, for pictures: `log_bins.LogBins` of its values in order."""

from __future__ import annotations

import numpy as np

from cortex_tui.stats.buckets import HIGHEST_NS, Ints, indices_of
from cortex_tui.stats.log_bins import PER_OCTAVE, LogBins, bin_of
from cortex_tui.stats.ordered import Ordered


def _edges() -> tuple[Ints, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """Of the edge between each bin and the one before: the bucket that it lies in, and which part
    of the bucket's width lies below it."""
    edges = np.exp2(np.arange(bin_of(HIGHEST_NS) + 2) / PER_OCTAVE)
    edges[-1] = HIGHEST_NS  # the last bin ends with the last bucket
    whole = np.floor(edges).astype(np.int64)
    width = np.maximum(1, np.exp2(np.floor(np.log2(edges)) - 10))
    return indices_of(whole), (edges - np.floor(edges / width) * width) / width


_BUCKETS, _PARTS = _edges()


def log_bins(values: Ordered) -> LogBins:
    """The bins of all values up to 1 h. Takes 20 µs.

    The values of a bucket that an edge divides are taken to lie evenly in it. So are those of whole
    nanoseconds where bins are narrower: they leave no empty bins between them. Values below 1 ns
    are in the first bin.
    """
    if not values.total:
        return LogBins()
    first, cumulative, _ = values
    last = first + len(cumulative) - 1
    # From the edge at or before the first bucket to the one behind the last.
    low = max(0, int(_BUCKETS.searchsorted(first)) - 1)
    high = int(_BUCKETS.searchsorted(last, side="right")) + 2
    at = _BUCKETS[low:high] - first
    upper = cumulative.take(at, mode="clip") * (at >= 0)
    lower = cumulative.take(at - 1, mode="clip") * (at >= 1)
    below = np.rint(lower + (upper - lower) * _PARTS[low:high]).astype(np.int64)
    below[0], below[-1] = 0, values.total
    counts = below[1:] - below[:-1]
    occupied = counts.nonzero()[0]
    start = int(occupied[0])
    return LogBins(low + start, tuple(counts[start : int(occupied[-1]) + 1].tolist()))
