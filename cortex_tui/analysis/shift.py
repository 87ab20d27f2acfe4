"""Where along the distribution two sides differ: the difference by quantile, with a band.

This is the shift function (Doksum, "Empirical probability plots and statistical inference for
nonlinear models in the two-sample case", Annals of Statistics 2, 1974; Rousselet, Pernet and
Wilcox, "Beyond differences in means", European Journal of Neuroscience 46, 2017), of logarithms, so
that 5 % is the same at each quantile.

A reader looks at all quantiles and at the one that is furthest off, so the band has to hold at all
of them at once. Its reach is the 95 % quantile of the greatest |t| over all quantiles, of rounds
that are drawn anew from a normal distribution with the correlations of those that were measured.
Neighbouring quantiles say nearly the same, so this is less than Bonferroni's. Measured in
simulation at 15 quantiles, 600 comparisons each: from 3 to 20 rounds the whole band was right in 92
to 96 of 100, with heavy tails in the noise too. Rounds that are drawn with replacement, measured
against the one error of all of them, made bands that were right in 56 to 91 of 100: with few rounds
the errors vary too much for that.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from cortex_tui.analysis.arms import Arm, in_step
from cortex_tui.analysis.evidence import Evidence, Floor, Side, log_ratio
from cortex_tui.analysis.paired import paired_percentile
from cortex_tui.analysis.unpaired import unpaired_percentile
from cortex_tui.stats.beta import t_critical
from cortex_tui.stats.percentiles import quantile_of

NAMES = (
    "p5", "p10", "p20", "p25", "p30", "p40", "p50", "p60", "p70", "p75", "p80", "p90", "p95",
    "p97.5", "p99", "p99.5", "p99.9", "p99.95", "p99.99",
)  # fmt: skip
CONFIDENCE = 0.95
FEWEST_ROUNDS = 3
"""For a band: two rounds hardly know how far rounds lie apart."""
_DRAWS = 999
_AT_ONCE = 111
_SEED = 9


class ShiftPoint(NamedTuple):
    """The difference at one quantile, as the natural logarithm of B / A."""

    name: str
    """Such as `p95`."""
    difference: float
    low: float | None = None
    """Of the band; None where there is none."""
    high: float | None = None
    enough: bool = True
    """Whether there are enough operations beyond it for a verdict."""


class Shift(NamedTuple):
    """The differences, from the lowest quantile to the highest."""

    points: tuple[ShiftPoint, ...] = ()
    band: str = ""
    """What the band is, or why there is none."""


def shift_of(a: Arm, b: Arm, *, paired: bool, floors: Mapping[str, Floor] | None = None) -> Shift:
    """The shift of two sides; `floors` are the noise between sessions by statistic."""
    if 0 in (a.batch, b.batch) or a.batch != b.batch:
        return Shift(band="the rounds time batches of different size")
    sides = in_step(a, b) if paired else (a, b)
    one, other = map(Side, sides)
    known: dict[str, Evidence] = {}
    for name in NAMES:
        quantile = quantile_of(name)
        known[name] = (
            paired_percentile(one, other, quantile)
            if paired
            else unpaired_percentile(one, other, name, quantile, (floors or {}).get(name))
        )
    intervals, band = _band(known) if paired else _single_intervals(known)
    points = (_point(name, each, intervals.get(name), one, other) for name, each in known.items())
    return Shift(tuple(point for point in points if point is not None), band)


def reach_of(series: Sequence[Sequence[float]]) -> float:
    """How many standard errors a band has to reach so that all means lie within, with CONFIDENCE.

    `series` are observations: a row for each round, in each a value for every quantile; at least
    two rows. Never less than what a single mean needs.
    """
    values = np.asarray(series, dtype=np.float64)
    rounds = len(values)
    single = t_critical(1 - CONFIDENCE, rounds - 1)
    spread = values.std(axis=0, ddof=1)
    steady = spread > 1e-12
    if not steady.any():
        return single
    unit = (values - values.mean(axis=0))[:, steady] / spread[steady]
    sizes, directions = np.linalg.eigh(unit.T @ unit / (rounds - 1))
    factors = (directions * np.sqrt(np.maximum(sizes, 0.0))).T
    random = np.random.default_rng(_SEED)
    greatest = []
    for _ in range(_DRAWS // _AT_ONCE):
        drawn = random.standard_normal((_AT_ONCE, rounds, len(factors))) @ factors
        errors = np.maximum(drawn.std(axis=1, ddof=1), 1e-12) / math.sqrt(rounds)
        greatest.append(np.abs(drawn.mean(axis=1) / errors).max(axis=1))
    return max(single, float(np.quantile(np.concatenate(greatest), CONFIDENCE)))


_Intervals = dict[str, tuple[float, float]]


def _band(known: Mapping[str, Evidence]) -> tuple[_Intervals, str]:
    """Of rounds that were measured in turns."""
    found = {name: each for name, each in known.items() if each.series}
    rounds = max((len(each.series) for each in found.values()), default=0)
    if rounds < FEWEST_ROUNDS:
        return {}, f"no band: it needs {FEWEST_ROUNDS} rounds or more"
    reach = reach_of(list(zip(*(each.series for each in found.values()), strict=True)))
    intervals = {}
    for name, each in found.items():
        assert each.difference is not None
        half = reach * each.error
        intervals[name] = each.difference - half, each.difference + half
    return intervals, f"95 % for all {len(found)} percentiles at once, from {rounds} rounds"


def _single_intervals(known: Mapping[str, Evidence]) -> tuple[_Intervals, str]:
    """Of two sessions: at the percentiles of which the noise between sessions is known. They hold
    together by Bonferroni's correction, since nothing is known of how that noise correlates."""
    sure = {name: each for name, each in known.items() if math.isfinite(each.error)}
    if not sure:
        enough = [each for each in known.values() if each.difference is not None]
        why = enough[0].lacking if enough else "too few operations"
        return {}, f"no band: {why}"
    confidence = 1 - (1 - CONFIDENCE) / len(sure)
    intervals = {name: found for name, each in sure.items() if (found := each.interval(confidence))}
    names = ", ".join(sure)
    return intervals, f"95 % for {names} together, with the noise between sessions"


def _point(
    name: str, evidence: Evidence, interval: tuple[float, float] | None, a: Side, b: Side
) -> ShiftPoint | None:
    """None where a side has no operation beyond the quantile."""
    if evidence.difference is not None:
        low, high = interval or (None, None)
        return ShiftPoint(name, evidence.difference, low, high)
    quantile = quantile_of(name)
    beyond = min(quantile, 1 - quantile) * min(a.pooled.total, b.pooled.total)
    if beyond < 1:
        return None
    return ShiftPoint(name, log_ratio(a.pooled, quantile, b.pooled), enough=not evidence.lacking)
