"""The values of a histogram in ascending order, as they were at one moment."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cortex_tui.stats.buckets import HIGHEST_BY_INDEX, AnyInts, Ints
from cortex_tui.stats.moments import Moments

MAX_NINES = 5.0
"""How far a percentile curve goes at most: 5 nines are p99.999."""


class Ordered(NamedTuple):
    """Stays what it is, whatever becomes of the histogram, so that any thread may read it."""

    first: int
    """The first bucket with a value."""
    cumulative: NDArray[np.signedinteger[Any]]
    """For each bucket from there to the last with one: how many values lie in it or below. To be
    read only; of 32 bits each where those hold them all."""
    moments: Moments

    @staticmethod
    def of(first: int, counts: Ints, moments: Moments) -> Ordered:
        """`counts` are those of the buckets from the first with a value to the last."""
        dtype = np.int32 if moments.count < 1 << 31 else np.int64
        return Ordered(first, counts.cumsum(dtype=dtype), moments)

    @property
    def total(self) -> int:
        """Values counted; those longer than 1 h are not among them."""
        return self.moments.count

    def values_at(self, ranks: Sequence[int] | AnyInts) -> list[int]:
        """The value of each rank, the smallest value having rank 1, or less; as
        `Histogram.percentiles` has it."""
        # Of another type, all that is searched would be converted.
        wanted = np.asarray(ranks, self.cumulative.dtype)
        values = HIGHEST_BY_INDEX[self.cumulative.searchsorted(wanted) + self.first].tolist()
        low_ns, high_ns = self.moments.min_ns or 0, self.moments.max_ns or 0
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
