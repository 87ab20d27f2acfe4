"""A stored session as a view, so that it reads like one that has just ended."""

from __future__ import annotations

from cortex_tui.session.document import RunResult, SessionResult
from cortex_tui.session.view import RunView, SessionView, TargetView
from cortex_tui.stats.summary import summarise_live


def view_of(result: SessionResult) -> SessionView:
    """The view of the session's end, or of what is stored of one that goes on."""
    return SessionView(
        session=result.session,
        state="running" if result.state == "running" else "finished",
        placement="in-process" if result.placement == "in-process" else "process",
        loop=result.loop,
        timer=result.timer,
        started_at=result.started_at,
        runs=tuple(_run_view(run) for run in result.runs),
        stored=True,
    )


def _run_view(run: RunResult) -> RunView:
    headline = run.service if run.response is None else run.response
    summary = summarise_live(headline)
    return RunView(
        run=run.run,
        profile=run.profile,
        # Cut short with its process, which its reason says, it was stopped all the same.
        state="stopped" if run.state == "interrupted" else run.state,
        operations=run.service.total,
        throughput_per_s=run.service.total * 1e9 / run.measured_ns if run.measured_ns else None,
        percentiles_ns=summary.percentiles_ns,
        samples_missing=summary.samples_missing,
        max_ns=summary.max_ns,
        errors=dict(run.errors),
        unfinished=len(run.unfinished_ns),
        unstarted=run.unstarted,
        overflow=run.service.overflow,
        targets=tuple(
            TargetView(target.target, target.value, target.met, target.note)
            for target in run.targets
        ),
        verdict=run.verdict,
        warnings=run.warnings,
        reason=run.reason,
        traceback=run.traceback or next(iter(run.tracebacks.values()), ""),
        neighbours=run.neighbours,
        measured_ns=run.measured_ns,
    )
