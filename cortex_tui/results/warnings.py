"""What a reader must know before believing a run's numbers, in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from cortex_tui.quantities import format_count, format_duration, format_half_width
from cortex_tui.results.blocked import LOOP_BLOCKED_NS
from cortex_tui.results.run_fold import RunFold
from cortex_tui.stats.growth import growth_of
from cortex_tui.stats.histogram import Histogram

_ENOUGH_INTERVALS = 3
"""In a third of the run, to tell whether a backlog grew."""
_MUCH_MORE = 10
"""Operations in flight by which the last third must exceed twice the first."""
_LEFT_SHARE = 10
"""Operations left at the end that are fewer than a tenth of all may be those of one slow moment."""
_LEFT_BEHIND_SHARE = 50
"""Where arrivals started ever later, a fiftieth is enough: one slow moment does not last for half
of a third of the run."""
_LATE_SHARE = 10
"""Lateness beyond a tenth of the service time says more about the schedule than the subject."""

_CLOCK_SHARE = 100
"""Reading the clock may cost up to a hundredth of an operation before it is worth a word."""
_ENOUGH_TIMED = 20
"""Operations from which on their median is shown."""


def warnings_of(run: RunFold) -> tuple[str, ...]:
    """What a reader must know before believing the numbers."""
    if run.concluded is not None:
        return run.concluded.warnings
    found = list(run.warnings)
    if run.partial:
        found.append(f"partial: {run.partial}; what was measured is kept")
    if run.shard_results and (uneven := run.shards.unevenness) and uneven.verdict == "uneven":
        found.append(uneven.text)
    measured = run.measured
    if (flattered := measured.flattered_names) and run.headline.total:
        found.append(
            f"{', '.join(flattered)} may be too low: {measured.missing:,} operations failed, never "
            "ended or never started, and are missing from the percentiles"
        )
    if lowered := measured.lowered:
        found.append(f"mean and percentiles {lowered}")
    late_ns, service_ns = median_of(run.lateness), median_of(run.service)
    if late_ns and service_ns and late_ns * _LATE_SHARE > service_ns:
        found.append(
            f"operations started late: lateness p50 {format_duration(late_ns)} is more than a "
            f"tenth of the service p50 {format_duration(service_ns)}"
        )
    found += _timing(run)
    if run.service.overflow:
        found.append(f"{run.service.overflow:,} operations took longer than 1 h")
    if (blocks := run.blocks).intervals:
        found.append(blocks.warning)
    found += _overload(run) or _growth(run)
    if len(run.neighbour_counts) > 1:
        counts = " → ".join(str(count) for count in run.neighbour_counts)
        found.append(f"neighbours changed while it was measured: {counts}")
    found += _unsure(run)
    return tuple(found)


def _timing(run: RunFold) -> list[str]:
    """That reading the clock is much of what was timed."""
    service_ns = median_of(run.service)
    if run.batch > 1 or run.service.total < _ENOUGH_TIMED or not service_ns:
        return []
    if run.clock_cost_ns * _CLOCK_SHARE <= service_ns:
        return []
    profile = run.profile
    may_be_batched = (
        profile.batch == 1 and not profile.load.has_schedule and profile.timeout_ns is None
    )
    return [
        f"timing adds {format_duration(run.clock_cost_ns)} to each operation, "
        f"{run.clock_cost_ns / service_ns:.0%} of the service p50 {format_duration(service_ns)}"
        + ('; batch = "auto" would time many as one' if may_be_batched else "")
    ]


def _overload(run: RunFold) -> list[str]:
    """That operations became due faster than they could be done, as far as that was seen: arrivals
    that were not started, ever more operations in flight, or arrivals that waited to be started;
    with the throughput where fewer succeeded than were due."""
    if run.live or not run.profile.load.has_schedule:
        return []
    seen = []
    if run.unstarted:
        seen.append(f"{run.unstarted:,} arrivals were not started (max_in_flight was reached)")
    measured = run.measured
    due = measured.ended + measured.unfinished + measured.unstarted
    in_flight, waiting, late_ns = _thirds(run)
    if _grew(in_flight):
        seen.append(f"operations in flight grew from {_from_to(in_flight)}")
    elif (
        _grew(waiting)
        and late_ns[1] >= LOOP_BLOCKED_NS
        and _more_left_than_usual(run, due, _LEFT_BEHIND_SHARE)
    ):
        seen.append(f"arrivals that waited to be started grew from {_from_to(waiting)}")
    if not seen and run.measured_ns:
        seen += _left_over(run, due)
    if not seen:
        return []
    if run.measured_ns and measured.in_window < due:
        due_per_s = due * 1e9 / run.measured_ns
        throughput = f"{format_count(measured.throughput_per_s)}/s"
        seen.insert(0, f"throughput was {throughput}, and {format_count(due_per_s)}/s were due")
    return [f"it could not keep up: {'; '.join(seen)}"]


def _growth(run: RunFold) -> list[str]:
    """That operations took ever longer, under a load that stayed as it was."""
    if run.live or run.profile.load.levels().vary:
        return []
    medians = (
        interval.service.percentile(0.5) for _, interval in run.intervals if not interval.drained
    )
    grew = growth_of([value for value in medians if value is not None])
    if grew is None:
        return []
    first, last = (format_duration(round(value / run.batch)) for value in grew)
    return [
        f"operations took ever longer: the service p50 grew from {first} in the first third of the "
        f"run to {last} in the last; does something grow with their number, such as a list?"
    ]


_Thirds = tuple[float, float]
"""What is usual in the first third of a run, and in the last."""


def _thirds(run: RunFold) -> tuple[_Thirds, _Thirds, _Thirds]:
    """Of the operations in flight, the arrivals that wait to be started, and for how long, in ns;
    zeros where the run is too short to tell.

    How many wait follows from how late those are that start: as many as become due meanwhile.
    """
    in_flight, waiting, late = [], [], []
    for _, interval in run.intervals:
        if not interval.drained:
            late_ns = interval.lateness.percentile(0.5) or 0
            in_flight.append(float(interval.in_flight))
            late.append(float(late_ns))
            waiting.append((interval.level or run.level or 0.0) * late_ns / 1e9)
    return _medians(in_flight), _medians(waiting), _medians(late)


def _medians(values: Sequence[float]) -> _Thirds:
    third = len(values) // 3
    if third < _ENOUGH_INTERVALS:
        return 0.0, 0.0
    return median(values[:third]), median(values[-third:])


def _grew(thirds: _Thirds) -> bool:
    first, last = thirds
    return last >= 2 * first + _MUCH_MORE


def _from_to(thirds: _Thirds) -> str:
    return f"{thirds[0]:,.0f} to {thirds[1]:,.0f}"


def _left_over(run: RunFold, due: int) -> list[str]:
    """Arrivals that waited to be started, as where operations compute: they are not in flight.
    Half of all operations came late by as much time as many others take to become due, and at the
    end many more were left than usual."""
    late_ns = median_of(run.lateness)
    if not late_ns or late_ns * due < _MUCH_MORE * run.measured_ns:
        return []
    if not _more_left_than_usual(run, due, _LEFT_SHARE):
        return []
    left = _left_at_the_end(run)
    return [f"{left:,} of {due:,} operations that were due had not ended when measure did"]


def _left_at_the_end(run: RunFold) -> int:
    """How many operations had not ended when measure did; what ended in a pause is none of them."""
    slot_ns = run.intervals.length * run.interval_ns
    drained = (
        interval.drained
        for slot, interval in run.intervals
        if (slot + 1) * slot_ns > run.measured_ns
    )
    return sum(drained) + run.measured.unfinished


def _more_left_than_usual(run: RunFold, due: int, share: int) -> bool:
    """Whether at the end of measure at least that part of all operations were left, and many more
    than are in flight at any time, by Little's law."""
    if not run.measured_ns:
        return False
    left = _left_at_the_end(run)
    usual = max(due / run.measured_ns, (run.level or 0.0) / 1e9) * (run.service.mean_ns or 0.0)
    return left * share >= due and left >= 2 * usual + _MUCH_MORE


def _unsure(run: RunFold) -> list[str]:
    """That a percentile was still not known precisely when measuring came to its bound."""
    wanted = run.profile.precision
    if wanted is None or run.live or run.measured_ns < wanted.at_most_ns:
        return []
    findings = run.findings()
    if findings.half_width is not None and findings.half_width <= wanted.half_width:
        return []
    known = (
        findings.lacking
        if findings.half_width is None
        else f"it is {format_half_width(findings.half_width)}"
    )
    return [
        f"{wanted.statistic} should be known within {format_half_width(wanted.half_width)}, but "
        f"after {format_duration(wanted.at_most_ns)} {known}"
    ]


def median_of(histogram: Histogram | None) -> int | None:
    return None if histogram is None else histogram.percentiles((0.5,))[0]
