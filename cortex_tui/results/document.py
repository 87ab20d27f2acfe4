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
from cortex_tui.results.run_result import StageResult

SCHEMA = "cortex-tui/session@1"


class DocumentError(Exception):
    """What was read is no such document; the text says why not."""


class TimesDocument(msgspec.Struct, frozen=True, kw_only=True):
    """One of the times of a run. A percentile is None while it has too few samples."""

    min: int | None
    mean: float | None
    stddev: float | None
    median: int | None
    iqr: int | None
    outliers: int | None
    p50: int | None
    p75: int | None
    p90: int | None
    p95: int | None
    p99: int | None
    p99_9: int | None = msgspec.field(name="p99.9")
    p99_99: int | None = msgspec.field(name="p99.99")
    max: int | None
    count: int
    overflow: int
    samples_missing: dict[str, int]
    histogram: str
    """HdrHistogram V2 text."""
    confidence_ns: dict[str, tuple[int, int]] | UnsetType = UNSET
    """By percentile, its 95 % confidence interval; not there for several rounds together."""


class TargetDocument(msgspec.Struct, frozen=True, kw_only=True):
    target: str
    value: float | None
    verdict: str
    note: str
    met: bool | None
    warn: bool = False
    more_ns: int | None = None
    """About how much longer the run would have to be to decide it."""


class MarkDocument(msgspec.Struct, frozen=True, kw_only=True):
    offset_ns: int
    text: str


class ShardDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a run that one of several runners measured."""

    number: int
    """From 1, among those that share the run."""
    runner: int
    machine: str = ""
    clock_bound_ns: int | None = None
    state: str
    reason: str = ""
    ended_ns: int | None = None
    operations: int
    errors: int = 0
    unstarted: int = 0
    unfinished: int = 0
    measured_ns: int
    throughput_per_s: float | None = None
    times_ns: TimesDocument | None
    """Of the run's headline."""


class UnevennessDocument(msgspec.Struct, frozen=True, kw_only=True):
    """How the p99 of the slowest shard stands to the median of the others' p99."""

    verdict: str
    slowest: int | None = None
    ratio: float | None = None
    text: str = ""


class RunDocument(msgspec.Struct, frozen=True, kw_only=True):
    run: int
    round: int = 1
    variant: str = ""
    profile: str
    base: str = ""
    matrix: dict[str, Any] = {}
    tags: list[str] = []
    summary: str = ""
    workload: str
    params: dict[str, Any]
    load: dict[str, Any]
    warmup: Length
    auto_warmup: bool = False
    stop: Length
    precision: dict[str, Any] | None = None
    until_decided: Length | None = None
    """Of a run that lasts until its targets are decided: its own length, which is the least."""
    timeout_ns: int | None = None
    database: str | None = None
    alone: bool = False
    on_lost: OnLost = "continue"
    state: str
    reason: str
    partial: str = ""
    verdict: str
    verdict_text: str = ""
    """The verdict with the number of neighbours: `met, with 4 neighbours`."""
    neighbours: list[str]
    warmup_ns: int = 0
    warmup_iterations: int = 0
    measured_ns: int
    drained: int = 0
    drain_ns: int = 0
    operations: int
    batch: int = 1
    level: float | None = None
    marks: list[MarkDocument] = []
    stages: list[StageResult] = []
    errors: dict[str, int]
    unfinished: int
    unfinished_ns: list[int] = []
    unstarted: int
    overflow: int
    throughput_per_s: float | None
    mean_ns: float | None = None
    headline: str
    flagged: list[str] = []
    service_ns: TimesDocument | None
    response_ns: TimesDocument | None
    lateness_ns: TimesDocument | None
    failure_ns: TimesDocument | None = None
    shards: list[ShardDocument] = []
    """Where several runners share the run."""
    unevenness: UnevennessDocument | None = None
    slowest: str = ""
    targets: list[TargetDocument]
    warnings: list[str]
    traceback: str = ""
    tracebacks: dict[str, str] = {}
    messages: dict[str, str] = {}


class SpreadDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A statistic by round, None where a round has none; `share` is how far lowest and highest lie
    apart, as a share of their middle."""

    values: list[float | None]
    share: float | None


class ProfileDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What the rounds of a profile come to together."""

    profile: str
    variant: str = ""
    rounds: list[int]
    operations: int
    batch: int | None
    measured_ns: int
    throughput_per_s: float | None
    mean_ns: float | None
    errors: int
    headline: str
    service_ns: TimesDocument | None
    response_ns: TimesDocument | None
    lateness_ns: TimesDocument | None
    failure_ns: TimesDocument | None
    spread: dict[str, SpreadDocument]


class SessionDocument(msgspec.Struct, frozen=True, kw_only=True):
    schema: str = SCHEMA
    session: str
    snapshot: str | None
    note: str = ""
    tags: list[str] = []
    started_at: str
    state: str
    placement: str
    loop: str
    timer: str
    one_by_one: bool = False
    rounds: int = 1
    variants: list[Variant] = []
    seed: int = 0
    looks: list[int] = []
    """After which rounds the session could end, since what it compares was decided."""
    clock_cost_ns: float
    await_cost_ns: float = 0.0
    environment: dict[str, Any]
    runs: list[RunDocument]
    profiles: list[ProfileDocument] | UnsetType = UNSET
    """Only there with several rounds."""


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
