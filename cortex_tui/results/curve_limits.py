"""How far a percentile curve can be trusted, and which targets are limits to it. No numpy."""

from __future__ import annotations

import math
from typing import NamedTuple

from cortex_tui.results.run_result import RunResult
from cortex_tui.stats.percentiles import SAMPLES_BEYOND, parse_percentile
from cortex_tui.stats.statistics import DURATION
from cortex_tui.stats.targets import TargetResult, parse_target


class CurveLimit(NamedTuple):
    """A target on a percentile, or on the maximum, of what a curve shows."""

    text: str
    limit_ns: float
    nines: float
    """Where it is meant for: -log10(1 - quantile), infinite for the maximum."""
    result: TargetResult


def sure_nines(total: int) -> float:
    """The nines up to which SAMPLES_BEYOND of that number of values lie beyond."""
    return math.log10(max(total, 1) / SAMPLES_BEYOND)


def limits_of(run: RunResult) -> tuple[CurveLimit, ...]:
    """Those of its headline time and, where that is response, of its service time."""
    return tuple(limit for each in run.targets if (limit := _limit(each, run)) is not None)


def _limit(result: TargetResult, run: RunResult) -> CurveLimit | None:
    target = parse_target(result.target)
    if target.unit != DURATION or target.subject not in (None, run.profile.headline, "service"):
        return None
    if target.statistic == "max":
        return CurveLimit(target.text, target.limit, math.inf, result)
    quantile = 0.5 if target.statistic == "median" else parse_percentile(target.statistic)
    if quantile is None:
        return None
    return CurveLimit(target.text, target.limit, -math.log10(1 - quantile), result)
