"""The shape of a run's times: its percentile curves, and how many modes they have."""

from __future__ import annotations

from cortex_tui.results.run_result import CurvePoint, RunResult
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.log_bins import Mode
from cortex_tui.stats.modes import modes_of

_HALF_WIDTH = 0.98
"""Of the confidence interval (95 %) of the median of n independent values: that over the root of n,
as a share of all (1.96 standard errors, and sqrt(0.5 * 0.5) each)."""


def curve_of(histogram: Histogram) -> tuple[CurvePoint, ...]:
    """The percentile curve of a histogram."""
    return tuple(CurvePoint(nines, ns) for nines, ns in histogram.curve())


def modes_of_run(run: RunResult) -> tuple[Mode, ...]:
    """The modes of its headline time.

    Operations of one slow moment are not independent. How many independent ones are worth as much
    is read off the confidence interval of the median, where there is one.
    """
    interval = run.confidence_ns.get("p50")
    if interval is None:
        return modes_of(run.bins)
    half = run.bins.share_between(*interval) / 2
    return modes_of(run.bins, (_HALF_WIDTH / half) ** 2 if half else None)
