"""Where a series of sessions changed its level: change points, and what the newest values say.

Candidates come from E-divisive means (Matteson and James, "A nonparametric approach for multiple
change point analysis of multivariate data", Journal of the American Statistical Association 109,
2014; arXiv 1306.4933), which finds the split that sets two parts apart most, part by part. Whether
a split counts is decided by Student's t between neighbouring segments, as in Fleming et al.,
"Hunter: using change point detection to hunt for performance regressions" (arXiv 2301.03034):
candidates are taken generously, and those that are weak are dropped, the weakest first, until all
that remain are strong. Unlike a permutation test that is deterministic.

Two things are added. Values that depend on the one before tell less than independent ones, so the
t is that of as many independent values as they are worth (an autoregressive process of first
order). And single values far from their neighbours are drawn in, so that they do not hide a change.
Measured on simulated series of 100 sessions with noise of 3 %: without a change, a false one was
found in 2.6 of 100 series where sessions are independent, in 3.4 with heavy tails, in 4.7 where one
session in 25 lies 35 % off, and in 11 where neighbours correlate by 0.5 (62 without the first of
the two). A step of 5 % was found within 5 sessions of its place in 95, 99, 90 (51 without the
second) and 70 %; one of 10 %, three sessions after it, in 85, 91, 63 and 45 %.

Values are logarithms, so that a step of 5 % is the same wherever it begins. Nothing here reads a
clock or a store.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import msgspec
import numpy as np
from numpy.typing import NDArray

from cortex_tui.stats.beta import t_two_sided

WINDOW = 50
"""How many values are looked at together; windows overlap by half."""
WEAK = 0.01
"""The probability below which a split is a candidate."""
STRONG = 0.001
"""The one below which it stays a change."""
LEAST = 3
"""Values that a level must have lasted, so that a single outlier is no change."""
NEWEST = 0.01
"""How improbable the newest values must be at the level before them to be worth a word."""

_FAR = 3.0
"""Robust standard deviations from the median of its neighbours: what lies beyond is drawn in."""
_NEIGHBOURS = 3
_LEAST_BEFORE_NEWEST = 5
_MOST_DEPENDENT = 0.9

_Values = NDArray[np.float64]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A step between two levels."""

    at: int
    """The place of the first value after it."""
    before: float
    """The level before, as a geometric mean of values; so is `after`."""
    after: float
    p: float
    """How probable a step as great is where there is none."""

    @property
    def ratio(self) -> float:
        return self.after / self.before


class Newest(msgspec.Struct, frozen=True, kw_only=True):
    """The last values lie off their level, and are too few to be a change."""

    count: int
    ratio: float
    """Their geometric mean over the level before."""


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """What a series looks like."""

    changes: tuple[Change, ...] = ()
    levels: tuple[float, ...] = ()
    """The level of each segment: one more than changes; none for an empty series."""
    newest: Newest | None = None


def shape_of(values: Sequence[float], tolerance: float) -> Shape:
    """The changes of a series of positive values, oldest first, and what its end looks like.

    `tolerance` is the ratio less 1 up to which a step does not matter. ValueError for a value that
    has no logarithm.
    """
    if not all(0 < value < math.inf for value in values):
        raise ValueError("expected values above 0")
    if not values:
        return Shape()
    logs = np.log(np.asarray(values, dtype=np.float64))
    drawn_in = _drawn_in(logs)
    least = math.log1p(tolerance)
    cuts = _strong(drawn_in, _candidates(drawn_in), least)
    bounds = [0, *cuts, len(logs)]
    newest = _newest(logs[bounds[-2] :], drawn_in[bounds[-2] :], least)
    # What is off its level says nothing about it.
    bounds[-1] -= newest.count if newest else 0
    means = [float(drawn_in[a:b].mean()) for a, b in pairwise(bounds)]
    dependence = _dependence(drawn_in, cuts)
    return Shape(
        changes=tuple(
            Change(
                at=cut,
                before=math.exp(means[number]),
                after=math.exp(means[number + 1]),
                p=_p_of(
                    drawn_in[bounds[number] : cut], drawn_in[cut : bounds[number + 2]], dependence
                ),
            )
            for number, cut in enumerate(cuts)
        ),
        levels=tuple(map(math.exp, means)),
        newest=newest,
    )


def _drawn_in(values: _Values) -> _Values:
    """Hampel's filter: what lies far from the median of its neighbours is moved to _FAR from it.

    The first and last LEAST values stay: they may be a level of their own.
    """
    count = len(values)
    if count <= 2 * LEAST:
        return values
    medians = np.array(
        [np.median(values[max(0, at - _NEIGHBOURS) : at + _NEIGHBOURS + 1]) for at in range(count)]
    )
    reach = _FAR * 1.4826 * float(np.median(np.abs(values - medians)))
    nearer = np.clip(values, medians - reach, medians + reach)
    nearer[:LEAST], nearer[-LEAST:] = values[:LEAST], values[-LEAST:]
    return nearer


