"""The arms of a stored session, straight from its records: comparing needs no curves or trends.

Intervals in which the hypervisor gave the processor to others, or other processes used it, say
nothing about the code. They are left out by that signal alone, never by how slow anything was, and
by the same rule on both sides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from cortex_tui.analysis.arms import Arm, Round, arm
from cortex_tui.stats.buckets import HIGHEST_NS
from cortex_tui.stats.codec import MAX_TOTAL
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.moments import EMPTY, Moments, merged
from cortex_tui.store.records import (
    SUMMARY_ONLY,
    EncodedHistogram,
    IntervalRecord,
    RunRecord,
    StoredSession,
)

STOLEN = 0.01
"""Of the time of an interval: where more of a processor went to others, it is left out."""
FOREIGN = 0.1
"""Of the time of a window, as a share of one core: where other processes used more, it is left
out."""
WINDOW_NS = 1_000_000_000
"""CPU time is counted in steps of 10 ms: in a single interval a step would decide."""
UNEQUAL_CLEANING = 0.03
"""Where one side would lose so much more of its operations than the other, none loses any: what is
compared may itself be the reason."""
MOST_CLEANED = 0.5
"""Where more would be left out, nothing is: on such a machine there is no calm part to keep."""
_ENDED = ("finished", "stopped")


def stored_arms(stored: StoredSession, variant: str = "", *, clean: bool = True) -> dict[str, Arm]:
    """The arms of a session by the name of their profile, of the runs of one variant.

    Only runs that ended and measured anything are rounds. Without `clean` no interval is left out.
    Raises HistogramFormatError for a damaged histogram.
    """
    intervals: defaultdict[int, list[IntervalRecord]] = defaultdict(list)
    for interval in stored.intervals:
        intervals[interval.run].append(interval)
    runs: defaultdict[str, list[RunRecord]] = defaultdict(list)
    for run in sorted(stored.runs, key=lambda run: (run.round, run.run)):
        if is_round(run, variant):
            runs[run.profile.full_name].append(run)
    return {name: _arm(own, intervals, clean=clean) for name, own in runs.items()}


def unusable_profiles(stored: StoredSession, variant: str = "") -> dict[str, str]:
    """The profiles of which no run of the variant is a round, with the state of the last one, or
    `summary` where a file had no samples of it."""
    runs = [run for run in stored.runs if run.variant == variant]
    rounds = {run.profile.full_name for run in runs if is_round(run, variant)}
    states = {run.profile.full_name: "summary" if _is_summary(run) else run.state for run in runs}
    return {name: state for name, state in states.items() if name not in rounds}


def _is_summary(run: RunRecord) -> bool:
    return any(warning.startswith(SUMMARY_ONLY) for warning in run.warnings)


def is_round(run: RunRecord, variant: str) -> bool:
    """Whether a run is one of the variant, ended and measured anything."""
    return run.variant == variant and run.state in _ENDED and run.service.count > 0


def lost_share(arms: Iterable[Arm]) -> float:
    """The share of operations that is left out."""
    rounds = [each for one in arms for each in one.rounds]
    lost = sum(each.dropped for each in rounds)
    return lost / (lost + sum(each.times.total for each in rounds)) if lost else 0.0


def is_watched(arms: Iterable[Arm]) -> bool:
    """Whether it is known of any round what others used meanwhile."""
    return any(each.watched for one in arms for each in one.rounds)


def keeps_enough(lost: Collection[float]) -> bool:
    """Whether what sides lose leaves them comparable with one another; if not, nothing may be left
    out of any."""
    return max(lost) - min(lost) <= UNEQUAL_CLEANING and max(lost) <= MOST_CLEANED


def _arm(
    runs: Sequence[RunRecord], intervals: Mapping[int, Sequence[IntervalRecord]], *, clean: bool
) -> Arm:
    rounds = (_round(run, intervals.get(run.run, ()), clean=clean) for run in runs)
    return arm(runs[0].profile, rounds, (run.batch for run in runs), runs[0].neighbours)


def _round(run: RunRecord, intervals: Sequence[IntervalRecord], *, clean: bool) -> Round:
    headline = run.profile.headline
    whole = (run.response if headline == "response" else run.service) or EMPTY
    kept = undisturbed(intervals) if clean else intervals
    times, moments = _times(kept, headline), whole
    if len(kept) < len(intervals):
        moments = EMPTY
        for each in times:
            moments = merged(moments, each.moments)
    operations = _within(run.service.count * max(1, run.batch) - run.failed_in_batches)
    return Round(
        number=run.round,
        times=Histogram.of_encoded([each.blob for each in times], moments),
        operations=operations,
        in_window=_within(operations - run.drained),
        measured_ns=_within(run.measured_ns),
        errors=_within(sum(run.errors.values())),
        mean_ns=_mean_ns(times, run.batch),
        bounds_ns=run.confidence_ns.get(headline, {}),
        dropped=whole.count - moments.count,
        watched=any(each.health.wall_ns for each in intervals),
        run=run.run,
        partial=run.partial,
    )


def _within(count: int) -> int:
    """A number that a run can have: a damaged store may hold any."""
    return min(max(count, 0), MAX_TOTAL)


def _times(intervals: Sequence[IntervalRecord], name: str) -> list[EncodedHistogram]:
    return [found for each in intervals if (found := getattr(each, name)) is not None]


def _mean_ns(times: Iterable[EncodedHistogram], batch: int) -> float | None:
    """Of one operation, in what is kept of the times."""
    moments: Moments = EMPTY
    for each in times:
        moments = merged(moments, each.moments)
    known = moments.count and 0 < moments.mean_ns <= HIGHEST_NS
    return moments.mean_ns / max(1, batch) if known else None


def undisturbed(intervals: Sequence[IntervalRecord]) -> list[IntervalRecord]:
    """Those of one run in which others hardly used the machine."""
    kept: list[IntervalRecord] = []
    for window in _windows(intervals):
        wall_ns = sum(each.health.wall_ns for each in window)
        foreign_ns = sum(each.health.foreign_ns for each in window)
        if not foreign_ns > FOREIGN * wall_ns > 0:
            kept += [each for each in window if not _is_stolen(each)]
    return kept


def _windows(intervals: Sequence[IntervalRecord]) -> Collection[Sequence[IntervalRecord]]:
    """Contiguous intervals of WINDOW_NS together; what is left at the end belongs to the last."""
    last = sum(each.health.wall_ns for each in intervals) // WINDOW_NS - 1
    windows: defaultdict[int, list[IntervalRecord]] = defaultdict(list)
    before_ns = 0
    for each in intervals:
        windows[max(0, min(before_ns // WINDOW_NS, last))].append(each)
        before_ns += each.health.wall_ns
    return windows.values()


def _is_stolen(interval: IntervalRecord) -> bool:
    health = interval.health
    return health.steal_ns > STOLEN * health.wall_ns > 0
