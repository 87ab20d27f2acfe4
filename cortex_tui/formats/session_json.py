"""The session document as JSON: schema `cortex-tui/session@1`, live or stored."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from cortex_tui.analysis.rounds import profile_documents, times_document
from cortex_tui.formats.port import Format
from cortex_tui.results.document import (
    LengthDocument,
    MarkDocument,
    RunDocument,
    SessionDocument,
    StageDocument,
    TargetDocument,
    TimesDocument,
    VariantDocument,
    read_document,
    write_document,
)
from cortex_tui.results.intervals import TimeName
from cortex_tui.results.run_result import RunResult
from cortex_tui.results.session_result import Histograms, SessionResult


def session_document(result: SessionResult) -> SessionDocument:
    """With several rounds it has `profiles`, too: what the rounds of each come to together."""
    record = result.record
    return SessionDocument(
        session=record.id,
        snapshot=result.snapshot,
        started_at=record.started_at,
        state=result.state,
        placement=record.placement,
        loop=record.loop,
        timer=record.timer,
        one_by_one=record.one_by_one,
        rounds=record.rounds,
        variants=[VariantDocument(**msgspec.structs.asdict(each)) for each in record.variants],
        seed=record.seed,
        clock_cost_ns=record.clock_cost_ns,
        await_cost_ns=record.await_cost_ns,
        environment=record.environment,
        runs=[_run_document(run, result.histograms[run.run]) for run in result.runs],
        profiles=profile_documents(result) if record.rounds > 1 else UNSET,
    )


def _run_document(run: RunResult, histograms: Histograms) -> RunDocument:
    profile = run.profile

    def times(name: TimeName) -> TimesDocument | None:
        return times_document(histograms.get(name), run.bounds_ns.get(name, {}))

    return RunDocument(
        run=run.run,
        round=run.round,
        variant=run.variant,
        profile=profile.full_name,
        base=profile.base,
        matrix=dict(profile.matrix),
        tags=list(profile.tags),
        summary=profile.summary,
        workload=profile.workload,
        params=dict(profile.params),
        load=msgspec.to_builtins(profile.load),
        warmup=_length(profile.warmup),
        auto_warmup=profile.auto_warmup,
        stop=_length(profile.stop),
        precision=msgspec.to_builtins(profile.precision),
        until_decided=None if profile.until_decided is None else _length(profile.until_decided),
        timeout_ns=profile.timeout_ns,
        database=profile.database,
        alone=profile.alone,
        state="interrupted" if run.interrupted else run.state,
        reason=run.reason,
        verdict=run.verdict,
        verdict_text=run.verdict_text,
        neighbours=list(run.neighbours),
        warmup_ns=run.warmup_ns,
        warmup_iterations=run.warmup_iterations,
        measured_ns=run.measured_ns,
        drained=run.drained,
        drain_ns=run.drain_ns,
        operations=run.operations,
        batch=run.batch,
        level=run.level_reached,
        marks=[MarkDocument(offset_ns=mark.offset_ns, text=mark.text) for mark in run.marks],
        stages=[StageDocument(**msgspec.structs.asdict(stage)) for stage in run.stages],
        errors=run.errors,
        unfinished=run.unfinished,
        unfinished_ns=list(run.unfinished_ns),
        unstarted=run.unstarted,
        overflow=run.overflow,
        throughput_per_s=run.throughput_per_s,
        mean_ns=run.mean_ns,
        headline=profile.headline,
        flagged=list(run.flattered),
        service_ns=times("service"),
        response_ns=times("response"),
        lateness_ns=times("lateness"),
        failure_ns=times("failure"),
        slowest=run.slowest,
        targets=[
            TargetDocument(**msgspec.structs.asdict(target), met=target.met)
            for target in run.targets
        ],
        warnings=list(run.warnings),
        traceback=run.own_traceback,
        tracebacks=run.tracebacks,
        messages=run.messages,
    )


def _length(length: msgspec.Struct) -> LengthDocument:
    return LengthDocument(**msgspec.structs.asdict(length))


def _write(result: SessionResult) -> bytes:
    return write_document(session_document(result))


FORMAT = Format("session-json", ".json", _write, read_document)
