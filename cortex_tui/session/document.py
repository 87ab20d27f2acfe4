"""A session as JSON-ready data, schema `cortex-tui/session@1`, whether it is live or stored.

Fields are added, never renamed, within one version of the schema.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from cortex_tui.profiles.model import Profile
from cortex_tui.protocol import RunState
from cortex_tui.snapshots.errors import SnapshotError
from cortex_tui.snapshots.records import (
    EncodedHistogram,
    IntervalRecord,
    RunRecord,
    SessionState,
    StoredSession,
    TargetRecord,
)
from cortex_tui.stats.codec import HistogramFormatError
from cortex_tui.stats.histogram import Histogram, IntervalHistogram
from cortex_tui.stats.moments import Moments
from cortex_tui.stats.percentiles import SHOWN, flagged
from cortex_tui.stats.summary import as_document, summarise
from cortex_tui.stats.targets import Measured, Verdict, evaluate, parse_target

SCHEMA = "cortex-tui/session@1"
INTERRUPTED = "its process ended before the run did: what was stored until then is here"

_FINAL = ("finished", "stopped", "failed")


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """One run and all that was measured of it; `response` and `lateness` only in an open load."""

    run: int
    profile: Profile
    neighbours: tuple[str, ...] = ()
    state: RunState | Literal["interrupted"]
    reason: str = ""
    traceback: str = ""
    tracebacks: dict[str, str] = {}
    measured_ns: int = 0
    errors: dict[str, int] = {}
    unfinished_ns: tuple[int, ...] = ()
    unstarted: int = 0
    warnings: tuple[str, ...] = ()
    targets: tuple[TargetRecord, ...] = ()
    service: Histogram
    response: Histogram | None = None
    lateness: Histogram | None = None
    failure: Histogram

    @property
    def measured(self) -> Measured:
        """What targets are held against."""
        return Measured(
            service=self.service,
            failure=self.failure,
            measured_ns=self.measured_ns,
            response=self.response,
            lateness=self.lateness,
            errors=sum(self.errors.values()),
            unfinished=len(self.unfinished_ns),
            unstarted=self.unstarted,
        )

    @property
    def verdict(self) -> Verdict:
        if not self.targets:
            return "none"
        if not all(target.met for target in self.targets):
            return "missed"
        return "pending" if self.state in ("planned", "running") else "met"


class SessionResult(msgspec.Struct, frozen=True, kw_only=True):
    """A session with its runs, in the order in which they were planned."""

    session: str
    snapshot: str | None = None
    """The name that it was saved under, None for an unsaved one."""
    started_at: str
    state: SessionState | Literal["starting"] = "finished"
    placement: str
    loop: str = ""
    timer: str = ""
    one_by_one: bool = False
    environment: dict[str, Any] = {}
    runs: tuple[RunResult, ...] = ()


def session_document(result: SessionResult) -> dict[str, Any]:
    """The session as plain dicts, lists and numbers. Durations are in ns."""
    return {
        "schema": SCHEMA,
        "session": result.session,
        "snapshot": result.snapshot,
        "started_at": result.started_at,
        "state": result.state,
        "placement": result.placement,
        "loop": result.loop,
        "timer": result.timer,
        "one_by_one": result.one_by_one,
        "environment": result.environment,
        "runs": [_run_document(run) for run in result.runs],
    }


def _run_document(run: RunResult) -> dict[str, Any]:
    profile = run.profile
    operations = run.service.total
    headline = run.service if run.response is None else run.response
    missing = run.measured.missing
    return {
        "profile": profile.full_name,
        "summary": profile.summary,
        "workload": profile.workload,
        "params": dict(profile.params),
        "load": msgspec.to_builtins(profile.load),
        "warmup": msgspec.to_builtins(profile.warmup),
        "stop": msgspec.to_builtins(profile.stop),
        "database": profile.database,
        "state": run.state,
        "reason": run.reason,
        "verdict": run.verdict,
        "neighbours": list(run.neighbours),
        "measured_ns": run.measured_ns,
        "operations": operations,
        "errors": dict(run.errors),
        "unfinished": len(run.unfinished_ns),
        "unfinished_ns": list(run.unfinished_ns),
        "unstarted": run.unstarted,
        "overflow": run.service.overflow,
        "throughput_per_s": operations * 1e9 / run.measured_ns if run.measured_ns else None,
        "headline": profile.headline,
        "flagged": [
            name for name, quantile in SHOWN.items() if flagged(quantile, headline.total, missing)
        ],
        "service_ns": _times(run.service),
        "response_ns": _times(run.response),
        "lateness_ns": _times(run.lateness),
        "failure_ns": _times(run.failure),
        "targets": [msgspec.to_builtins(target) for target in run.targets],
        "warnings": list(run.warnings),
        "traceback": run.traceback,
        "tracebacks": dict(run.tracebacks),
    }


def _times(histogram: Histogram | None) -> dict[str, Any] | None:
    summary = None if histogram is None else summarise(histogram)
    return None if summary is None else as_document(summary)


def from_stored(stored: StoredSession) -> SessionResult:
    """The session from its stored intervals. SnapshotError if they cannot be read."""
    intervals: defaultdict[int, list[IntervalRecord]] = defaultdict(list)
    for interval in stored.intervals:
        intervals[interval.run].append(interval)
    session = stored.session
    try:
        runs = [_run_of(run, intervals[run.run], stored.state) for run in stored.runs]
    except (HistogramFormatError, ValueError) as error:
        raise SnapshotError(
            f"session {session.id} cannot be read: {error}: it is damaged, remove it"
        ) from error
    return SessionResult(
        session=session.id,
        snapshot=stored.snapshot.name if stored.snapshot else None,
        started_at=session.started_at,
        state=stored.state,
        placement=session.placement,
        loop=session.loop,
        timer=session.timer,
        one_by_one=session.one_by_one,
        environment=session.environment,
        runs=tuple(runs),
    )


def _run_of(run: RunRecord, intervals: list[IntervalRecord], session: SessionState) -> RunResult:
    cut = session != "running" and run.state not in _FINAL
    result = RunResult(
        run=run.run,
        profile=run.profile,
        neighbours=run.neighbours,
        state="interrupted" if cut else run.state,
        reason=run.reason or (INTERRUPTED if cut else ""),
        traceback=run.traceback,
        tracebacks=run.tracebacks,
        measured_ns=run.measured_ns,
        errors=run.errors,
        unfinished_ns=run.unfinished_ns,
        unstarted=run.unstarted,
        warnings=run.warnings,
        targets=run.targets,
        service=_merged((i.service for i in intervals), run.service),
        response=_known((i.response for i in intervals), run.response),
        lateness=_known((i.lateness for i in intervals), run.lateness),
        failure=_merged((i.failure for i in intervals), run.failure),
    )
    # Stored while the run went on, its targets were open; now nothing more will come.
    return msgspec.structs.replace(result, targets=held(result)) if cut else result


def held(run: RunResult) -> tuple[TargetRecord, ...]:
    """The profile's targets, held against the run as one that has ended."""
    records = []
    for text in run.profile.targets:
        target = parse_target(text)
        value, met, note = evaluate(target, run.measured, run.profile.headline)
        records.append(TargetRecord(target.text, value, met, note))
    return tuple(records)


def _known(encoded: Iterable[EncodedHistogram | None], moments: Moments | None) -> Histogram | None:
    return None if moments is None else _merged(encoded, moments)


def _merged(encoded: Iterable[EncodedHistogram | None], moments: Moments) -> Histogram:
    intervals = (IntervalHistogram.decode(e.blob, e.moments) for e in encoded if e is not None)
    return Histogram.of_intervals(intervals, moments)
