"""Has a series settled? A test for a change anywhere in its newer half.

The test is Pettitt's, "A non-parametric approach to the change-point problem" (Applied Statistics
28, 1979): of all places to cut the series in two, the one where the ranks on either side differ
most. It asks for no distribution and shrugs off single outliers; a slow slope shows as a change in
its middle.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from math import exp
from statistics import median

MIN_VALUES = 20
"""Fewer tell nothing: of ten, only a step without any noise is significant, and a time that falls
off slowly passes for settled."""
SIGNIFICANCE = 0.2
"""Waiting a little longer costs less than measuring what has not settled."""
TOLERANCE = 0.01
"""A change by a smaller share is none to wait for, however surely it is there."""


def settled(values: Sequence[float]) -> bool:
    """Whether the newer half, of MIN_VALUES at least, shows no change that matters.

    So a series has to go on, after its last change, for about as long as that took to come.
    """
    if len(values) < MIN_VALUES:
        return False
    newer = values[-max(MIN_VALUES, -(-len(values) // 2)) :]
    place, chance = change(newer)
    if chance > SIGNIFICANCE:
        return True
    before, after = median(newer[:place]), median(newer[place:])
    return abs(after - before) <= TOLERANCE * abs(median(newer))


def change(values: Sequence[float]) -> tuple[int, float]:
    """Where the series changed most, as the number of values before, and the probability of as
    great a change by mere chance (approximate, 1 at most)."""
    count = len(values)
    # U(t) = 2 * (sum of the first t ranks) - t * (n + 1); equal values share their mean rank.
    sums = accumulate(_ranks(values))
    statistic = [abs(2 * s - t * (count + 1)) for t, s in enumerate(sums, 1)][:-1]
    if not statistic:
        return 0, 1.0
    greatest = max(statistic)
    chance = 2 * exp(-6 * greatest**2 / (count**3 + count**2))
    return statistic.index(greatest) + 1, min(chance, 1.0)


def _ranks(values: Sequence[float]) -> list[float]:
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start + 1
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for place in order[start:end]:
            ranks[place] = (start + 1 + end) / 2
        start = end
    return ranks
