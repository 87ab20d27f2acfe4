"""Reads a session document: the way back of `session_json`."""

from __future__ import annotations

from typing import Any, cast, get_args

import msgspec
from msgspec import UNSET

from cortex_tui.formats.checks import count_of, ns_of, text_of
from cortex_tui.formats.importing import TIMES, ImportedRun, moment_of, params_of, session_of
from cortex_tui.formats.port import FormatError, Origin
from cortex_tui.formats.runs import split_name
from cortex_tui.limits import MAX_ERROR_TYPES, MAX_ROUNDS, MAX_STAGES, MAX_TRACEBACK_CHARS
from cortex_tui.loads.port import Load
from cortex_tui.loads.registry import decode_load
from cortex_tui.profiles.model import ParamValue, Precision
from cortex_tui.protocol.lifecycle import Outcome, ShardState
from cortex_tui.protocol.messages import ELSEWHERE, Health
from cortex_tui.protocol.plan import INTERVAL_NS
from cortex_tui.results.blocked import MOST_SHOWN
from cortex_tui.results.document import DocumentError, SessionDocument, read_document
from cortex_tui.results.run_document import (
    BlockedDocument,
    RunDocument,
    ShardDocument,
    TimesDocument,
)
from cortex_tui.results.waits import Waits, add_waits
from cortex_tui.stats.codec import HistogramFormatError
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.stats.moments import Moments
from cortex_tui.stats.percentiles import SHOWN
from cortex_tui.stats.targets import TargetResult, TargetVerdict
from cortex_tui.store.records import (
    BlockCause,
    BlocksRecord,
    EncodedHistogram,
    IntervalRecord,
    MarkRecord,
    RunRecord,
    SessionEnd,
    SessionRecord,
    ShardRecord,
    StageRecord,
    StoredSession,
)
from cortex_tui.text import cut, encodable, lines


