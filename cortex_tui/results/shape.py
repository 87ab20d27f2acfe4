"""The shape of a run's times: its percentile curves, and how many modes they have."""

from __future__ import annotations

from itertools import starmap

from cortex_tui.results.run_result import CurvePoint, RunResult
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.log_bins import Mode
from cortex_tui.stats.modes import modes_of
from cortex_tui.stats.percentiles import SHOWN

_STANDARD_ERRORS = 1.96
"""Half of a confidence interval (95 %); of a share q of n independent values, the standard error is
sqrt(q (1 - q) / n)."""


def curve_of(histogram: Histogram) -> tuple[CurvePoint, ...]:
    """The percentile curve of a histogram."""
    return tuple(starmap(CurvePoint, histogram.curve()))


def modes_of_run(run: RunResult) -> tuple[Mode, ...]:
    """The modes of its headline time.

    Operations of one slow moment are not independent. How many independent ones are worth as much
    is read off the confidence intervals of percentiles: by the share of operations within them.
    """
    return modes_of(run.bins, _independent(run))


def _independent(run: RunResult) -> list[tuple[float, float]]:
    """For each quantile whose interval is known: how many independent operations would know it as
    well."""
    found = []
    for name, quantile in SHOWN.items():
        if (interval := run.confidence_ns.get(name)) is not None:
            half = max(run.bins.share_between(*interval) / 2, 1e-9)
            found.append((quantile, quantile * (1 - quantile) * (_STANDARD_ERRORS / half) ** 2))
    return found
