"""What there is to see of one profile on both sides: more than a table of statistics shows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from cortex_tui.analysis.arms import Arm, Round, in_step
from cortex_tui.analysis.evidence import Floor, Side, log_value
from cortex_tui.analysis.paired import paired_percentile
from cortex_tui.analysis.shift import FEWEST_ROUNDS, Shift, shift_of
from cortex_tui.analysis.unpaired import own_error
from cortex_tui.stats.beta import t_critical
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.percentiles import SAMPLES_BEYOND, SHOWN, quantile_of, samples_missing

CURVE_POINTS = 100
_LOCAL = ("p50", "p90", "p95", "p99", "p99.9")
"""The percentiles of a side of which its own error is drawn."""


class OwnBar(NamedTuple):
    """The 95 % confidence interval of a percentile, from within its own side."""

    nines: float
    low_ns: float
    high_ns: float


class SideCurve(NamedTuple):
    """The percentile curve of one side, of all its rounds together."""

    points: tuple[tuple[float, int], ...] = ()
    """Pairs of nines (2.0 is p99) and ns."""
    sure: float = 0.0
    """Up to how many nines SAMPLES_BEYOND values lie beyond."""
    max_ns: int = 0
    bars: tuple[OwnBar, ...] = ()
    few_rounds: bool = False
    """Whether there are no bars since the side has several rounds, but fewer than FEWEST_ROUNDS."""


class LetterValue(NamedTuple):
    """Between which values the middle of a side lies: all but `share` of it, half at either end."""

    share: float
    low_ns: int
    high_ns: int


class SideShape(NamedTuple):
    """A side as one line: its letter values, and percentiles that lie beyond."""

    median_ns: int
    boxes: tuple[LetterValue, ...]
    """From the quarters outwards, as far as SAMPLES_BEYOND values lie beyond each end."""
    percentiles: dict[str, int]
    """p50, p95 and p99, where there are enough values."""


class RoundPoint(NamedTuple):
    """One statistic in one round; ns, None where a side lacks the round or has too few values."""

    number: int
    order: str
    """`AB` where A was measured first, `BA`, or "" where only one side was measured then."""
    a_ns: int | None
    b_ns: int | None
    difference: float | None = None
    """The logarithm of B / A, where the sides were measured in turns."""


class RoundSeries(NamedTuple):
    """A statistic round by round, in the order in which rounds were measured."""

    statistic: str
    points: tuple[RoundPoint, ...] = ()
    mean: float | None = None
    """Of the differences."""
    pooled: bool = False
    """Whether single rounds have too few operations: differences are then those of all rounds
    together, as far as each round contributes (pseudo-values of the jackknife)."""


class CloseUp(NamedTuple):
    """All of it."""

    shift: Shift
    a: SideCurve
    b: SideCurve
    rounds: RoundSeries
    sides: Mapping[str, SideShape | None] = {}
    """Of every side that is compared, by its name."""


def close_up_of(
    a: Arm, b: Arm, statistic: str, *, paired: bool, floors: Mapping[str, Floor] | None = None
) -> CloseUp:
    """What there is to see of two sides; `statistic` is the percentile whose rounds are shown."""
    return CloseUp(
        shift_of(a, b, paired=paired, floors=floors),
        curve_of(a),
        curve_of(b),
        _paired_rounds(a, b, statistic) if paired else _rounds(a, b, statistic),
    )


def curve_of(arm: Arm) -> SideCurve:
    """Of all rounds together, with the errors that they show of themselves."""
    side = Side(arm)
    # One alone has errors of its own: from within it, not from how rounds differ.
    few_rounds = 1 < len(side.rounds) < FEWEST_ROUNDS
    bars = []
    for name in () if few_rounds else _LOCAL:
        quantile = SHOWN[name]
        own = own_error(side, name, quantile)
        if own is None or samples_missing(quantile, side.pooled.total):
            continue
        half = t_critical(0.05, min(own.degrees, 10_000.0)) * own.error
        middle = log_value(side.pooled, quantile)
        nines = -math.log10(1 - quantile)
        bars.append(OwnBar(nines, math.exp(middle - half), math.exp(min(middle + half, 50.0))))
    times = side.pooled
    sure = math.log10(max(1.0, times.total / SAMPLES_BEYOND))
    points = tuple(times.curve(CURVE_POINTS))
    return SideCurve(points, sure, times.max_ns or 0, tuple(bars), few_rounds)


def shape_of(arm: Arm | None) -> SideShape | None:
    """None where nothing was measured.

    Letter values after Hofmann, Wickham and Kafadar ("Letter-value plots: boxplots for large data",
    Journal of Computational and Graphical Statistics 26, 2017).
    """
    times = Histogram() if arm is None else Side(arm).pooled
    if not times.total:
        return None
    boxes = []
    tail = 0.25
    while times.total * tail >= SAMPLES_BEYOND:
        low, high = times.percentiles((tail, 1 - tail))
        boxes.append(LetterValue(2 * tail, low or 0, high or 0))
        tail /= 2
    names = ("p50", "p95", "p99")
    values = times.percentiles([SHOWN[name] for name in names])
    known = {
        name: value or 0
        for name, value in zip(names, values, strict=True)
        if not samples_missing(SHOWN[name], times.total)
    }
    return SideShape(times.percentiles((0.5,))[0] or 0, tuple(boxes), known)


def _paired_rounds(a: Arm, b: Arm, statistic: str) -> RoundSeries:
    one, other = in_step(a, b)
    quantile = quantile_of(statistic)
    left, right = Side(one), Side(other)
    found = paired_percentile(left, right, quantile)
    points = []
    for at, (mine, theirs) in enumerate(zip(one.rounds, other.rounds, strict=True)):
        points.append(
            RoundPoint(
                mine.number,
                "AB" if mine.run < theirs.run else "BA",
                _value(mine, quantile),
                _value(theirs, quantile),
                found.series[at] if found.series else None,
            )
        )
    each = left.has_each(quantile) and right.has_each(quantile)
    return RoundSeries(statistic, tuple(points), found.difference, pooled=not each)


def _rounds(a: Arm, b: Arm, statistic: str) -> RoundSeries:
    """Of two sessions: A's rounds, then B's."""
    quantile = quantile_of(statistic)
    points = [
        *(RoundPoint(each.number, "", _value(each, quantile), None) for each in a.rounds),
        *(RoundPoint(each.number, "", None, _value(each, quantile)) for each in b.rounds),
    ]
    return RoundSeries(statistic, tuple(points))


def _value(one: Round, quantile: float) -> int | None:
    (value,) = one.times.percentiles((quantile,))
    return value
