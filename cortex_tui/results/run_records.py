"""A run as the records that a store keeps of it, and back: one list of fields for both ways."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from itertools import compress, groupby
from operator import attrgetter
from typing import Any, NamedTuple

from cortex_tui.protocol.lifecycle import RunLife
from cortex_tui.protocol.messages import RunPlanned
from cortex_tui.results.cells import Cells
from cortex_tui.results.findings import Findings
from cortex_tui.results.interval import Interval, TimeName
from cortex_tui.results.interval_file import IntervalFile
from cortex_tui.results.result_of import statistics_of, targets_of
from cortex_tui.results.run_fold import Concluded, RunFold
from cortex_tui.results.warnings import warnings_of
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.stats.moments import Moments
from cortex_tui.store.records import (
    EncodedHistogram,
    IntervalRecord,
    RunRecord,
    SessionRecord,
    SessionState,
)

INTERRUPTED = "its process ended before the run did; this is what was stored until then"

_UNCHANGING = frozenset((int, float, str, bool, tuple, type(None)))
_LIVE = ("planned", "running")
_MEASURED = ("measure", "teardown")
_OF_RUN = (
    "batch",
    "drain_ns",
    "drained",
    "errors",
    "failed_in_batches",
    "interrupted",
    "known_blocks",
    "known_stages",
    "level",
    "measured_ns",
    "partial",
    "reason",
    "texts",
    "traceback",
    "tracebacks",
    "unfinished_more",
    "unfinished_ns",
    "unstarted",
    "waits",
    "warmup_iterations",
    "warmup_ns",
)
"""What a run and its record have under one name and in one form; so have an interval and its record
what `_OF_INTERVAL` names."""
_OF_INTERVAL = (
    "drained",
    "failed_in_batches",
    "health",
    "in_flight",
    "level",
    "neighbours",
    "oldest_ns",
    "unstarted",
)
_facts_of: Callable[[Interval], tuple[Any, ...]] = attrgetter(*_OF_INTERVAL)
_TIMES: tuple[TimeName, ...] = ("service", "response", "lateness", "failure")
_times_of: Callable[[Interval], tuple[IntervalHistogram, ...]] = attrgetter(*_TIMES)


def record_of(run: RunFold, cells: Cells) -> RunRecord:
    """As it is now; `cells` are those of the session's matrices."""
    findings = run.findings()
    return RunRecord(
        run=run.run,
        profile=run.profile,
        neighbours=run.neighbours,
        state=run.life.state,
        round=run.round,
        variant=run.variant,
        phase=run.life.phase,
        marks=tuple(run.marks),
        warnings=warnings_of(run),
        targets=targets_of(run, cells),
        service=run.service.moments,
        response=run.response.moments if run.response else None,
        lateness=run.lateness.moments if run.lateness else None,
        failure=run.failures.moments,
        confidence_ns=dict(findings.confidence_ns),
        slowest=findings.slowest,
        statistics=statistics_of(run),
        shards=run.shards.records(),
        **{name: _copied(getattr(run, name)) for name in _OF_RUN},
    )


def _copied(value: Any) -> Any:
    # To ask `copy` for what never changes takes longer than all else that is done with it.
    return value if type(value) in _UNCHANGING else copy(value)


class RunInterval(NamedTuple):
    """An interval of a run, and where it lies: counted in the intervals of the messages."""

    run: int
    first: int
    length: int
    interval: Interval


def interval_records(changes: Sequence[RunInterval]) -> list[IntervalRecord]:
    """Those of some intervals of some runs, encoded together."""
    each = [times for *_, interval in changes for times in _times_of(interval)]
    filled = [bool(times.moments.count or times.moments.overflow) for times in each]
    blobs = iter(IntervalHistogram.encode_each(list(compress(each, filled))))
    encoded = [
        EncodedHistogram(next(blobs), times.moments) if is_filled else None
        for times, is_filled in zip(each, filled, strict=True)
    ]
    return [
        IntervalRecord(
            run=run,
            first=first,
            length=length,
            service=service,
            response=response,
            lateness=lateness,
            failure=failure,
            errors=interval.errors.copy(),
            **dict(zip(_OF_INTERVAL, _facts_of(interval), strict=True)),
        )
        for (run, first, length, interval), (service, response, lateness, failure) in zip(
            changes, zip(*[iter(encoded)] * len(_TIMES), strict=True), strict=True
        )
    ]


def fold_of(
    record: RunRecord,
    intervals: Sequence[IntervalRecord],
    session: SessionRecord,
    state: SessionState,
    file: IntervalFile | None = None,
) -> RunFold:
    """The fold as it was when the run was stored. With a `file`, its intervals are in it."""
    run = RunFold(
        RunPlanned(record.run, record.profile, (), record.round, record.variant),
        session.clock_cost_ns,
        session.interval_ns,
        file,
    )
    cut = state != "running" and record.state in _LIVE
    run.life = _life(record, cut=cut)
    for name in _OF_RUN:
        setattr(run, name, copy(getattr(record, name)))
    run.interrupted = run.interrupted or cut
    run.batch = max(1, run.batch)
    run.reason = run.reason or (INTERRUPTED if cut else "")
    run.marks = list(record.marks)
    run.shards.restore(record.shards)
    _fill(run, record, intervals)
    neighbours = record.neighbours if not cut or record.phase in _MEASURED else ()
    run.restore_neighbours(neighbours)
    # What was found out of a run while it was live is older than its last intervals, and how its
    # targets stood was not final.
    run.concluded = Concluded(record.warnings, None if cut else record.targets)
    if not cut:
        run.restore_findings(Findings(confidence_ns=record.confidence_ns, slowest=record.slowest))
    return run


def _life(record: RunRecord, *, cut: bool) -> RunLife:
    """Cut short with its process, which its reason says, it was stopped all the same."""
    if cut:
        return RunLife("ended", outcome="stopped")
    if record.state == "planned":
        return RunLife()
    if record.state == "running":
        return RunLife("measure")
    return RunLife("ended", outcome=record.state)


def _fill(run: RunFold, record: RunRecord, intervals: Sequence[IntervalRecord]) -> None:
    found = [(each, _interval(each)) for each in intervals]
    pooled = [interval for _, interval in found]

    def whole(name: TimeName, moments: Moments) -> Histogram:
        return Histogram.of_intervals((getattr(each, name) for each in pooled), moments)

    run.service = whole("service", record.service)
    run.failures = whole("failure", record.failure)
    run.response = None if record.response is None else whole("response", record.response)
    run.lateness = None if record.lateness is None else whole("lateness", record.lateness)
    run.intervals.length = length = max((each.length for each, _ in found), default=1)
    run.intervals.grows = False
    # Of a run that was cut off some may not have merged yet.
    for _, own in groupby(found, lambda each: each[0].first // length):
        (each, interval), *later = own
        for _, more in later:
            interval.add(more)
        run.restore_interval(each.first, interval)


def _interval(record: IntervalRecord) -> Interval:
    return Interval(
        service=_decoded(record.service),
        response=_decoded(record.response),
        lateness=_decoded(record.lateness),
        failure=_decoded(record.failure),
        errors=record.errors,
        **{name: getattr(record, name) for name in _OF_INTERVAL},
    )


_NONE = IntervalHistogram.of(b"")


def _decoded(encoded: EncodedHistogram | None) -> IntervalHistogram:
    return _NONE if encoded is None else IntervalHistogram.decode(encoded.blob, encoded.moments)
