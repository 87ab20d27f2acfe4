"""The session document as JSON: schema `cortex-tui/session@1`, live or stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import msgspec
from msgspec import UNSET

from cortex_tui.analysis.rounds import profile_documents, times_document
from cortex_tui.formats.importing import (
    TIMES,
    ImportedRun,
    count_of,
    moment_of,
    ns_of,
    params_of,
    session_of,
    text_of,
)
from cortex_tui.formats.port import Format, FormatError, Origin
from cortex_tui.formats.runs import split_name
from cortex_tui.limits import MAX_ROUNDS
from cortex_tui.loads.port import Load
from cortex_tui.loads.registry import decode_load
from cortex_tui.protocol.lifecycle import RunState, ShardState
from cortex_tui.protocol.messages import ELSEWHERE
from cortex_tui.protocol.plan import INTERVAL_NS
from cortex_tui.results.document import (
    DocumentError,
    SessionDocument,
    read_document,
    write_document,
)
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
from cortex_tui.results.waits import Waits, add_waits
from cortex_tui.stats.codec import HistogramFormatError
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.stats.moments import Moments
from cortex_tui.stats.targets import TargetResult, TargetVerdict
from cortex_tui.store.records import (
    EncodedHistogram,
    MarkRecord,
    RunRecord,
    SessionRecord,
    ShardRecord,
    StoredSession,
)

_OF_PROFILE = (
    "alone", "auto_warmup", "base", "database", "headline", "on_lost", "stop", "summary",
    "timeout_ns", "until_decided", "warmup", "workload",
)  # fmt: skip
_OF_RUN = (
    "batch", "drain_ns", "drained", "errors", "mean_ns", "measured_ns", "messages",
    "operations", "overflow", "partial", "reason", "round", "run", "slowest",
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


def _read(data: bytes, origin: Origin) -> StoredSession:
    try:
        document = read_document(data)
    except DocumentError as error:
        raise FormatError(str(error)) from None
    longest_ns = max((run.measured_ns for run in document.runs), default=0)
    interval_ns = min(max(longest_ns, INTERVAL_NS), 1 << 50)
    runs = [_imported(run, interval_ns) for run in document.runs]
    stored = session_of(
        data, runs, moment=moment_of(document.started_at), environment=document.environment
    )
    return msgspec.structs.replace(
        stored,
        session=_session_record(document, stored.session),
        runs=tuple(map(_run_record, document.runs, stored.runs)),
        note=text_of(document.note, 4_000),
        tags=tuple(text_of(tag, 100) for tag in document.tags[:100]),
    )


def _session_record(document: SessionDocument, record: SessionRecord) -> SessionRecord:
    """As it was measured: unlike the files of others, ours has what a comparison needs to know."""
    return msgspec.structs.replace(
        record,
        placement=text_of(document.placement, 40),
        loop=text_of(document.loop, 40),
        timer=text_of(document.timer, 40),
        one_by_one=document.one_by_one,
        rounds=max(1, count_of(document.rounds, "rounds")),
        variants=tuple(document.variants),
        seed=count_of(document.seed, "seed"),
        looks=tuple(count_of(at, "looks") for at in document.looks[:MAX_ROUNDS]),
        clock_cost_ns=ns_of(document.clock_cost_ns, 1, "clock_cost_ns"),
        await_cost_ns=ns_of(document.await_cost_ns, 1, "await_cost_ns"),
    )


_STATES: dict[str, RunState] = {"finished": "finished", "failed": "failed"}
"""By the word of the document; all others were ended before their time."""
_SHARD_STATES: dict[str, ShardState] = {**_STATES, "lost": "lost"}
"""The same of a shard."""


def _run_record(document: RunDocument, record: RunRecord) -> RunRecord:
    targets = tuple(
        TargetResult(each.target, each.value, _verdict(each.verdict), each.note, each.warn)
        for each in document.targets
    )
    profile = msgspec.structs.replace(
        record.profile,
        workload=text_of(document.workload),
        summary=text_of(document.summary),
        base=text_of(document.base),
        matrix=params_of(document.matrix),
        warmup=document.warmup,
        auto_warmup=document.auto_warmup,
        stop=document.stop,
        timeout_ns=document.timeout_ns,
        database=document.database or "own",
        alone=document.alone,
        on_lost=document.on_lost,
        targets=tuple(each.target for each in targets if not each.warn),
        warn_targets=tuple(each.target for each in targets if each.warn),
    )
    unfinished_ns = tuple(count_of(age, "unfinished_ns") for age in document.unfinished_ns)
    return msgspec.structs.replace(
        record,
        profile=profile,
        level=document.level,
        marks=tuple(MarkRecord(mark.offset_ns, text_of(mark.text)) for mark in document.marks),
        warmup_ns=count_of(document.warmup_ns, "warmup_ns"),
        warmup_iterations=count_of(document.warmup_iterations, "warmup_iterations"),
        state=_STATES.get(document.state, "stopped"),
        neighbours=tuple(map(text_of, document.neighbours)),
        reason=text_of(document.reason, 1_000),
        partial=text_of(document.partial, 1_000),
        measured_ns=count_of(document.measured_ns, "measured_ns"),
        drained=count_of(document.drained, "drained") // record.batch,
        drain_ns=count_of(document.drain_ns, "drain_ns"),
        unstarted=count_of(document.unstarted, "unstarted"),
        unfinished_ns=unfinished_ns,
        unfinished_more=max(0, count_of(document.unfinished, "unfinished") - len(unfinished_ns)),
        shards=tuple(_shard_record(shard, record.batch) for shard in document.shards),
        targets=targets,
        waits=_waits(document.waits),
        slowest=text_of(document.slowest, 1_000),
        confidence_ns={
            time: dict(times.confidence_ns)
            for time in TIMES
            if (times := getattr(document, f"{time}_ns")) and times.confidence_ns is not UNSET
        },
    )


def _waits(document: Waits | None) -> dict[str, int]:
    """The places that the document has, and all others as one."""
    if document is None:
        return {}
    places: dict[str, int] = {}
    for each in document.places:
        add_waits(places, {text_of(each.place): count_of(each.seen, "waits")})
    others = count_of(document.seen, "waits") - sum(places.values())
    if others > 0:
        add_waits(places, {ELSEWHERE: others})
    return places


def _shard_record(document: ShardDocument, batch: int) -> ShardRecord:
    where = f"shard {document.number}"
    values = IntervalHistogram.of(b"")
    if document.times_ns is not None:
        values = _values(document.times_ns, where)
    return ShardRecord(
        runner=count_of(document.runner, where),
        machine=text_of(document.machine, 200),
        clock_bound_ns=document.clock_bound_ns,
        state=_SHARD_STATES.get(document.state, "stopped"),
        reason=text_of(document.reason, 1_000),
        ended_ns=document.ended_ns,
        measured_ns=count_of(document.measured_ns, where),
        succeeded=count_of(document.operations, where) // batch,
        errors=count_of(document.errors, where),
        unstarted=count_of(document.unstarted, where),
        unfinished=count_of(document.unfinished, where),
        headline=EncodedHistogram(values.encode(), values.moments),
    )


def _verdict(word: str) -> TargetVerdict:
    """One that was pending when the document was written stays so for good: it is undecided."""
    return cast(TargetVerdict, "undecided" if word == "pending" else word)


def _imported(document: RunDocument, interval_ns: int) -> ImportedRun:
    """A run with all that it measured in one interval: the document has no others."""
    suite, name = split_name(document.profile, "session")
    run = ImportedRun(suite, name, interval_ns, params=params_of(document.params))
    run.tags = tuple(text_of(tag, 100) for tag in document.tags[:100])
    run.round, run.variant = max(1, document.round), text_of(document.variant, 100)
    run.batch = max(1, document.batch)
    try:
        run.load = msgspec.convert(document.load, Load, dec_hook=decode_load)
    except (msgspec.MsgspecError, ValueError) as error:
        raise FormatError(f"{text_of(document.profile)}: load: {error}") from None
    measured_ns = count_of(document.measured_ns, "measured_ns")
    for time in TIMES:
        times: TimesDocument | None = getattr(document, f"{time}_ns")
        if times is not None:
            run.add(time, 0, measured_ns, _values(times, f"{text_of(document.profile)}: {time}"))
    errors = {text_of(key): count_of(value, "errors") for key, value in document.errors.items()}
    run.add_errors(0, errors)
    run.notes = list(document.warnings)
    return run


def _values(times: TimesDocument, where: str) -> IntervalHistogram:
    try:
        values = IntervalHistogram.decode(times.histogram)
    except HistogramFormatError as error:
        raise FormatError(f"{where}: histogram: {error}") from None
    if times.min is None or times.max is None or times.mean is None:
        return values
    spread = ns_of(times.stddev or 0.0, 1, where)
    moments = Moments(
        values.total,
        ns_of(times.mean, 1, where),
        spread * spread * max(0, values.total - 1),
        count_of(times.min, where),
        count_of(times.max, where),
        count_of(times.overflow, where),
    )
    return IntervalHistogram.of_buckets(values.indices, values.counts, moments)


def _recognises(name: str, head: bytes) -> bool:
    return b'"cortex-tui/session@' in head


FORMAT = Format(
    "session-json",
    ".json",
    "our own document, as `run --json` and `show --json` write it",
    "intervals, stages and log",
    write=lambda recording: write_session(recording.result),
    read=_read,
    recognises=_recognises,
)
