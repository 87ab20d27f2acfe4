"""The JSON document of a session, schema `cortex-tui/session@1`, as structs: written and read.

All durations are in ns. Within one version of the schema fields are added, never renamed: each that
came after the first release has a default, so that older documents can be read.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from cortex_tui.limits import MAX_DOCUMENT_BYTES
from cortex_tui.protocol.plan import Variant
from cortex_tui.results.run_document import RunDocument, TimesDocument

SCHEMA = "cortex-tui/session@1"


class DocumentError(Exception):
    """What was read is no such document; the text says why not."""


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
    """The mean of the headline time, of one operation."""
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
