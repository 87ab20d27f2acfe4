"""Writes a session into the store while it runs, and names it. On the intake's thread.

A store that cannot be written never stops a session: everything is kept in memory, the reason is
shown, and the whole of it is written as soon as that is possible.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cortex_tui.session.cells import Cells
from cortex_tui.session.intake import SessionTally
from cortex_tui.session.intervals import Interval
from cortex_tui.session.results import RunResult, SessionResult
from cortex_tui.session.run_view import standings_of, warnings_of
from cortex_tui.session.tally import RunTally
from cortex_tui.snapshots.errors import SnapshotError
from cortex_tui.snapshots.records import (
    EncodedHistogram,
    IntervalRecord,
    LogRecord,
    MarkRecord,
    RunRecord,
    SessionBatch,
    SessionEnd,
    SessionRecord,
    TargetRecord,
)
from cortex_tui.snapshots.store import SnapshotStore
from cortex_tui.snapshots.writer import this_process
from cortex_tui.stats.histogram import IntervalHistogram


class SessionWriter:
    """One store, opened when it is first needed; one session at a time."""

    def __init__(self, path: Path) -> None:
        self.error = ""
        """Why the last write failed; empty when everything up to then is on disk."""
        self.stored = False
        self._path = path
        self._store: SnapshotStore | None = None
        self._environment: dict[str, Any] = {}
        self._begun = ""
        self._ended = ""
        self._logged = 0
        self._names: dict[str, str] = {}

    async def begin(self, tally: SessionTally, environment: dict[str, Any]) -> None:
        """Makes ready for a session; what cannot be opened now is tried again with each write."""
        self._environment = environment
        self.stored = False
        self._logged = 0
        try:
            store = await self._opened()
            await store.prune_unsaved()
            self.error = ""
        except SnapshotError as error:
            self.error = str(error)

    async def write(self, tally: SessionTally) -> None:
        """Writes what is new since the last call that succeeded."""
        if tally.started is None and not tally.over:
            return
        try:
            store = await self._opened()
            if self._begun != tally.plan.session:
                await store.begin_session(_session_record(tally, self._environment))
                self._begun = tally.plan.session
            await store.write(self._batch(tally))
            if tally.over and self._ended != tally.plan.session:
                await store.finish_session(tally.plan.session, _end_of(tally))
                self._ended = tally.plan.session
        except SnapshotError as error:
            self.error, self.stored = str(error), False
            self._begun, self._logged = "", 0
            for run in tally.runs.values():
                run.changed = True
                run.intervals.write_again()
        else:
            self.error, self.stored = "", True

    async def save(self, tally: SessionTally, name: str, run: int | None, note: str) -> None:
        """Names the session, or one of its runs, with everything up to now written first."""
        await self.write(tally)
        if self.error:
            raise SnapshotError(self.error, retryable=True)
        store = await self._opened()
        if self._begun != tally.plan.session:
            raise SnapshotError("the session has not begun yet: save it once it runs")
        await store.name_snapshot(name, tally.plan.session, run, note)
        if run is None:
            self._names[tally.plan.session] = name

    def result(self, tally: SessionTally) -> SessionResult:
        """The session as it is in memory, on disk or not."""
        return live_result(tally, self._environment, self._names.get(tally.plan.session))

    async def close(self) -> None:
        if self._store is not None:
            store, self._store = self._store, None
            await store.close()

    async def _opened(self) -> SnapshotStore:
        if self._store is None:
            self._store = await SnapshotStore.open(self._path)
        return self._store

    def _batch(self, tally: SessionTally) -> SessionBatch:
        runs: list[RunRecord] = []
        intervals: list[IntervalRecord] = []
        rewritten: list[int] = []
        cells = tally.cells()
        for run in tally.runs.values():
            if run.changed:
                run.changed = False
                runs.append(_run_record(run, cells))
            all_anew, changes = run.intervals.take_changes()
            if all_anew:
                rewritten.append(run.run)
            length = run.intervals.length
            intervals.extend(_interval_record(run, slot, length, each) for slot, each in changes)
        first = tally.log_total - len(tally.log)
        log = tuple(
            LogRecord(number, line.run, line.stream, line.text)
            for number, line in enumerate(tally.log, first)
            if number >= self._logged
        )
        self._logged = tally.log_total
        return SessionBatch(
            session=tally.plan.session,
            runs=tuple(runs),
            intervals=tuple(intervals),
            rewritten=tuple(rewritten),
            log=log,
        )


def _end_of(tally: SessionTally) -> SessionEnd:
    if tally.died:
        return "died"
    return "stopped" if tally.stopped else "finished"


def _session_record(tally: SessionTally, environment: dict[str, Any]) -> SessionRecord:
    started = tally.started
    return SessionRecord(
        id=tally.plan.session,
        started_at=tally.started_at,
        placement=tally.placement,
        loop=started.loop if started else "",
        timer=started.timer if started else "",
        one_by_one=tally.plan.one_by_one,
        rounds=tally.rounds,
        interval_ns=tally.plan.interval_ns,
        clock_cost_ns=started.clock_cost_ns if started else 0.0,
        await_cost_ns=started.await_cost_ns if started else 0.0,
        environment=environment,
        writer=this_process(),
    )


def _run_record(run: RunTally, cells: Cells) -> RunRecord:
    findings = run.findings()
    return RunRecord(
        run=run.run,
        profile=run.profile,
        neighbours=run.neighbours,
        state=run.state,
        round=run.round,
        phase=run.phase,
        batch=run.batch,
        level=run.level,
        marks=tuple(MarkRecord(mark.offset_ns, mark.text) for mark in run.marks),
        warmup_ns=run.warmup_ns,
        warmup_iterations=run.warmup_iterations,
        reason=run.reason,
        traceback=run.traceback,
        tracebacks=dict(run.tracebacks),
        measured_ns=run.measured_ns,
        errors=dict(run.errors),
        unfinished_ns=run.unfinished_ns,
        unstarted=run.unstarted,
        warnings=warnings_of(run),
        targets=tuple(
            TargetRecord(target.text, standing.value, standing.met, standing.note)
            for target, standing in standings_of(run, cells)
        ),
        service=run.service.moments,
        response=run.response.moments if run.response else None,
        lateness=run.lateness.moments if run.lateness else None,
        failure=run.failures.moments,
        confidence_ns=dict(findings.confidence_ns),
        slowest=findings.slowest,
    )


def _interval_record(run: RunTally, slot: int, length: int, interval: Interval) -> IntervalRecord:
    return IntervalRecord(
        run=run.run,
        first=slot * length,
        length=length,
        service=_encoded(interval.service),
        response=_encoded(interval.response),
        lateness=_encoded(interval.lateness),
        failure=_encoded(interval.failure),
        errors=dict(interval.errors),
        in_flight=interval.in_flight,
        oldest_ns=interval.oldest_ns,
        unstarted=interval.unstarted,
        neighbours=interval.neighbours,
        level=interval.level,
        health=interval.health,
    )


def _encoded(histogram: IntervalHistogram) -> EncodedHistogram | None:
    if not histogram.total and not histogram.overflow:
        return None
    return EncodedHistogram(histogram.encode(), histogram.moments)


def live_result(
    tally: SessionTally, environment: dict[str, Any], snapshot: str | None
) -> SessionResult:
    """The session as it is in memory, for its document; the histograms are copies."""
    cells = tally.cells()
    return SessionResult(
        record=_session_record(tally, environment),
        state=_end_of(tally) if tally.over else tally.state,
        snapshot=snapshot,
        runs=tuple(
            RunResult(
                record=_run_record(run, cells),
                state=run.state,
                service=run.service.copy(),
                response=run.response.copy() if run.response else None,
                lateness=run.lateness.copy() if run.lateness else None,
                failure=run.failures.copy(),
            )
            for _, run in sorted(tally.runs.items())
        ),
    )
