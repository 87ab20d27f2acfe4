"""A session as JSON-ready data, schema `cortex-tui/session@1`, whether it is live or stored.

Fields are added, never renamed, within one version of the schema.
"""

from __future__ import annotations

from typing import Any

import msgspec

from cortex_tui.analysis.rounds import profiles_document
from cortex_tui.results.stored import RunResult, SessionResult
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.percentiles import SHOWN
from cortex_tui.stats.summary import as_document, summarise

SCHEMA = "cortex-tui/session@1"


def session_document(result: SessionResult) -> dict[str, Any]:
    """The session as plain dicts, lists and numbers. Durations are in ns.

    With several rounds it has `profiles`, too: what the rounds of each come to together.
    """
    record = result.record
    document = {
        "schema": SCHEMA,
        "session": record.id,
        "snapshot": result.snapshot,
        "started_at": record.started_at,
        "state": result.state,
        "placement": record.placement,
        "loop": record.loop,
        "timer": record.timer,
        "one_by_one": record.one_by_one,
        "rounds": record.rounds,
        "clock_cost_ns": record.clock_cost_ns,
        "await_cost_ns": record.await_cost_ns,
        "environment": record.environment,
        "runs": [_run_document(run) for run in result.runs],
    }
    if record.rounds > 1:
        document["profiles"] = profiles_document(result.runs)
    return document


def _run_document(run: RunResult) -> dict[str, Any]:
    record, profile = run.record, run.profile
    return {
        "run": record.run,
        "round": record.round,
        "profile": profile.full_name,
        "base": profile.base,
        "matrix": dict(profile.matrix),
        "tags": list(profile.tags),
        "summary": profile.summary,
        "workload": profile.workload,
        "params": dict(profile.params),
        "load": msgspec.to_builtins(profile.load),
        "warmup": msgspec.to_builtins(profile.warmup),
        "auto_warmup": profile.auto_warmup,
        "stop": msgspec.to_builtins(profile.stop),
        "precision": msgspec.to_builtins(profile.precision),
        "timeout_ns": profile.timeout_ns,
        "database": profile.database,
        "state": run.state,
        "reason": record.reason,
        "verdict": run.verdict,
        "neighbours": list(record.neighbours),
        "warmup_ns": record.warmup_ns,
        "warmup_iterations": record.warmup_iterations,
        "measured_ns": record.measured_ns,
        "drained": record.drained,
        "drain_ns": record.drain_ns,
        "operations": run.operations,
        "batch": run.batch,
        "level": record.level,
        "marks": [{"offset_ns": mark.offset_ns, "text": mark.text} for mark in record.marks],
        "errors": dict(record.errors),
        "unfinished": len(record.unfinished_ns),
        "unfinished_ns": list(record.unfinished_ns),
        "unstarted": record.unstarted,
        "overflow": run.service.overflow,
        "throughput_per_s": run.throughput_per_s,
        "mean_ns": run.mean_ns,
        "headline": profile.headline,
        "flagged": [name for name, quantile in SHOWN.items() if run.measured.flattered(quantile)],
        "service_ns": _times(run, "service", run.service),
        "response_ns": _times(run, "response", run.response),
        "lateness_ns": _times(run, "lateness", run.lateness),
        "failure_ns": _times(run, "failure", run.failure),
        "slowest": record.slowest,
        "targets": [msgspec.to_builtins(target) | {"met": target.met} for target in record.targets],
        "warnings": list(record.warnings),
        "traceback": record.traceback,
        "tracebacks": dict(record.tracebacks),
        "messages": dict(record.texts),
    }


def _times(run: RunResult, name: str, histogram: Histogram | None) -> dict[str, Any] | None:
    summary = None if histogram is None else summarise(histogram)
    if summary is None:
        return None
    bounds = run.record.confidence_ns.get(name, {})
    return as_document(summary) | {
        "confidence_ns": {percentile: list(pair) for percentile, pair in bounds.items()}
    }
