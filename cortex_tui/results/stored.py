"""What came of a session, live or stored: its records, and the histograms as a whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

import msgspec

from cortex_tui.profiles.model import Profile
from cortex_tui.protocol.lifecycle import RunState
from cortex_tui.results.cells import Cells, cells_of, group_of
from cortex_tui.results.findings import look_over
from cortex_tui.results.intervals import Interval, TimeName
from cortex_tui.stats.codec import HistogramFormatError
from cortex_tui.stats.histogram import Histogram, IntervalHistogram
from cortex_tui.stats.measured import Measured
from cortex_tui.stats.targets import TargetResult, Verdict, evaluate, parse_target, verdict
from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.records import (
    EncodedHistogram,
    IntervalRecord,
    RunRecord,
    SessionRecord,
    SessionState,
    StoredSession,
)

INTERRUPTED = "its process ended before the run did: what was stored until then is here"

_LIVE = ("planned", "running")
_MEASURED = ("measure", "teardown")


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """One run and all that was measured of it; `response` and `lateness` only in an open load."""

    record: RunRecord
    state: RunState | Literal["interrupted"]
    service: Histogram
    response: Histogram | None = None
    lateness: Histogram | None = None
    failure: Histogram

    @property
    def profile(self) -> Profile:
        return self.record.profile

    @property
    def round(self) -> int:
        return self.record.round

    @property
    def batch(self) -> int:
        return self.record.batch

    @property
    def headline(self) -> Histogram:
        return self.service if self.response is None else self.response

    @property
    def live(self) -> bool:
        return self.state in _LIVE

    @property
    def operations(self) -> int:
        """How many have succeeded; a value of a batched run stands for many."""
        return self.measured.operations

    @property
    def throughput_per_s(self) -> float | None:
        return self.measured.throughput_per_s

    @property
    def mean_ns(self) -> float | None:
        """Of one operation, in a batched run too."""
        return None if self.service.mean_ns is None else self.service.mean_ns / self.batch

    @property
    def measured(self) -> Measured:
        """What targets are held against."""
        return Measured(
            service=self.service,
            failure=self.failure,
            measured_ns=self.record.measured_ns,
            response=self.response,
            lateness=self.lateness,
            errors=sum(self.record.errors.values()),
            unfinished=len(self.record.unfinished_ns),
            unstarted=self.record.unstarted,
            batch=self.batch,
            drained=self.record.drained,
            failed_in_batches=self.record.failed_in_batches,
        )

    @property
    def verdict(self) -> Verdict:
        return verdict(self.record.targets, live=self.live)


class SessionResult(msgspec.Struct, frozen=True, kw_only=True):
    """A session with its runs, in the order in which they were planned."""

    record: SessionRecord
    state: SessionState | Literal["starting"] = "finished"
    snapshot: str | None = None
    """The name that it was saved under, None for an unsaved one."""
    runs: tuple[RunResult, ...] = ()


def from_stored(stored: StoredSession) -> SessionResult:
    """The session from its stored intervals. SnapshotError if they cannot be read."""
    intervals: defaultdict[int, list[IntervalRecord]] = defaultdict(list)
    for interval in stored.intervals:
        intervals[interval.run].append(interval)
    try:
        runs = [_run_of(run, intervals[run.run], stored.state) for run in stored.runs]
    except (HistogramFormatError, ValueError) as error:
        raise SnapshotError(
            f"session {stored.session.id} cannot be read: {error}: it is damaged, remove it"
        ) from error
    cells = cells_of(runs)
    return SessionResult(
        record=stored.session,
        state=stored.state,
        snapshot=stored.snapshot.name if stored.snapshot else None,
        runs=tuple(_decided(run, cells) for run in runs),
    )


def _run_of(run: RunRecord, intervals: list[IntervalRecord], session: SessionState) -> RunResult:
    slots = [(record.first // max(1, record.length), _interval(record)) for record in intervals]
    cut = session != "running" and run.state in _LIVE
    result = RunResult(
        record=run,
        state="interrupted" if cut else run.state,
        service=Histogram.of_intervals((i.service for _, i in slots), run.service),
        response=None
        if run.response is None
        else Histogram.of_intervals((i.response for _, i in slots), run.response),
        lateness=None
        if run.lateness is None
        else Histogram.of_intervals((i.lateness for _, i in slots), run.lateness),
        failure=Histogram.of_intervals((i.failure for _, i in slots), run.failure),
    )
    return _cut_short(result, slots) if cut else result


def _cut_short(result: RunResult, slots: Sequence[tuple[int, Interval]]) -> RunResult:
    """What was found out of the run while it went on is older than its last intervals, and how its
    targets stood was not final."""
    times: dict[TimeName, Histogram] = {"service": result.service, "failure": result.failure}
    if result.response is not None and result.lateness is not None:
        times |= {"response": result.response, "lateness": result.lateness}
    found = look_over(slots, times, result.profile.headline, None)
    record = msgspec.structs.replace(
        result.record,
        reason=result.record.reason or INTERRUPTED,
        neighbours=result.record.neighbours if result.record.phase in _MEASURED else (),
        confidence_ns=found.confidence_ns,
        slowest=found.slowest,
        targets=tuple(map(TargetResult, result.profile.targets)),
    )
    return msgspec.structs.replace(result, record=record)


def _decided(run: RunResult, cells: Cells) -> RunResult:
    """With no target of it open: stored while the run or a cell beside it went on, some may be."""
    is_open = any(target.verdict == "pending" for target in run.record.targets)
    if run.live or not is_open:
        return run
    record = msgspec.structs.replace(run.record, targets=held(run, cells))
    return msgspec.structs.replace(run, record=record)


def held(run: RunResult, cells: Cells) -> tuple[TargetResult, ...]:
    """The profile's targets, judged as those of a run that has ended."""
    siblings = cells.get(group_of(run), ())
    return tuple(
        evaluate(parse_target(text), run.measured, run.profile.headline, cells=siblings)
        for text in run.profile.targets
    )


def _interval(record: IntervalRecord) -> Interval:
    return Interval(
        service=_decoded(record.service),
        response=_decoded(record.response),
        lateness=_decoded(record.lateness),
        failure=_decoded(record.failure),
        errors=record.errors,
        unstarted=record.unstarted,
        in_flight=record.in_flight,
        oldest_ns=record.oldest_ns,
        neighbours=record.neighbours,
        level=record.level,
        health=record.health,
    )


_NONE = IntervalHistogram.of(b"")


def _decoded(encoded: EncodedHistogram | None) -> IntervalHistogram:
    return _NONE if encoded is None else IntervalHistogram.decode(encoded.blob, encoded.moments)
