"""Reads a stored session back: each run's records fill a fold, which makes the run's result."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import msgspec

from cortex_tui.protocol.lifecycle import RunLife
from cortex_tui.protocol.messages import RunPlanned
from cortex_tui.results.cells import cells_of
from cortex_tui.results.findings import Findings
from cortex_tui.results.intervals import Interval, TimeName
from cortex_tui.results.result_of import result_of
from cortex_tui.results.run_fold import Concluded, RunFold
from cortex_tui.results.run_result import MarkView, RunResult
from cortex_tui.results.session_result import SessionResult
from cortex_tui.stats.codec import HistogramFormatError
from cortex_tui.stats.histogram import Histogram, IntervalHistogram
from cortex_tui.stats.moments import Moments
from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.records import (
    EncodedHistogram,
    IntervalRecord,
    RunRecord,
    SessionRecord,
    SessionState,
    StoredSession,
)

INTERRUPTED = "its process ended before the run did: what was stored until then is here"

_LIVE = ("planned", "running")
_MEASURED = ("measure", "teardown")


def from_stored(stored: StoredSession) -> SessionResult:
    """The session from its stored intervals. SnapshotError if they cannot be read."""
    intervals: defaultdict[int, list[IntervalRecord]] = defaultdict(list)
    for interval in stored.intervals:
        intervals[interval.run].append(interval)
    try:
        runs = [
            _fold_of(run, intervals[run.run], stored.session, stored.state) for run in stored.runs
        ]
    except (HistogramFormatError, ValueError) as error:
        raise SnapshotError(
            f"session {stored.session.id} cannot be read: {error}: it is damaged, remove it"
        ) from error
    cells = cells_of(runs)
    return SessionResult(
        record=stored.session,
        state=stored.state,
        snapshot=stored.snapshot.name if stored.snapshot else None,
        runs=tuple(
            _with_statistics(result_of(run, cells), record)
            for run, record in zip(runs, stored.runs, strict=True)
        ),
        histograms={run.run: run.times for run in runs},
    )


def _with_statistics(run: RunResult, record: RunRecord) -> RunResult:
    """What was imported of a run whose values are in no file, as far as there is a place for it."""
    known = record.statistics
    if not known or run.times:
        return run
    max_ns = known.get("max")
    return msgspec.structs.replace(
        run,
        percentiles_ns={
            name: round(known[name]) if name in known else None for name in run.percentiles_ns
        },
        samples_missing={},
        max_ns=None if max_ns is None else round(max_ns),
        mean_ns=known.get("mean"),
        throughput_per_s=known.get("throughput"),
    )


def _fold_of(
    record: RunRecord,
    intervals: Sequence[IntervalRecord],
    session: SessionRecord,
    state: SessionState,
) -> RunFold:
    """The fold as it was when the run was stored."""
    run = RunFold(
        RunPlanned(record.run, record.profile, (), record.round, record.variant),
        session.clock_cost_ns,
        session.interval_ns,
    )
    cut = state != "running" and record.state in _LIVE
    run.life, run.interrupted = _life(record, cut=cut), cut
    run.batch, run.level = max(1, record.batch), record.level
    run.marks = [MarkView(mark.offset_ns, mark.text) for mark in record.marks]
    run.warmup_ns, run.warmup_iterations = record.warmup_ns, record.warmup_iterations
    run.reason, run.traceback = record.reason or (INTERRUPTED if cut else ""), record.traceback
    run.tracebacks, run.texts = dict(record.tracebacks), dict(record.texts)
    run.measured_ns, run.drain_ns, run.drained = record.measured_ns, record.drain_ns, record.drained
    run.failed_in_batches = record.failed_in_batches
    run.errors, run.unstarted = dict(record.errors), record.unstarted
    run.unfinished_ns, run.unfinished_more = record.unfinished_ns, record.unfinished_more
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
    run.intervals.length = max((each.length for each, _ in found), default=1)
    for each, interval in found:
        run.restore_interval(each.first, interval)


def _interval(record: IntervalRecord) -> Interval:
    return Interval(
        service=_decoded(record.service),
        response=_decoded(record.response),
        lateness=_decoded(record.lateness),
        failure=_decoded(record.failure),
        errors=record.errors,
        unstarted=record.unstarted,
        in_flight=record.in_flight,
        oldest_ns=record.oldest_ns,
        neighbours=record.neighbours,
        level=record.level,
        health=record.health,
    )


_NONE = IntervalHistogram.of(b"")


def _decoded(encoded: EncodedHistogram | None) -> IntervalHistogram:
    return _NONE if encoded is None else IntervalHistogram.decode(encoded.blob, encoded.moments)