def read_session(data: bytes, origin: Origin) -> StoredSession:
    """The session of a document, as far as that has it. FormatError for anything else."""
    try:
        document = read_document(data)
    except DocumentError as error:
        raise FormatError(str(error)) from None
    longest_ns = max((run.measured_ns for run in document.runs), default=0)
    interval_ns = min(max(longest_ns, INTERVAL_NS), 1 << 50)
    runs = [_imported(run, interval_ns) for run in document.runs]
    stored = session_of(
        data,
        runs,
        moment=moment_of(document.started_at),
        environment=document.environment,
        has_warnings=True,
    )
    numbers = [count_of(run.run, "run") for run in document.runs]
    if len(set(numbers)) < len(numbers):
        raise FormatError("several runs have one number")
    records = tuple(map(_run_record, document.runs, stored.runs))
    return msgspec.structs.replace(
        stored,
        session=_session_record(document, stored.session),
        state=_ENDS.get(document.state, "interrupted"),
        runs=records,
        intervals=tuple(
            _interval(each, records[each.run], document.runs[each.run].blocked)
            for each in stored.intervals
        ),
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


_ENDS: dict[str, SessionEnd] = {end: end for end in get_args(SessionEnd)}
"""By the word of the document. What ran when it was written was cut short by that."""
_OUTCOMES: dict[str, Outcome] = {outcome: outcome for outcome in get_args(Outcome)}
"""The same of a run; all others were ended before their time."""
_SHARD_STATES: dict[str, ShardState] = {**_OUTCOMES, "silent": "silent", "lost": "lost"}
"""The same of a shard."""
_CUT = "the document was written before the run had ended"


def _run_record(document: RunDocument, record: RunRecord) -> RunRecord:
    targets = tuple(
        TargetResult(
            each.target,
            each.value,
            _verdict(each.verdict),
            each.note,
            each.warn,
            each.more_ns,
        )
        for each in document.targets
    )
    profile = msgspec.structs.replace(
        record.profile,
        workload=text_of(document.workload),
        summary=text_of(document.summary),
        base=text_of(document.base),
        matrix=_exact(document.matrix),
        params=_exact(document.params),
        warmup=document.warmup,
        auto_warmup=document.auto_warmup,
        stop=document.stop,
        precision=_precision(document.precision),
        until_decided=document.until_decided,
        timeout_ns=document.timeout_ns,
        database=document.database or "own",
        alone=document.alone,
        on_lost=document.on_lost,
        targets=tuple(each.target for each in targets if not each.warn),
        warn_targets=tuple(each.target for each in targets if each.warn),
    )
    unfinished_ns = tuple(count_of(age, "unfinished_ns") for age in document.unfinished_ns)
    interrupted = document.state not in _OUTCOMES
    cut = interrupted and document.state != "interrupted"
    return msgspec.structs.replace(
        record,
        run=document.run,
        profile=profile,
        level=document.level,
        marks=tuple(MarkRecord(mark.offset_ns, text_of(mark.text)) for mark in document.marks),
        warmup_ns=count_of(document.warmup_ns, "warmup_ns"),
        warmup_iterations=count_of(document.warmup_iterations, "warmup_iterations"),
        state=_OUTCOMES.get(document.state, "stopped"),
        interrupted=interrupted,
        neighbours=tuple(map(text_of, document.neighbours)),
        reason=_text(document.reason) or (_CUT if cut else ""),
        partial=_text(document.partial),
        traceback=_text(document.traceback),
        tracebacks=_texts(document.tracebacks),
        texts=_texts(document.messages),
        measured_ns=count_of(document.measured_ns, "measured_ns"),
        failed_in_batches=max(
            0, record.service.count * record.batch - count_of(document.operations, "operations")
        ),
        drained=count_of(document.drained, "drained"),
        drain_ns=count_of(document.drain_ns, "drain_ns"),
        unstarted=count_of(document.unstarted, "unstarted"),
        unfinished_ns=unfinished_ns,
        unfinished_more=max(0, count_of(document.unfinished, "unfinished") - len(unfinished_ns)),
        shards=tuple(_shard_record(shard, record.batch) for shard in document.shards),
        targets=targets,
        waits=_waits(document.waits),
        slowest=text_of(document.slowest, 1_000),
        known_stages=tuple(map(_stage, document.stages[:MAX_STAGES])),
        known_blocks=_blocks(document.blocked),
        confidence_ns={
            time: dict(times.confidence_ns)
            for time in TIMES
            if (times := getattr(document, f"{time}_ns")) and times.confidence_ns is not UNSET
        },
    )


def _text(text: str) -> str:
    """One that may have several lines."""
    return lines(cut(text, MAX_TRACEBACK_CHARS))


def _texts(texts: dict[str, str]) -> dict[str, str]:
    """By exception type."""
    return {lines(name): _text(text) for name, text in list(texts.items())[:MAX_ERROR_TYPES]}


def _exact(params: dict[str, Any]) -> dict[str, ParamValue]:
    """Parameters as they were given to the workload: two runs are compared by them."""
    return {
        name: encodable(value) if isinstance(value := params[name], str) else plain
        for name, plain in params_of(params).items()
    }


def _precision(document: dict[str, Any] | None) -> Precision | None:
    try:
        return None if document is None else msgspec.convert(document, Precision)
    except msgspec.ValidationError as error:
        raise FormatError(f"precision: {error}") from None


def _stage(document: StageRecord) -> StageRecord:
    """With a value for each percentile that is shown, and no others."""
    return msgspec.structs.replace(
        document,
        percentiles_ns={name: document.percentiles_ns.get(name) for name in SHOWN},
        samples_missing={
            name: count_of(missing, "stages")
            for name, missing in document.samples_missing.items()
            if name in SHOWN
        },
    )


def _blocks(document: BlockedDocument | None) -> BlocksRecord | None:
    if document is None:
        return None
    return BlocksRecord(
        intervals=count_of(document.intervals, "blocked"),
        longest_ns=count_of(document.longest_ns, "blocked"),
        at_ns=tuple(count_of(at_ns, "blocked") for at_ns in document.at_ns[:MOST_SHOWN]),
        causes=tuple(
            BlockCause(
                text_of(each.cause),
                count_of(each.intervals, "blocked"),
                count_of(each.longest_ns, "blocked"),
            )
            for each in document.causes[:MOST_SHOWN]
        ),
    )


def _interval(
    record: IntervalRecord, run: RunRecord, blocked: BlockedDocument | None
) -> IntervalRecord:
    """The one interval of a run, in which its loop was blocked if it ever was."""
    health = Health()
    if known := _blocks(blocked):
        longest = max(known.causes, key=lambda each: each.longest_ns, default=None)
        health = Health(loop_lag_ns=known.longest_ns, block_cause=longest.cause if longest else "")
    return msgspec.structs.replace(
        record,
        run=run.run,
        health=health,
        drained=run.drained,
        failed_in_batches=run.failed_in_batches,
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
    operations, after = count_of(document.operations, where), 0
    if (throughput_per_s := document.throughput_per_s) is not None:
        in_window = round(ns_of(throughput_per_s, 1, where) * document.measured_ns / 1e9)
        after = max(0, operations - in_window)
    succeeded, drained = -(-operations // batch), -(-after // batch)
    return ShardRecord(
        runner=count_of(document.runner, where),
        machine=text_of(document.machine, 200),
        clock_bound_ns=document.clock_bound_ns,
        state=_SHARD_STATES.get(document.state, "stopped"),
        reason=_text(document.reason),
        ended_ns=document.ended_ns,
        measured_ns=count_of(document.measured_ns, where),
        succeeded=succeeded,
        drained=drained,
        failed_in_batches=succeeded * batch - operations,
        failed_in_drain=drained * batch - after,
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
