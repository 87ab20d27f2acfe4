"""Do the times of a run grow from its beginning to its end?

Work that grows with the number of operations, such as a list that each one goes through, makes each
operation slower than the one before, and a percentile of the whole run then says how long the run
was. It is seen by the medians of twelve equal parts of a run: nearly each is above all that were
before it (Kendall's tau, Biometrika 30, 1938), each third of the run is above the one before, and
the last third is above the first by LEAST.

The rank correlation knows neither the shape of the growth nor the size of the noise, but takes
parts for independent. What is slow comes in bursts, which last: of runs whose times do not grow, in
which the logarithms of neighbouring intervals are correlated by 0.9, fewer than one in a hundred
are said to grow, whatever the spread (0.4 % of those with 30 intervals, 0.1 % with 100;
tests/unit/stats/test_growth.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise
from statistics import median
from typing import NamedTuple

LEAST = 1.3
"""By what factor the last third is above the first. A list that each operation goes through makes
that 1.5 in a run of 3 s after a warm-up of 1 s, and more in longer ones."""
MIN_VALUES = 24
"""Two in each part."""
_PARTS = 12
_TAU = 0.85


class Growth(NamedTuple):
    """What is usual in the first third, and in the last."""

    first: float
    last: float


def growth_of(values: Sequence[float]) -> Growth | None:
    """How the values grew, which are in order of time; None where they are not known to grow."""
    if len(values) < MIN_VALUES:
        return None
    first, middle, last = (median(part) for part in _cut(values, 3))
    if not (first < middle < last and last >= LEAST * first):
        return None
    levels = [median(part) for part in _cut(values, _PARTS)]
    signs = [(later > sooner) - (later < sooner) for sooner, later in combinations(levels, 2)]
    return Growth(first, last) if sum(signs) >= _TAU * len(signs) else None


def _cut(values: Sequence[float], parts: int) -> list[Sequence[float]]:
    """In parts that are as equal as can be."""
    edges = [len(values) * part // parts for part in range(parts + 1)]
    return [values[start:end] for start, end in pairwise(edges)]
