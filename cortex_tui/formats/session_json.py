"""The session document as JSON: schema `cortex-tui/session@1`, live or stored."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import UNSET

from cortex_tui.analysis.rounds import profile_documents, times_document
from cortex_tui.formats.port import Format
from cortex_tui.formats.session_reading import read_session
from cortex_tui.results.document import SessionDocument, write_document
from cortex_tui.results.interval import TimeName
from cortex_tui.results.run_document import (
    BlockedDocument,
    MarkDocument,
    RunDocument,
    ShardDocument,
    TargetDocument,
    TimesDocument,
    UnevennessDocument,
)
from cortex_tui.results.run_result import RunResult
from cortex_tui.results.session_result import Histograms, SessionResult
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.interval_histogram import IntervalHistogram

_OF_PROFILE = (
    "alone", "auto_warmup", "base", "database", "headline", "on_lost", "stop", "summary",
    "timeout_ns", "until_decided", "warmup", "workload",
)  # fmt: skip
_OF_RUN = (
    "batch", "drain_ns", "drained", "errors", "failed_in_batches", "mean_ns", "measured_ns",
    "messages", "operations", "overflow", "partial", "reason", "round", "run", "slowest",
    "throughput_per_s", "tracebacks", "unfinished", "unstarted", "variant", "verdict",
    "verdict_text", "warmup_iterations", "warmup_ns",
)  # fmt: skip
_OF_SHARD = (
    "clock_bound_ns", "ended_ns", "errors", "machine", "measured_ns", "number", "operations",
    "reason", "runner", "state", "throughput_per_s", "unfinished", "unstarted",
)  # fmt: skip
"""What the document has of a profile, its run and a shard under the same name and form."""


def session_document(result: SessionResult) -> SessionDocument:
    """With several rounds it has `profiles`, too: what the rounds of each come to together."""
    record = result.record
    return SessionDocument(
        session=record.id,
        snapshot=result.snapshot,
        note=result.note,
        tags=list(result.tags),
        started_at=record.started_at,
        state=result.state,
        placement=record.placement,
        loop=record.loop,
        timer=record.timer,
        one_by_one=record.one_by_one,
        rounds=record.rounds,
        variants=list(record.variants),
        seed=record.seed,
        looks=list(record.looks),
        clock_cost_ns=record.clock_cost_ns,
        await_cost_ns=record.await_cost_ns,
        environment=record.environment,
        runs=[
            _run_document(run, result.histograms[run.run], result.shard_times.get(run.run, ()))
            for run in result.runs
        ],
        profiles=profile_documents(result) if record.rounds > 1 else UNSET,
    )


def _run_document(
    run: RunResult, histograms: Histograms, shard_times: Sequence[IntervalHistogram]
) -> RunDocument:
    profile, uneven = run.profile, run.unevenness

    def times(name: TimeName) -> TimesDocument | None:
        return times_document(histograms.get(name), run.bounds_ns.get(name, {}))

    return RunDocument(
        profile=profile.full_name,
        matrix=dict(profile.matrix),
        tags=list(profile.tags),
        params=dict(profile.params),
        load=msgspec.to_builtins(profile.load),
        precision=msgspec.to_builtins(profile.precision),
        state=run.reported_state,
        neighbours=list(run.neighbours),
        level=run.level_reached,
        marks=[MarkDocument(offset_ns=mark.offset_ns, text=mark.text) for mark in run.marks],
        stages=list(run.stages),
        unfinished_ns=list(run.unfinished_ns),
        flagged=list(run.flattered),
        service_ns=times("service"),
        response_ns=times("response"),
        lateness_ns=times("lateness"),
        failure_ns=times("failure"),
        shards=[
            ShardDocument(
                times_ns=times_document(Histogram.of_intervals((times,))),
                **{name: getattr(shard, name) for name in _OF_SHARD},
            )
            for shard, times in zip(run.shards, shard_times, strict=True)
        ],
        unevenness=uneven and UnevennessDocument(**uneven._asdict()),
        blocked=BlockedDocument(
            intervals=run.blocks.intervals,
            longest_ns=run.blocks.longest_ns,
            at_ns=list(run.blocks.at_ns),
            causes=list(run.blocks.causes),
        )
        if run.blocks.intervals
        else None,
        waits=run.waits if run.waits.seen else None,
        targets=[
            TargetDocument(**msgspec.structs.asdict(target), met=target.met)
            for target in run.targets
        ],
        warnings=list(run.warnings),
        traceback=run.own_traceback,
        **{name: getattr(profile, name) for name in _OF_PROFILE},
        **{name: getattr(run, name) for name in _OF_RUN},
    )


def write_session(result: SessionResult) -> bytes:
    return write_document(session_document(result))


def _recognises(name: str, head: bytes) -> bool:
    return b'"cortex-tui/session@' in head


FORMAT = Format(
    "session-json",
    ".json",
    "our own document, as `run --json` and `show --json` write it",
    "intervals and log",
    write=lambda recording: write_session(recording.result),
    read=read_session,
    recognises=_recognises,
)
