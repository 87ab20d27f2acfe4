"""What a store holds, as plain frozen data. Needs no numpy: histograms stay encoded.

Times are integer nanoseconds; moments of the day are UTC texts in ISO 8601.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

import msgspec

from cortex_tui.profiles.model import Profile
from cortex_tui.protocol.lifecycle import Phase, RunState, ShardState
from cortex_tui.protocol.messages import Health
from cortex_tui.protocol.plan import INTERVAL_NS, Variant
from cortex_tui.stats.moments import EMPTY, Moments
from cortex_tui.stats.targets import TargetResult, Verdict
from cortex_tui.store.writer import Writer

SessionEnd = Literal["finished", "stopped", "died", "interrupted"]
"""`stopped`: the session was stopped before all its runs had ended. `interrupted` is what became of
a session whose writer is gone, and is written only of one that was imported so."""
SessionState = Literal["running", SessionEnd]


UNREADABLE = (msgspec.MsgspecError, OverflowError, RecursionError, TypeError, ValueError)
"""What decoding a record may raise that somebody else has written."""


def refuse_endless_numbers(record: object) -> None:
    """Raises OverflowError for a record with a whole number of more than 64 bits: JSON can have
    them, and nothing that is measured or drawn can."""
    msgspec.msgpack.encode(record)


IMPORTED = "import"
"""The placement of a session that another program measured."""


class SessionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A session as it is known when it begins."""

    id: str
    started_at: str
    placement: str = "process"
    loop: str = ""
    timer: str = ""
    one_by_one: bool = False
    rounds: int = 1
    """How many were planned; of a session with looks, how many there were."""
    variants: tuple[Variant, ...] = ()
    """What was compared, the one that the others are compared with first."""
    seed: int = 0
    """From which the order of the variants in each round was drawn."""
    looks: tuple[int, ...] = ()
    """After which rounds it could end, since all was decided; the last is the most rounds that
    there could be. Empty where all rounds were to be run."""
    interval_ns: int = INTERVAL_NS
    clock_cost_ns: float = 0.0
    """What reading the clock twice adds to every timed operation."""
    await_cost_ns: float = 0.0
    """What awaiting a coroutine that does nothing takes."""
    environment: dict[str, Any] = {}
    writer: Writer = Writer(0)


class MarkRecord(msgspec.Struct, frozen=True, array_like=True):
    """Something that a person did to a run, `offset_ns` after measure began."""

    offset_ns: int
    text: str


class StageRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured in one stage of a load that changes over time; times are the headline's.

    The intervals of a run are its finest record: each counts for the stage in which its middle
    lies.
    """

    from_ns: int
    """Since measure began, pauses left out."""
    until_ns: int
    """The same of its end."""
    from_level: float
    """The rate a second, or the number of workers, at its beginning."""
    until_level: float
    """The same at its end."""
    operations: int
    """Succeeded in it: those that ended after the window are in none."""
    errors: int
    """Operations that failed."""
    throughput_per_s: float | None
    """Operations that succeeded, a second."""
    percentiles_ns: dict[str, int | None]
    """None while samples are too few."""
    samples_missing: dict[str, int]
    """For each percentile that is None, how many more samples it needs."""
    max_ns: int | None
    """The longest."""


class BlockCause(msgspec.Struct, frozen=True):
    """What blocked the event loop of a run in some of its intervals."""

    cause: str
    """Such as `at prices.py:21 in lookup`; empty for those of which it is not known."""
    intervals: int
    """In how many."""
    longest_ns: int
    """For how long at most."""

    @property
    def words(self) -> str:
        return self.cause or "not known"


class BlocksRecord(msgspec.Struct, frozen=True, kw_only=True):
    """That the event loop of a run was blocked, where its intervals do not tell."""

    intervals: int
    """In how many intervals, as they were measured."""
    longest_ns: int
    """For how long at most."""
    at_ns: tuple[int, ...] = ()
    """When the longest of them began, since measure did."""
    causes: tuple[BlockCause, ...] = ()
    """What blocked it in the most of them."""


class ShardRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a run that one of several runners measured."""

    runner: int
    """Its number in the session."""
    machine: str = ""
    clock_bound_ns: int | None = None
    """How far its machine's clock may have been from the session's."""
    state: ShardState | None = None
    """None where it was as the run was."""
    reason: str = ""
    ended_ns: int | None = None
    """When it was lost, on the run's clock from the start of measure."""
    measured_ns: int = 0
    """0 where that is the run's."""
    succeeded: int = 0
    """Values of operations that succeeded: each stands for a batch. So does each of `drained`."""
    drained: int = 0
    errors: int = 0
    failed_in_batches: int = 0
    failed_in_drain: int = 0
    """Those of them that are in the values of `drained`."""
    unstarted: int = 0
    unfinished: int = 0
    headline: EncodedHistogram
    """All of its times, of the kind that speaks for the run."""


SUMMARY_ONLY = "no samples: the file holds only the summary"
"""How the warning begins that an imported run without samples has."""


class RunRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A run with its totals so far. `response` and `lateness` are None in a closed load."""

    run: int
    profile: Profile
    neighbours: tuple[str, ...] = ()
    state: RunState = "planned"
    round: int = 1
    variant: str = ""
    """The name of the variant that it is a run of; runs are numbered in the order in which they
    were run, so number, round and variant are all that a paired comparison needs."""
    phase: Phase | None = None
    batch: int = 1
    """How many operations each value stands for."""
    level: float | None = None
    """The rate a second, or the number of workers, that was reached."""
    marks: tuple[MarkRecord, ...] = ()
    warmup_ns: int = 0
    """How long warm-up took in the end, and `warmup_iterations` how many operations."""
    warmup_iterations: int = 0
    reason: str = ""
    partial: str = ""
    """Which of its processes was lost, and why, while others went to the end."""
    shards: tuple[ShardRecord, ...] = ()
    """What each of several runners has measured of it, in order; empty for one that had it to
    itself. Versions that did not know of them have none."""
    traceback: str = ""
    """Of a run that failed as a whole."""
    tracebacks: dict[str, str] = {}
    """The first of each exception type of failed operations."""
    texts: dict[str, str] = {}
    """What those exceptions said."""
    measured_ns: int = 0
    drain_ns: int = 0
    drained: int = 0
    """Operations that succeeded after the window of `measured_ns`, or that workers did in pauses.
    Versions that did not know of it had the drain in `measured_ns`."""
    failed_in_batches: int = 0
    errors: dict[str, int] = {}
    unfinished_ns: tuple[int, ...] = ()
    """The ages of operations that never ended, the oldest of them."""
    unfinished_more: int = 0
    """How many others never ended."""
    unstarted: int = 0
    waits: dict[str, int] = {}
    """Where operations in flight were seen, and how many at each place; "" for further places."""
    warnings: tuple[str, ...] = ()
    targets: tuple[TargetResult, ...] = ()
    service: Moments = EMPTY
    response: Moments | None = None
    lateness: Moments | None = None
    failure: Moments = EMPTY
    confidence_ns: dict[str, dict[str, tuple[int, int]]] = {}
    """By time and percentile: the bounds of the 95 % confidence interval."""
    slowest: str = ""
    """What the slowest intervals had in common."""
    statistics: dict[str, float] = {}
    """Of the headline time in ns, such as `p50`, `p99`, `mean` and `max`, those that the run has
    enough operations for; and `throughput` a second. Versions that did not know of it have none."""
    interrupted: bool = False
    """Of an imported run, which is `stopped`, too: whether its process ended before it did."""
    known_stages: tuple[StageRecord, ...] = ()
    """Of an imported run, those of its load: its intervals are coarser than they are."""
    known_blocks: BlocksRecord | None = None
    """Of an imported run, for the same reason."""


class EncodedHistogram(msgspec.Struct, frozen=True):
    """A histogram in the V2 encoding, and the moments that it cannot hold."""

    blob: bytes
    moments: Moments


class IntervalRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A slice of a run: [first, first + length) in units of the session's `interval_ns`.

    A histogram without values is None.
    """

    run: int
    first: int
    length: int = 1
    service: EncodedHistogram | None = None
    response: EncodedHistogram | None = None
    lateness: EncodedHistogram | None = None
    failure: EncodedHistogram | None = None
    errors: dict[str, int] = {}
    in_flight: int = 0
    oldest_ns: int = 0
    unstarted: int = 0
    neighbours: int = 0
    level: float | None = None
    health: Health = Health()
    drained: int = 0
    """Operations that succeeded after the window, or that workers did in pauses. Versions that did
    not know of it have none; the same holds for the next."""
    failed_in_batches: int = 0
    """Operations that failed within the values of `service`."""


class LogRecord(msgspec.Struct, frozen=True):
    """A line that a workload printed; `number` counts the lines of the session."""

    number: int
    run: int
    stream: str
    text: str
    offset_ns: int | None = None
    """When, since the session's start; None where an older version wrote it."""


class SessionBatch(msgspec.Struct, frozen=True, kw_only=True):
    """What has changed since the last batch that was written. It may be written twice."""

    session: str
    runs: tuple[RunRecord, ...] = ()
    intervals: Iterable[IntervalRecord] = ()
    """May be encoded each time that they are gone over: those of a long run are megabytes, so none
    are kept longer than needed. Each stands in place of all that lie within it: neighbours were
    merged in pairs."""
    rewritten: tuple[int, ...] = ()
    """Runs whose intervals here replace all earlier ones."""
    log: tuple[LogRecord, ...] = ()


class SnapshotEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A name, and what it points at. Notes and tags belong to the session."""

    name: str
    session: str
    run: int | None
    """None for the whole session."""
    baseline: bool = False
    """Whether it can be pointed at another session."""
    note: str = ""
    tags: tuple[str, ...] = ()
    created_at: str = ""
    started_at: str = ""
    state: SessionState = "finished"
    profiles: tuple[str, ...] = ()
    """The name of each run's profile."""
    operations: int = 0
    """Succeeded, over all those profiles."""
    revision: str = ""
    """The commit of the working folder; "" where it is not known."""


class SessionEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A session in the store; without names it is an unsaved one."""

    id: str
    started_at: str
    state: SessionState
    profiles: tuple[str, ...] = ()
    operations: int = 0
    names: tuple[str, ...] = ()
    note: str = ""
    tags: tuple[str, ...] = ()
    revision: str = ""


class SessionVerdict(NamedTuple):
    """What the runs of a session came to; each run counts once."""

    verdict: Verdict = "none"
    """The worst of the targets of those that did not fail."""
    failed: int = 0
    """How many failed."""


class StoredSession(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is stored of a session, or of the one run that a snapshot names."""

    session: SessionRecord
    state: SessionState
    runs: tuple[RunRecord, ...] = ()
    intervals: tuple[IntervalRecord, ...] = ()
    """By run, in order of time. They may be of several lengths: those of a run are merged in pairs,
    and while it lasts some are stored as the halves that they were."""
    log: tuple[LogRecord, ...] = ()
    note: str = ""
    tags: tuple[str, ...] = ()
    snapshot: SnapshotEntry | None = None
    """The name under which it was asked for."""
