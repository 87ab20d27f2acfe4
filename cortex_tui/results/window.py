"""A run as it was within a window of its time: every number anew from the intervals in it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from cortex_tui.results.blocked import LOOP_BLOCKED_NS, BlockedSlot, Blocks, blocks_of
from cortex_tui.results.run_result import RunResult
from cortex_tui.results.series import RunSeries, TimeWindow
from cortex_tui.results.shape import made_shape_of
from cortex_tui.results.trend import TREND_INTERVALS
from cortex_tui.results.warnings import median_of
from cortex_tui.stats.confidence import MIN_INTERVALS, percentile_bounds
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.stats.measured import SUBJECTS
from cortex_tui.stats.percentiles import SHOWN
from cortex_tui.stats.summary import summarise_live

_NOTHING = IntervalHistogram.of(b"")


def windowed(run: RunResult, series: RunSeries, window: TimeWindow) -> RunResult:
    """The run with the numbers of the intervals whose middle lies in the window.

    Targets, warnings and states stay those of the whole run.
    """
    return msgspec.structs.replace(run, **numbers_within(series, window, sure=True))


def numbers_within(series: RunSeries, window: TimeWindow, *, sure: bool = False) -> dict[str, Any]:
    """Fields of a `RunResult`: percentiles, maximum, mean, counts and the curve, exact for the
    intervals whose middle lies in the window, and everything that would not be of it left out. Rate
    and length are those of the same intervals, so the window counts from their first to their last.

    With `sure`, the confidence intervals of percentiles are among them, where the window has enough
    intervals; they take 2 ms for 600.
    """
    window = series.snapped(window)
    part = series.within(window)
    part = msgspec.structs.replace(part, slices=tuple(part.slices))  # each is read once
    merged = {name: Histogram.of_intervals(part.times(name)) for name in SUBJECTS}
    times = {
        name: summarise_live(times)
        for name, times in merged.items()
        if times.total or times.overflow
    }
    headline = merged[series.headline]
    summary = times.get(series.headline) or summarise_live(headline)
    service = merged["service"]
    mean_ns = headline.mean_ns
    errors: Counter[str] = Counter()
    for each in part.slices:
        errors.update(each.errors)
    in_flight, oldest_ns = 0, 0
    if part.slices:
        in_flight, oldest_ns = part.slices[-1].in_flight, part.slices[-1].oldest_ns
    return {
        "operations": sum(each.succeeded(series.batch) for each in part.slices),
        "failed_in_batches": sum(each.failed_in_batches for each in part.slices),
        "mean_ns": None if mean_ns is None else mean_ns / series.batch,
        "throughput_per_s": _throughput_per_s(part, window),
        "percentiles_ns": summary.percentiles_ns,
        "samples_missing": summary.samples_missing,
        "confidence_ns": _confidence_ns(headline, part) if sure else {},
        "times": times,
        "bounds_ns": {},
        "flattered": (),
        "max_ns": summary.max_ns,
        "lateness_p50_ns": median_of(merged["lateness"]),
        "service_p50_ns": median_of(service),
        "errors": dict(errors),
        "unfinished": 0,
        "unfinished_ns": (),
        "unstarted": sum(each.unstarted for each in part.slices),
        "overflow": service.overflow,
        "in_flight": in_flight,
        "oldest_ns": oldest_ns,
        "trend_ns": tuple(each.percentile(0.99) for each in part.times())[-TREND_INTERVALS:],
        "shape": made_shape_of(headline, service),
        "slowest": "",
        "marks": tuple(
            mark for mark in series.marks if window.from_ns <= mark.offset_ns < window.until_ns
        ),
        "stages": (),
        "blocks": _blocks(part),
        "measured_ns": max(0, min(window.until_ns, series.end_ns) - window.from_ns),
        "drained": sum(each.drained for each in part.slices),
        "drain_ns": 0,
    }


def lacking_within(series: RunSeries, window: TimeWindow) -> str:
    """What a window without confidence intervals lacks."""
    slices = series.within(series.snapped(window)).slices
    found = round((slices[-1].until_ns - slices[0].from_ns) / series.slice_ns) if slices else 0
    if found < MIN_INTERVALS:
        return f"this part has {found} intervals, an error band needs {MIN_INTERVALS}"
    return "this part has too few operations"


def _blocks(part: RunSeries) -> Blocks:
    blocked = {
        each.from_ns // part.slice_ns: BlockedSlot.of(each.health)
        for each in part.slices
        if each.health.loop_lag_ns >= LOOP_BLOCKED_NS
    }
    known = any(each.health.foreign_ns for each in part.slices)
    return blocks_of(blocked, part.slice_ns, others_known=known)


def _confidence_ns(pooled: Histogram, part: RunSeries) -> dict[str, tuple[int, int]]:
    """How sure the percentiles of a part are, from how its intervals differ."""
    found: list[IntervalHistogram] = []
    next_ns = part.slices[0].from_ns if part.slices else 0
    for each in part.slices:
        found += [_NOTHING] * round((each.from_ns - next_ns) / part.slice_ns)
        found.append(each.times(part.headline))
        next_ns = each.until_ns
    bounds = percentile_bounds(pooled, found, tuple(SHOWN.values()))
    return {
        name: (each.low_ns, each.high_ns)
        for name, each in zip(SHOWN, bounds, strict=True)
        if each is not None
    }


def _throughput_per_s(part: RunSeries, window: TimeWindow) -> float | None:
    """Operations that ended within the part of the window in which operations were started."""
    until_ns = min(window.until_ns, part.end_ns)
    if until_ns <= window.from_ns:
        return None
    ended = sum(each.in_window(part.batch, part.end_ns) for each in part.slices)
    return ended * 1e9 / (until_ns - window.from_ns)
