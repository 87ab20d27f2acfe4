"""Counts in bins of equal width on a logarithmic axis: what a distribution is drawn from.

Needs no numpy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

PER_OCTAVE = 32
"""Bins from a duration to twice that: each is 2.2 % wide."""


def bin_of(ns: float) -> int:
    """The bin of a duration; that of 1 ns is 0, and nothing lies below it."""
    return max(0, math.floor(math.log2(max(ns, 1.0)) * PER_OCTAVE + 1e-9))


def edge_ns(number: float) -> float:
    """Where a bin begins."""
    return math.pow(2.0, number / PER_OCTAVE)


class LogBins(msgspec.Struct, frozen=True, array_like=True):
    """The values from the first bin that has any to the last; those above 1 h are not counted."""

    first: int = 0
    """The number of the first bin; that of `counts[0]`."""
    counts: tuple[int, ...] = ()

    @property
    def total(self) -> int:
        return sum(self.counts)

    @property
    def end(self) -> int:
        """The number after that of the last bin."""
        return self.first + len(self.counts)


def rebinned(bins: LogBins, start: int, each: int, columns: int) -> list[int]:
    """The counts of `columns` neighbouring groups of `each` bins, of which the first begins at bin
    `start`; exact, since no bin is divided."""
    counts: Sequence[int] = bins.counts
    sums = []
    for column in range(columns):
        low = start + column * each - bins.first
        sums.append(sum(counts[max(0, low) : max(0, low + each)]))
    return sums


def share_below(bins: LogBins, ns: float) -> float:
    """The share of the values below a duration, those of its bin taken to lie evenly in it."""
    if not bins.counts:
        return 0.0
    at = math.log2(max(ns, 1.0)) * PER_OCTAVE - bins.first
    whole = min(max(0, math.floor(at)), len(bins.counts))
    below = float(sum(bins.counts[:whole]))
    if 0 <= at < len(bins.counts):
        below += bins.counts[whole] * (at - whole)
    return below / bins.total


def share_between(bins: LogBins, low_ns: float, high_ns: float) -> float:
    """The share of the values between two durations."""
    return max(0.0, share_below(bins, high_ns) - share_below(bins, low_ns))
