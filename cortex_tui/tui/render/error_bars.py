"""How well percentiles are known: their confidence intervals as bars on a curve."""

from __future__ import annotations

import math
from typing import NamedTuple

from cortex_tui.results.run_result import RunResult


class ErrorBar(NamedTuple):
    """The interval of a percentile; `nines` is -log10(1 - quantile)."""

    nines: float
    low_ns: int
    high_ns: int


def error_bars(run: RunResult) -> tuple[ErrorBar, ...]:
    """One for each percentile that has an interval, lowest first."""
    bars = [
        ErrorBar(-math.log10(1 - float(name[1:]) / 100), low, high)
        for name, (low, high) in run.confidence_ns.items()
    ]
    return tuple(sorted(bars))
