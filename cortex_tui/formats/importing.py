"""Makes a session of what a file of another program holds, so that it is stored as ours are.

Whatever is in the file is not trusted: texts are made harmless, numbers are checked, and everything
that could grow is bounded.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
import numpy as np

from cortex_tui.formats.checks import MAX_NS, text_of
from cortex_tui.formats.port import FormatError
from cortex_tui.formats.run_facts import RunFacts
from cortex_tui.limits import MAX_BATCH, MAX_IMPORTED_RUNS
from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.loads.open import OpenLoad
from cortex_tui.loads.port import Load
from cortex_tui.loads.registry import decode_load
from cortex_tui.profiles.model import Length, ParamValue, Profile
from cortex_tui.protocol.plan import INTERVAL_NS
from cortex_tui.results.interval import Interval, TimeName
from cortex_tui.results.intervals import IntervalSeries
from cortex_tui.results.run_records import fold_of
from cortex_tui.results.stored import from_stored
from cortex_tui.results.warnings import warnings_of
from cortex_tui.stats.buckets import HIGHEST_NS, Ints, indices_of
from cortex_tui.stats.codec import MAX_TOTAL, HistogramFormatError
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.stats.moments import EMPTY, Moments, merged
from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.records import (
    IMPORTED,
    UNREADABLE,
    EncodedHistogram,
    IntervalRecord,
    RunRecord,
    SessionRecord,
    StoredSession,
    refuse_endless_numbers,
)
from cortex_tui.text import encodable

MAX_ROUNDS = 1_000_000
MAX_RECORD_BYTES = 1 << 20
"""Of what is kept of a run or a session, without its intervals."""

Record = TypeVar("Record", SessionRecord, RunRecord)


@dataclass
class ImportedRun:
    """One run of the file, filled piece by piece."""

    suite: str
    name: str
    interval_ns: int = INTERVAL_NS
    """How long its intervals are; the same for all runs of a session."""
    round: int = 1
    variant: str = ""
    batch: int = 1
    """How many operations each value stands for."""
    params: dict[str, ParamValue] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    load: Load | None = None
    partial: str = ""
    """Which part of it was lost."""
    errors: dict[str, int] = field(default_factory=dict)
    facts: RunFacts = field(default_factory=RunFacts)
    measured_ns: int = 0
    drained: int = 0
    """Operations that succeeded after that."""
    failed_in_batches: int = 0
    """Operations that failed within the values, where one is of a batch."""
    statistics: dict[str, float] = field(default_factory=dict)
    """What the file says of values that it does not hold: `p50`, `mean`, `max` … in ns, and
    `throughput` a second."""
    notes: list[str] = field(default_factory=list)
    series: IntervalSeries = field(default_factory=IntervalSeries)

    def add(self, time: TimeName, start_ns: int, length_ns: int, values: IntervalHistogram) -> None:
        """Takes in what was measured from `start_ns` on, since measuring began."""
        interval = Interval()
        setattr(interval, time, values)
        self.series.add(start_ns // self.interval_ns, interval)
        self.measured_ns = max(self.measured_ns, start_ns + length_ns)

    def add_errors(self, start_ns: int, errors: dict[str, int]) -> None:
        if errors:
            self.series.add(start_ns // self.interval_ns, Interval(errors=dict(errors)))
            for name, count in errors.items():
                self.errors[name] = self.errors.get(name, 0) + count

    def add_counts(self, start_ns: int, *, drained: int = 0, failed_in_batches: int = 0) -> None:
        """Takes in how many of the operations that are in the values of an interval succeeded after
        the window, and how many failed."""
        if drained or failed_in_batches:
            found = Interval(drained=drained, failed_in_batches=failed_in_batches)
            self.series.add(start_ns // self.interval_ns, found)
            self.drained += drained
            self.failed_in_batches += failed_in_batches

    def add_facts(self, start_ns: int, facts: Interval) -> None:
        """Takes in what an interval has besides its times; errors as in `add_errors`."""
        self.series.add(start_ns // self.interval_ns, facts)
        unstarted = self.facts.unstarted + facts.unstarted
        self.facts = msgspec.structs.replace(self.facts, unstarted=unstarted)

    def add_serial(self, values_ns: Ints) -> None:
        """Takes in values of operations that ran one after the other, each `batch` times."""
        ends = np.cumsum(values_ns)
        if not values_ns.size:
            return
        if int(values_ns.min()) < 0 or float(values_ns.sum(dtype=np.float64)) > MAX_NS:
            raise FormatError("times that no run can have had")
        slots = (ends - values_ns) // self.interval_ns
        first = np.flatnonzero(np.diff(slots, prepend=-1))
        for at, part in zip(first.tolist(), np.split(values_ns, first[1:]), strict=True):
            interval = Interval(service=IntervalHistogram.of(part.tobytes()))
            self.series.add(int(slots[at]), interval)
        self.measured_ns = max(self.measured_ns, int(ends[-1]))


def serial_interval_ns(total_ns: int) -> int:
    """How long intervals are for which there is room, of a run that takes `total_ns` at most."""
    return max(INTERVAL_NS, -(-total_ns // 1_000))


def counted(values: Ints, counts: Ints, unit_ns: int = 1) -> IntervalHistogram:
    """A histogram of buckets of another: `values` lie in them, in units of `unit_ns`.

    Values above 1 h are counted as overflow. FormatError for counts that no run can have made.
    """
    if counts.size and (int(counts.min()) < 0 or int(values.min()) < 0):
        raise FormatError("negative times or counts")
    if float(counts.sum(dtype=np.float64)) > MAX_TOTAL:
        raise FormatError("counts that no run can have made")
    values, counts = values[counts > 0], counts[counts > 0]
    if not counts.size:
        return IntervalHistogram.of(b"")
    real = values.astype(np.float64) * unit_ns
    within = real <= HIGHEST_NS
    overflow = int(counts[~within].sum())
    longest_ns = min(int(real.max()), MAX_NS)
    shortest_ns = min(int(real.min()), MAX_NS)
    real, counts = real[within], counts[within]
    if not counts.size:
        beyond = Moments(0, 0.0, 0.0, shortest_ns, longest_ns, overflow)
        return IntervalHistogram(beyond, b"", b"")
    buckets = indices_of(real.astype(np.int64))
    first = int(buckets.min())
    dense = np.zeros(int(buckets.max()) - first + 1, np.int64)
    np.add.at(dense, buckets - first, counts)
    mean = float(np.average(real, weights=counts))
    m2 = float(np.dot(counts, (real - mean) ** 2))
    moments = Moments(int(counts.sum()), mean, m2, shortest_ns, longest_ns, overflow)
    return IntervalHistogram.from_dense(dense, first, moments)


def params_of(value: Any) -> dict[str, ParamValue]:
    """The parameters of a benchmark, as far as ours can be such; others as their text."""
    if not isinstance(value, dict):
        return {}
    return {
        text_of(name, 100): each if isinstance(each, bool | int | float) and _plain(each)
        else text_of(each)
        for name, each in list(value.items())[:100]
    }  # fmt: skip


def _plain(value: bool | int | float) -> bool:
    return math.isfinite(value) if isinstance(value, float) else abs(value) < 1 << 63


def started_at_of(moment: datetime | None) -> str:
    """The moment of the day as our records have it; that of the import where it is not known."""
    moment = moment or datetime.now(UTC)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment_of(value: Any) -> datetime | None:
    """A moment in ISO 8601, or in seconds since 1970; None for anything else. In UTC where the file
    has a time zone: near the first and the last day that there are, it may have no place there."""
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value[:40])
            return moment.astimezone(UTC) if moment.tzinfo else moment
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def session_of(
    data: bytes,
    runs: Sequence[ImportedRun],
    *,
    moment: datetime | None,
    environment: dict[str, Any] | None = None,
    has_warnings: bool = False,
) -> StoredSession:
    """The session of these runs. The same bytes are the same session, so that a file that comes in
    twice is stored once. What must be known before their numbers are believed is found from what
    they hold, unless the file has it: `has_warnings`."""
    if not runs:
        raise FormatError("there is nothing in it that was measured")
    if len(runs) > MAX_IMPORTED_RUNS:
        raise FormatError(f"{len(runs):,} runs: expected at most {MAX_IMPORTED_RUNS:,}")
    started_at = started_at_of(moment)
    digest = hashlib.blake2s(data, digest_size=6).hexdigest()
    # Without a moment of its own, the file alone decides, not when it came in.
    day = "".join(c for c in started_at[:19] if c.isalnum()) if moment else "import"
    session = SessionRecord(
        id=f"{day}-{digest}",
        started_at=started_at,
        placement=IMPORTED,
        one_by_one=True,
        rounds=max(run.round for run in runs),
        interval_ns=runs[0].interval_ns,
        environment=encodable(environment or {}),
    )
    records = [_records(number, run) for number, run in enumerate(runs)]
    if not has_warnings:
        records = [(_warned(session, *each), each[1]) for each in records]
    return StoredSession(
        session=session,
        state="finished",
        runs=tuple(run for run, _ in records),
        intervals=tuple(interval for _, intervals in records for interval in intervals),
    )


def _warned(
    session: SessionRecord, run: RunRecord, intervals: Sequence[IntervalRecord]
) -> RunRecord:
    """With what its numbers give reason to say, as of a run of our own."""
    try:
        fold = fold_of(run, intervals, session, "finished")
    except (HistogramFormatError, ValueError) as error:
        raise FormatError(str(error)) from None
    fold.concluded = None
    found = [text_of(warning, 1_000) for warning in warnings_of(fold)]
    return msgspec.structs.replace(run, warnings=(*run.warnings, *found))


def _checked(record: Record) -> Record:
    """The record, if the store would give it back as it is."""
    try:
        refuse_endless_numbers(record)
        data = msgspec.json.encode(record)
        if len(data) <= MAX_RECORD_BYTES:
            return msgspec.json.decode(data, type=type(record), dec_hook=decode_load)
    except UNREADABLE as error:
        raise FormatError(f"it has a value that cannot be kept: {error}") from None
    raise FormatError(f"{len(data):,} bytes about one run: at most {MAX_RECORD_BYTES:,} are kept")


def checked(stored: StoredSession) -> StoredSession:
    """The session, if it can be stored and opened again; FormatError otherwise."""
    whole = msgspec.structs.replace(
        stored,
        session=_checked(stored.session),
        runs=tuple(_checked(run) for run in stored.runs),
    )
    try:
        from_stored(whole)
    except SnapshotError as error:
        raise FormatError(str(error)) from None
    return whole


def _records(number: int, run: ImportedRun) -> tuple[RunRecord, list[IntervalRecord]]:
    if not 1 <= run.batch <= MAX_BATCH or not 1 <= run.round <= MAX_ROUNDS:
        raise FormatError(f"batches of {run.batch} in round {run.round}, which no run can have had")
    if not 0 <= run.measured_ns <= MAX_NS:
        raise FormatError("times that no run can have had")
    whole: dict[TimeName, Moments] = {}
    for _, interval in run.series:
        for time in TIMES:
            whole[time] = merged(whole.get(time, EMPTY), getattr(interval, time).moments)
    response = whole.get("response", EMPTY)
    scheduled = bool(response.count or response.overflow)
    service = whole.get("service", EMPTY)
    load = run.load
    facts = run.facts
    if load is None and scheduled:
        due = service.count + service.overflow + sum(run.errors.values())
        due += facts.unstarted + facts.unfinished
        rate_per_s = due * 1e9 / run.measured_ns if run.measured_ns else 1.0
        load = OpenLoad(max(rate_per_s, 1e-9))
    load = ClosedLoad() if load is None else load
    profile = Profile(
        suite=text_of(run.suite),
        name=text_of(run.name),
        workload="",
        params=run.params,
        load=load,
        stop=Length(duration_ns=run.measured_ns or None),
        batch=run.batch,
        tags=run.tags,
    )
    times = load.has_schedule
    record = RunRecord(
        run=number,
        profile=profile,
        round=run.round,
        variant=run.variant,
        phase="teardown",
        batch=run.batch,
        measured_ns=run.measured_ns,
        drained=run.drained,
        failed_in_batches=run.failed_in_batches,
        partial=run.partial,
        errors=run.errors,
        warnings=tuple(text_of(note, 1_000) for note in run.notes[:20]),
        service=service,
        response=response if times else None,
        lateness=whole.get("lateness", EMPTY) if times else None,
        failure=whole.get("failure", EMPTY),
        statistics=run.statistics,
        **facts.of_record(),
    )
    length = run.series.length
    return record, [
        IntervalRecord(
            run=number,
            first=slot * length,
            length=length,
            errors=interval.errors,
            drained=interval.drained,
            failed_in_batches=interval.failed_in_batches,
            unstarted=interval.unstarted,
            in_flight=interval.in_flight,
            level=interval.level,
            service=_encoded(interval.service),
            response=_encoded(interval.response),
            lateness=_encoded(interval.lateness),
            failure=_encoded(interval.failure),
        )
        for slot, interval in run.series
    ]


TIMES: tuple[TimeName, ...] = ("service", "response", "lateness", "failure")
FAILED = "failed"
"""How failures are called whose types the file does not have."""


def _encoded(values: IntervalHistogram) -> EncodedHistogram | None:
    if not values.total and not values.overflow:
        return None
    return EncodedHistogram(values.encode(), values.moments)


def decoded(data: bytes, what: str) -> Any:
    """Plain data of JSON; FormatError for anything else."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise FormatError(f"no {what}: {error}") from None
