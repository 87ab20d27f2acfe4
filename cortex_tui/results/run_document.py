"""A run in the JSON document of a session (`results/document.py`)."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from cortex_tui.profiles.model import Length, OnLost
from cortex_tui.results.waits import Waits
from cortex_tui.store.records import BlockCause, StageRecord


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
    """How many of the operations ended after that, or were done by workers in pauses: throughput is
    of the others."""
    drain_ns: int = 0
    """How long those in flight were awaited."""
    operations: int
    """Succeeded in measure."""
    batch: int = 1
    """How many operations were timed as one; above 1, percentiles are of batches."""
    failed_in_batches: int = 0
    """How many failed within batches that were timed: their time is in the mean and the
    percentiles."""
    level: float | None = None
    """The last rate a second, or number of workers, that its load had."""
    marks: list[MarkDocument] = []
    """What a person did to the run or noted."""
    stages: list[StageRecord] = []
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
    """The mean of the headline time, of one operation of a batched run too."""
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
    """When the event loop was blocked, and by what; null where it was not."""
    waits: Waits | None = None
    """Where operations were while they were in flight; null where none was seen."""
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
