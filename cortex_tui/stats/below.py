"""How many values of each of several histograms lie below some buckets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cortex_tui.stats.buckets import Ints


class Below(NamedTuple):
    """What several histograms have in the buckets below some, and in all; a row for each."""

    counts: Ints
    """A column for each of the buckets that were asked for."""
    totals: Ints
    """Of all buckets: values longer than 1 h are not among them."""
    overflows: Ints
    """How many of those there are."""


class Counted:
    """Stands for histograms that were gone over once for several questions, where one of these is
    asked: what is below other buckets is not known."""

    def __init__(self, buckets: Ints, below: Below) -> None:
        """The buckets in ascending order, each once, and what was found below them."""
        self._buckets = buckets
        self._below = below

    def of(self, buckets: Ints) -> Below:
        """As `IntervalHistogram.below`. KeyError where that was not among the questions."""
        at = self._buckets.searchsorted(buckets)
        if not np.array_equal(self._buckets.take(at, mode="clip"), buckets):
            raise KeyError("values below these buckets were not counted")
        counts, totals, overflows = self._below
        return Below(counts[:, at], totals, overflows)

    def in_rows(self, rows: Sequence[int] | Ints, number: int) -> Counted:
        """The same as some of `number` histograms, of which the others are empty."""
        spread = []
        for values in self._below:
            wide = np.zeros((number, *values.shape[1:]), np.int64)
            wide[rows] = values
            spread.append(wide)
        return Counted(self._buckets, Below(*spread))
