"""How far a share, a mean or a rate of a run may lie from the truth, from how it varies in time.

All of these are ratios of sums: operations over a limit to operations, their times to their
number, their number to seconds. A run is cut into 30 contiguous blocks, and the ratios of the
blocks show how much the whole varies, whatever depends on what within a block (batch means; Law and
Kelton, Simulation Modeling and Analysis, 1982, 8.3; the error of a ratio: Cochran, Sampling
Techniques, 1977, 2.11).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import msgspec
import numpy as np
from numpy.typing import NDArray

from cortex_tui.stats.below import Counted
from cortex_tui.stats.buckets import HIGHEST_NS, Ints, index_of
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.interval_histogram import IntervalHistogram

BLOCKS = 30
MIN_BLOCKS = 10
"""With fewer, their spread is hardly known."""
_NEAR_SHARES = (0.5, 1.0, 2.0, 4.0)
"""The dependence is looked for at these multiples of the allowed share, too. Where by luck little
is over the limit, it cannot be seen there; and a run in which it is not seen is the one that luck
made look good. Simulated, that halves the wrong verdicts (tests/performance/target_verdicts.py)."""
_MOST_SHARE = 0.5

Floats = NDArray[np.float64]


class Spread(msgspec.Struct, frozen=True):
    """How a ratio varied: its standard error, and from how many blocks that is known."""

    error: float
    blocks: int
    deff: float = 1.0
    """Of a share: by what factor its variance exceeds that of independent operations."""


def spread_of_ratio(
    numerators: Floats, denominators: Floats, *, steered: bool = False
) -> Spread | None:
    """That of the sum of numerators over the sum of denominators, one of each for an interval, in
    order of time; None with fewer than MIN_BLOCKS intervals.

    Where the load is `steered`, it changes by itself during the run, and blocks differ for that
    reason, too. Then what neighbours differ by counts (von Neumann, "Distribution of the ratio of
    the mean square successive difference to the variance", Ann. Math. Statist. 12, 1941), which
    tells as much as two thirds of the blocks would.
    """
    if numerators.size < MIN_BLOCKS:
        return None
    above, below = _blocks(numerators), _blocks(denominators)
    whole = float(below.sum())
    if not whole:
        return None
    count = below.size
    if steered:
        above, below = above[below > 0], below[below > 0]
        weights = np.sqrt(below[1:] * below[:-1] / 2)
        rest = np.diff(above / below) * weights
    else:
        rest = above - below * (float(above.sum()) / whole)
    error = math.sqrt(count / (count - 1) * float(rest @ rest)) / whole
    return Spread(error, count * 2 // 3 if steered else count)


def spread_of_share(over: Floats, counts: Floats, *, steered: bool = False) -> Spread | None:
    """That of the share of operations that are `over`, with its deff."""
    found = spread_of_ratio(over, counts, steered=steered)
    if found is None:
        return None
    count = float(counts.sum())
    share = float(over.sum()) / count
    if not 0 < share < 1:
        return found
    deff = found.error**2 * count / (share * (1 - share))
    return Spread(found.error, found.blocks, max(1.0, deff))


def spread_beyond(
    pooled: Histogram,
    intervals: Iterable[IntervalHistogram] | Counted,
    missing: Callable[[], Floats],
    limit_ns: int,
    allowed: float,
    *,
    steered: bool = False,
) -> Spread | None:
    """That of the share of operations from `limit_ns` on, where `allowed` of them may be.

    `intervals` are gone over once. `missing` is asked afterwards how many operations of each have
    no time: they are beyond any limit. The deff is the greatest of those at the limit and at times
    beyond which about the allowed share lies.
    """
    limits = limits_beyond(pooled, limit_ns, allowed)
    below = IntervalHistogram.below(intervals, limits)
    ended = below.totals + below.overflows
    untimed = missing()
    beyond, counts = ended[:, None] - below.counts, untimed + ended
    spreads = [spread_of_share(column + untimed, counts, steered=steered) for column in beyond.T]
    known = [each for each in spreads if each is not None]
    if not known:
        return None
    return msgspec.structs.replace(known[0], deff=max(each.deff for each in known))


def limits_beyond(pooled: Histogram, limit_ns: int, allowed: float) -> Ints:
    """The buckets below which `spread_beyond` counts the values of each interval."""
    shares = [min(each * allowed, _MOST_SHARE) for each in _NEAR_SHARES]
    ranks = [max(1, round((1 - share) * pooled.total)) for share in shares]
    near = [value + 1 for value in pooled.values_at(ranks)] if pooled.total else []
    return np.array([index_of(min(ns, HIGHEST_NS)) for ns in (limit_ns, *near)])


def _blocks(values: Floats) -> Floats:
    """The sums of contiguous blocks, which are as equal in length as can be."""
    count = min(BLOCKS, values.size)
    sums: Floats = np.add.reduceat(values, np.arange(count) * values.size // count)
    return sums
