"""The JSON document of a session, schema `cortex-tui/session@1`, as structs: written and read.

All durations are in ns. Within one version of the schema fields are added, never renamed: each that
came after the first release has a default, so that older documents can be read.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from cortex_tui.limits import MAX_DOCUMENT_BYTES
from cortex_tui.profiles.model import Length, OnLost
from cortex_tui.protocol.plan import Variant
from cortex_tui.results.blocked import BlockCause
from cortex_tui.results.run_result import StageResult

SCHEMA = "cortex-tui/session@1"


class DocumentError(Exception):
    """What was read is no such document; the text says why not."""


class TimesDocument(msgspec.Struct, frozen=True, kw_only=True):
    """One of the times of a run. A percentile is None while it has too few samples."""

    min: int | None
    """The shortest; null where nothing was recorded, as for all the following."""
    mean: float | None
    """The arithmetic mean."""
    stddev: float | None
    """The standard deviation."""
    median: int | None
    """The same as p50."""
    iqr: int | None
    """The interquartile range, p75 less p25."""
    outliers: int | None
    """Values more than 1.5 interquartile ranges above p75."""
    p50: int | None
    """Half of the operations took at most that long; so for the other percentiles."""
    p75: int | None
    p90: int | None
    p95: int | None
    p99: int | None
    p99_9: int | None = msgspec.field(name="p99.9")
    p99_99: int | None = msgspec.field(name="p99.99")
    max: int | None
    """The longest."""
    count: int
    """How many values there are; of a batched run, batches."""
    overflow: int
    """Values above an hour, the longest that a histogram holds."""
    samples_missing: dict[str, int]
    """For each percentile that is null, how many more values it needs."""
    histogram: str
    """All values, as HdrHistogram V2 text."""
    confidence_ns: dict[str, tuple[int, int]] | UnsetType = UNSET
    """By percentile, its 95 % confidence interval; not there for several rounds together."""


class TargetDocument(msgspec.Struct, frozen=True, kw_only=True):
    target: str
    """As the profile has it."""
    value: float | None
    """In the unit of its statistic: ns, a number a second, a share or a count."""
    verdict: str
    """`met`, `missed`, `undecided` or `pending`."""
    note: str
    """Why there is no value, or what speaks against trusting it."""
    met: bool | None
    """The verdict as a flag; null while nothing is decided."""
    warn: bool = False
    """Whether missing it is a warning only."""
    more_ns: int | None = None
    """About how much longer the run would have to be to decide it."""


class MarkDocument(msgspec.Struct, frozen=True, kw_only=True):
    offset_ns: int
    """Since measure began."""
    text: str
    """What was done, or noted."""


class ShardDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a run that one of several runners measured."""

    number: int
    """From 1, among those that share the run."""
    runner: int
    """Its number in the session."""
    machine: str = ""
    """Where it ran; empty for the machine of the program."""
    clock_bound_ns: int | None = None
    """How far its machine's clock may be from the program's; null where it is the same clock."""
    state: str
    """That of a run, or `silent` or `lost`."""
    reason: str = ""
    """Why it was lost, or failed."""
    ended_ns: int | None = None
    """When it was lost, since measure began."""
    operations: int
    """Succeeded in measure."""
    errors: int = 0
    """Operations that failed."""
    unstarted: int = 0
    """Arrivals that were not started."""
    unfinished: int = 0
    """Operations that never ended."""
    measured_ns: int
    """For how long operations were started."""
    throughput_per_s: float | None = None
    """Operations that succeeded, a second."""
    times_ns: TimesDocument | None
    """Of the run's headline."""


class UnevennessDocument(msgspec.Struct, frozen=True, kw_only=True):
    """How the p99 of the slowest shard stands to the median of the others' p99."""

    verdict: str
    """`even`, `uneven` or `cannot tell`."""
    slowest: int | None = None
    """The number of the shard with the highest p99."""
    ratio: float | None = None
    """Of its p99 to the median of the others."""
    text: str = ""
    """The same in words."""


class BlockedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """That the event loop was blocked for 25 ms or longer while a run was measured."""

    intervals: int
    """In how many of its intervals."""
    longest_ns: int
    """For how long at most."""
    at_ns: list[int]
    """When the longest of them began, at most five: starts of intervals, since measure began."""
    causes: list[BlockCause]
    """What blocked it in the most intervals, at most five."""


class RunDocument(msgspec.Struct, frozen=True, kw_only=True):
    run: int
    """Its number in the session, from 0."""
    round: int = 1
    """From 1."""
    variant: str = ""
    """The name of the variant that it measured; empty without variants."""
    profile: str
    """The full name, `suite.profile`, with the coordinates of a cell of a matrix."""
    base: str = ""
    """Of a cell of a matrix, the name of its profile."""
    matrix: dict[str, Any] = {}
    """Of a cell of a matrix, its coordinates."""
    tags: list[str] = []
    """Of the profile."""
    summary: str = ""
    """Of the profile: what it measures, in a line."""
    workload: str
    """The built-in name, or `module:attribute`."""
    params: dict[str, Any]
    """Parameters of the workload."""
    load: dict[str, Any]
    """How operations were started; `model` is `closed`, `open` or `staged`."""
    warmup: Length
    """How long to warm up; with `auto_warmup` the longest."""
    auto_warmup: bool = False
    """Whether warm-up ended when the times no longer changed."""
    stop: Length
    """How long to measure."""
    precision: dict[str, Any] | None = None
    """Until which percentile was known how well; null for a run of a fixed length."""
    until_decided: Length | None = None
    """Of a run that lasts until its targets are decided: its own length, which is the least."""
    timeout_ns: int | None = None
    """After which an operation failed."""
    database: str | None = None
    """Where a built-in workload kept its data."""
    alone: bool = False
    """Whether it had to have no neighbours."""
    on_lost: OnLost = "continue"
    """`continue` or `stop`: what a lost process meant for the others."""
    state: str
    """`planned`, `running`, `finished`, `stopped`, `failed` or `interrupted`."""
    reason: str
    """Why it failed."""
    partial: str = ""
    """Which of the processes that shared it was lost, and why; empty for a whole run."""
    verdict: str
    """Of all targets: `met`, `missed`, `undecided`, `pending`, or `none` without targets."""
    verdict_text: str = ""
    """The verdict with the number of neighbours: `met, with 4 neighbours`."""
    neighbours: list[str]
    """The full names of the profiles that were measured at the same time."""
    warmup_ns: int = 0
    """How long warm-up took."""
    warmup_iterations: int = 0
    """How many operations it had."""
    measured_ns: int
    """For how long operations were started, pauses left out."""
    drained: int = 0
    """How many of the operations ended after that."""
    drain_ns: int = 0
    """How long those in flight were awaited."""
    operations: int
    """Succeeded in measure."""
    batch: int = 1
    """How many operations were timed as one; above 1, percentiles are of batches."""
    level: float | None = None
    """The last rate a second, or number of workers, that its load had."""
    marks: list[MarkDocument] = []
    """What a person did to the run or noted."""
    stages: list[StageResult] = []
    """Results of each stage of a load."""
    errors: dict[str, int]
    """Failed operations by exception type."""
    unfinished: int
    """Operations that never ended."""
    unfinished_ns: list[int] = []
    """The ages of the oldest of them."""
    unstarted: int
    """Arrivals that were not started."""
    overflow: int
    """Values above an hour."""
    throughput_per_s: float | None
    """Operations that succeeded within `measured_ns`, a second."""
    mean_ns: float | None = None
    """The mean of one operation, of a batched run too."""
    headline: str
    """Which time speaks for the load: `service` or `response`."""
    flagged: list[str] = []
    """Percentiles from which more operations are missing than lie beyond them."""
    service_ns: TimesDocument | None
    """From start to end; null where nothing succeeded."""
    response_ns: TimesDocument | None
    """From the intended start to the end; null for a closed load."""
    lateness_ns: TimesDocument | None
    """From the intended to the actual start."""
    failure_ns: TimesDocument | None = None
    """How long failed operations took."""
    shards: list[ShardDocument] = []
    """Where several runners share the run."""
    unevenness: UnevennessDocument | None = None
    """How the slowest shard compares to the others; null for one runner."""
    slowest: str = ""
    """What the slowest intervals had in common."""
    blocked: BlockedDocument | None = None
    """When the event loop was blocked, and by what; null where it was not, and in a session that
    was imported, where only the warnings have it."""
    targets: list[TargetDocument]
    """Each target and how it stands."""
    warnings: list[str]
    """What a reader should know before trusting the numbers."""
    traceback: str = ""
    """Of a run that failed as a whole."""
    tracebacks: dict[str, str] = {}
    """The first of each exception type of failed operations."""
    messages: dict[str, str] = {}
    """What the first failure of each exception type said."""


class SpreadDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A statistic by round, None where a round has none; `share` is how far lowest and highest lie
    apart, as a share of their middle."""

    values: list[float | None]
    """By round."""
    share: float | None
    """Of lowest and highest, how far they are apart as a share of their middle."""


class ProfileDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What the rounds of a profile come to together."""

    profile: str
    """The full name."""
    variant: str = ""
    """As in its runs."""
    rounds: list[int]
    """The numbers of the rounds that are in it."""
    operations: int
    """Succeeded in measure, in all rounds."""
    batch: int | None
    """Null where rounds differ in it."""
    measured_ns: int
    """Of all rounds together."""
    throughput_per_s: float | None
    """Operations that succeeded, a second of measuring."""
    mean_ns: float | None
    """The mean of one operation."""
    errors: int
    """Operations that failed."""
    headline: str
    """`service` or `response`."""
    service_ns: TimesDocument | None
    """Of the values of all rounds together."""
    response_ns: TimesDocument | None
    """The same."""
    lateness_ns: TimesDocument | None
    """The same."""
    failure_ns: TimesDocument | None
    """The same."""
    spread: dict[str, SpreadDocument]
    """How far apart the rounds are, by the name of a statistic."""


class SessionDocument(msgspec.Struct, frozen=True, kw_only=True):
    schema: str = SCHEMA
    """The name and version of this document's schema."""
    session: str
    """Its id."""
    snapshot: str | None
    """The name under which it is saved; null where it has none."""
    note: str = ""
    """What a person wrote on it."""
    tags: list[str] = []
    """What a person tagged it with."""
    started_at: str
    """ISO 8601, in UTC."""
    state: str
    """`running`, `finished`, `stopped`, `died` or `interrupted`."""
    placement: str
    """Where it ran, such as `process` or `in-process`."""
    loop: str
    """The event loop: `asyncio` or `uvloop`."""
    timer: str
    """What woke open loads up, such as `timerfd`."""
    one_by_one: bool = False
    """Whether profiles ran one after the other."""
    rounds: int = 1
    """How many were planned; where it could end early, how many there were."""
    variants: list[Variant] = []
    """What was compared, the one that the others are compared with first."""
    seed: int = 0
    """From which the order of the variants in each round was drawn."""
    looks: list[int] = []
    """After which rounds the session could end, since what it compares was decided."""
    clock_cost_ns: float
    """What reading the clock twice adds to every timed operation."""
    await_cost_ns: float = 0.0
    """What awaiting a coroutine that does nothing takes."""
    environment: dict[str, Any]
    """The machine, its system, Python and packages, by name."""
    runs: list[RunDocument]
    """In the order of their numbers."""
    profiles: list[ProfileDocument] | UnsetType = UNSET
    """What the rounds of each come to together; only there with several rounds."""


def write_document(document: SessionDocument) -> bytes:
    """Indented JSON that ends with a line feed."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def read_document(data: bytes) -> SessionDocument:
    """The document in `data`; fields that this version does not know are left out.

    Raises DocumentError for anything else.
    """
    if len(data) > MAX_DOCUMENT_BYTES:
        raise DocumentError(f"longer than {MAX_DOCUMENT_BYTES:,} bytes, which is not read")
    try:
        document = msgspec.json.decode(data, type=SessionDocument)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise DocumentError(f"no document of the schema {SCHEMA}: {error}") from None
    if document.schema != SCHEMA:
        raise DocumentError(f"expected the schema {SCHEMA}, got {document.schema!r:.80}")
    return document
