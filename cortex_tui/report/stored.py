"""A stored session as a view, so that it reads like one that has just ended."""

from __future__ import annotations

from typing import Literal

from cortex_tui.protocol.lifecycle import RunLife, RunState
from cortex_tui.results.stored import RunResult, SessionResult
from cortex_tui.results.view import MarkView, RunView, SessionView
from cortex_tui.stats.summary import summarise_live


def view_of(result: SessionResult) -> SessionView:
    """The view of the session's end, or of what is stored of one that goes on."""
    record = result.record
    return SessionView(
        session=record.id,
        state="running" if result.state == "running" else "finished",
        stopped=result.state == "stopped",
        placement=record.placement,
        loop=record.loop,
        timer=record.timer,
        started_at=record.started_at,
        rounds=record.rounds,
        clock_cost_ns=record.clock_cost_ns,
        await_cost_ns=record.await_cost_ns,
        runs=tuple(_run_view(run) for run in result.runs),
        stored=True,
    )


def _life(state: RunState | Literal["interrupted"]) -> RunLife:
    """Cut short with its process, which its reason says, it was stopped all the same."""
    if state == "planned":
        return RunLife()
    if state == "running":
        return RunLife("measure")
    return RunLife("ended", outcome="stopped" if state == "interrupted" else state)


def _run_view(run: RunResult) -> RunView:
    record = run.record
    summary = summarise_live(run.headline)
    return RunView(
        run=record.run,
        profile=record.profile,
        life=_life(run.state),
        round=record.round,
        batch=record.batch,
        mean_ns=run.mean_ns,
        operations=run.operations,
        throughput_per_s=run.throughput_per_s,
        percentiles_ns=summary.percentiles_ns,
        samples_missing=summary.samples_missing,
        confidence_ns=record.confidence_ns.get(record.profile.headline, {}),
        max_ns=summary.max_ns,
        errors=dict(record.errors),
        error_messages={name: text for name, text in record.texts.items() if text},
        unfinished=len(record.unfinished_ns),
        unstarted=record.unstarted,
        overflow=run.service.overflow,
        targets=record.targets,
        verdict=run.verdict,
        slowest=record.slowest,
        marks=tuple(MarkView(mark.offset_ns, mark.text) for mark in record.marks),
        warmup_ns=record.warmup_ns,
        warnings=record.warnings,
        reason=record.reason,
        traceback=record.traceback or next(iter(record.tracebacks.values()), ""),
        neighbours=record.neighbours,
        measured_ns=record.measured_ns,
        drained=record.drained,
        drain_ns=record.drain_ns,
    )
