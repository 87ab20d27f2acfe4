"""Counts in bins of equal width on a logarithmic axis: what a distribution is drawn from.

Needs no numpy.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import msgspec

PER_OCTAVE = 32
"""Bins from a duration to twice that: each is 2.2 % wide."""


def bin_of(ns: float) -> int:
    """The bin of a duration; that of 1 ns is 0, and nothing lies below it."""
    return math.floor(math.log2(max(ns, 1.0)) * PER_OCTAVE + 1e-9)


def edge_ns(number: float) -> float:
    """Where a bin begins."""
    return math.pow(2.0, number / PER_OCTAVE)


class Mode(NamedTuple):
    """One peak of a distribution."""

    at_ns: float
    """The middle of the highest bin."""
    from_ns: float
    """The valleys around it, or the ends of the distribution."""
    until_ns: float
    share: float
    """Of all values: what lies between the valleys."""


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

    def grouped(self, start: int, each: int, groups: int) -> list[int]:
        """The counts of neighbouring groups of `each` bins, of which the first begins at bin
        `start`; exact, since no bin is divided."""
        lows = range(start - self.first, start - self.first + each * groups, each)
        return [sum(self.counts[max(0, low) : max(0, low + each)]) for low in lows]

    def share_below(self, ns: float) -> float:
        """The share of the values below a duration, those of its bin taken to lie evenly in it."""
        if not self.counts:
            return 0.0
        at = math.log2(max(ns, 1.0)) * PER_OCTAVE - self.first
        whole = min(max(0, math.floor(at)), len(self.counts))
        below = float(sum(self.counts[:whole]))
        if 0 <= at < len(self.counts):
            below += self.counts[whole] * (at - whole)
        return below / self.total

    def share_between(self, low_ns: float, high_ns: float) -> float:
        """The share of the values between two durations."""
        return max(0.0, self.share_below(high_ns) - self.share_below(low_ns))