def _candidates(values: _Values) -> list[int]:
    """The places of all splits that are at least weak, in any of the windows."""
    found: set[int] = set()
    for first in range(0, max(1, len(values) - WINDOW // 2), WINDOW // 2):
        parts = [(first, min(first + WINDOW, len(values)))]
        while parts:
            low, high = parts.pop()
            split = _best_split(values[low:high])
            if split and _p_of(values[low : low + split], values[low + split : high]) < WEAK:
                found.add(low + split)
                parts += [(low, low + split), (low + split, high)]
    return sorted(found)


def _best_split(values: _Values) -> int:
    """Where the two parts have the greatest energy distance, scaled; 0 where there is no room.

    With m and n values in the parts: m n / (m + n) times the mean distance between the parts,
    twice, less the mean distances within each.
    """
    count = len(values)
    if count < 2 * LEAST:
        return 0
    sums = np.zeros((count + 1, count + 1))
    sums[1:, 1:] = np.abs(values[:, None] - values[None, :]).cumsum(0).cumsum(1)
    m = np.arange(LEAST, count - LEAST + 1)
    n = count - m
    within = sums[m, m]
    between = sums[m, count] - within
    beyond = sums[count, count] - 2 * between - within
    distance = 2 * between / (m * n) - within / (m * (m - 1)) - beyond / (n * (n - 1))
    return int(m[np.argmax(m * n / (m + n) * distance)])


def _strong(values: _Values, cuts: list[int], least: float) -> list[int]:
    """Those that are left when the weakest is dropped again and again until all are strong, great
    enough, and lasted."""
    while cuts:
        dependence = _dependence(values, cuts)
        bounds = [0, *cuts, len(values)]
        weakness = []
        for number, cut in enumerate(cuts):
            before, after = values[bounds[number] : cut], values[cut : bounds[number + 2]]
            if not _lasting(before, after):
                weakness.append(2.0)
            elif abs(float(after.mean() - before.mean())) <= least:
                weakness.append(1.0)
            else:
                weakness.append(_p_of(before, after, dependence))
        weakest = max(range(len(cuts)), key=weakness.__getitem__)
        if weakness[weakest] < STRONG:
            break
        cuts = [*cuts[:weakest], *cuts[weakest + 1 :]]
    return cuts


def _lasting(before: _Values, after: _Values) -> bool:
    """Whether LEAST values of each part lie on its side of the middle between both: two that are
    far off must not carry a third with them."""
    middle = (before.mean() + after.mean()) / 2
    rises = after.mean() > before.mean()
    sides = (int(((before < middle) == rises).sum()), int(((after > middle) == rises).sum()))
    return min(sides) >= LEAST


def _dependence(values: _Values, cuts: Sequence[int]) -> float:
    """The correlation of a value with the one before it, once the levels are taken off; 0 for a
    negative one."""
    rests = [part - part.mean() for part in np.split(values, cuts)]
    whole = sum(float((rest * rest).sum()) for rest in rests)
    together = sum(float((rest[1:] * rest[:-1]).sum()) for rest in rests)
    return min(max(0.0, together / whole), _MOST_DEPENDENT) if whole > 0 else 0.0


def _p_of(before: _Values, after: _Values, dependence: float = 0.0) -> float:
    """Student's t of two parts with one variance, two-sided.

    With a correlation r between neighbours, n values are worth n (1 - r) / (1 + r).
    """
    m, n = len(before), len(after)
    squares = float(((before - before.mean()) ** 2).sum() + ((after - after.mean()) ** 2).sum())
    worth = (1 - dependence) / (1 + dependence)
    variance = squares / (m + n - 2) * (1 / m + 1 / n) / worth
    step = float(after.mean() - before.mean())
    if variance <= 1e-24:
        return 0.0 if abs(step) > 1e-12 else 1.0
    return t_two_sided(step / math.sqrt(variance), max(1.0, (m + n - 2) * worth))


def _newest(values: _Values, drawn_in: _Values, least: float) -> Newest | None:
    """Whether the last one or two of a segment lie where values of its level hardly ever do."""
    for count in range(LEAST - 1, 0, -1):
        level, last = drawn_in[:-count], values[-count:]
        if len(level) < _LEAST_BEFORE_NEWEST:
            continue
        off = last - level.mean()
        # Of the one that is nearest to the level, so that each of them is off, to the same side.
        nearest = float(off[np.argmin(np.abs(off))])
        if abs(nearest) <= least or (off > 0).any() != (off > 0).all():
            continue
        error = float(level.std(ddof=1)) * math.sqrt(1 + 1 / len(level))
        if error <= 1e-12 or t_two_sided(nearest / error, len(level) - 1) < NEWEST:
            return Newest(count=count, ratio=math.exp(float(off.mean())))
    return None
