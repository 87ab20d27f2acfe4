"""A histogram in numbers: the few that move on a screen, and all of them for a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from cortex_tui.stats.percentiles import SHOWN, samples_needed

if TYPE_CHECKING:
    from cortex_tui.stats.histogram import Histogram

_NAMES = tuple(SHOWN)
_QUANTILES = tuple(SHOWN.values())
_NEEDED = {name: samples_needed(quantile) for name, quantile in SHOWN.items()}


class LiveSummary(msgspec.Struct, frozen=True):
    """What changes several times a second; a percentile is None while samples are too few."""

    percentiles_ns: dict[str, int | None]
    samples_missing: dict[str, int]
    """For each percentile that is None: how many more samples it needs."""
    max_ns: int | None


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is said about a histogram. Durations in ns."""

    count: int
    overflow: int
    min_ns: int | None
    mean_ns: float | None
    stddev_ns: float | None
    """Of the sample (n - 1)."""
    median_ns: int | None
    iqr_ns: int | None
    outliers: int | None
    """How many lie above p75 + 1.5 iqr; None where p75 is."""
    percentiles_ns: dict[str, int | None]
    samples_missing: dict[str, int]
    max_ns: int | None
    histogram: str
    """HdrHistogram V2 text."""


def summarise_live(histogram: Histogram) -> LiveSummary:
    """Costs microseconds: nothing is encoded."""
    percentiles_ns = dict(zip(_NAMES, histogram.percentiles(_QUANTILES), strict=True))
    total = histogram.total
    missing = {name: needed - total for name, needed in _NEEDED.items() if needed > total}
    return LiveSummary(percentiles_ns | dict.fromkeys(missing), missing, histogram.max_ns)


def summarise(histogram: Histogram) -> Summary | None:
    """The whole summary; None for a histogram that never had a value."""
    if not histogram.total and not histogram.overflow:
        return None
    live = summarise_live(histogram)
    p75 = live.percentiles_ns["p75"]
    iqr_ns = outliers = None
    if p75 is not None:
        (p25,) = histogram.percentiles((0.25,))
        iqr_ns = p75 - (p25 or 0)
        outliers = histogram.count_above(p75 + iqr_ns * 3 // 2)
    return Summary(
        count=histogram.total,
        overflow=histogram.overflow,
        min_ns=histogram.min_ns,
        mean_ns=histogram.mean_ns,
        stddev_ns=histogram.stddev_ns,
        median_ns=live.percentiles_ns["p50"],
        iqr_ns=iqr_ns,
        outliers=outliers,
        percentiles_ns=live.percentiles_ns,
        samples_missing=live.samples_missing,
        max_ns=live.max_ns,
        histogram=histogram.encode_text(),
    )


def as_document(summary: Summary) -> dict[str, Any]:
    """The summary as the session document has it, JSON-ready."""
    return {
        "min": summary.min_ns,
        "mean": summary.mean_ns,
        "stddev": summary.stddev_ns,
        "median": summary.median_ns,
        "iqr": summary.iqr_ns,
        "outliers": summary.outliers,
        **summary.percentiles_ns,
        "max": summary.max_ns,
        "count": summary.count,
        "overflow": summary.overflow,
        "samples_missing": summary.samples_missing,
        "histogram": summary.histogram,
    }
