"""What a load that changes over time has measured in each of its stages, from a run's intervals."""

from __future__ import annotations

from cortex_tui.results.interval import Interval
from cortex_tui.results.run_fold import RunFold
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.summary import summarise_live
from cortex_tui.store.records import StageRecord


def stages_of(run: RunFold) -> tuple[StageRecord, ...]:
    """The stages that the run reached; none of a load whose level stays."""
    segments = run.profile.load.segments(0)
    if len(segments) < 2:
        return ()
    slot_ns = run.intervals.length * run.interval_ns
    intervals = [
        (_middle_ns(slot * slot_ns, slot_ns, run.measured_ns), interval)
        for slot, interval in run.intervals
    ]
    found = []
    for segment in segments:
        until_ns = run.measured_ns if segment.end_ns is None else segment.end_ns
        until_ns = min(until_ns, run.measured_ns)
        if segment.start_ns >= until_ns:
            continue
        within = [each for middle, each in intervals if segment.start_ns <= middle < until_ns]
        levels = segment.first, segment.level(until_ns)
        found.append(_stage(run, within, segment.start_ns, until_ns, levels))
    return tuple(found)


def _middle_ns(from_ns: int, length_ns: int, end_ns: int) -> int:
    """Of an interval's part before the end of the window, of all of one that begins after it."""
    within_ns = end_ns - from_ns
    return from_ns + (min(length_ns, within_ns) if within_ns > 0 else length_ns) // 2


def _stage(
    run: RunFold,
    intervals: list[Interval],
    from_ns: int,
    until_ns: int,
    levels: tuple[float, float],
) -> StageRecord:
    times = Histogram.of_intervals(map(run.headline_of, intervals))
    operations = sum(each.succeeded(run.batch) - each.drained for each in intervals)
    summary = summarise_live(times)
    return StageRecord(
        from_ns=from_ns,
        until_ns=until_ns,
        from_level=levels[0],
        until_level=levels[1],
        operations=operations,
        errors=sum(sum(each.errors.values()) for each in intervals),
        throughput_per_s=operations * 1e9 / (until_ns - from_ns),
        percentiles_ns=summary.percentiles_ns,
        samples_missing=summary.samples_missing,
        max_ns=summary.max_ns,
    )
