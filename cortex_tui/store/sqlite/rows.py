"""Records as rows of the store, and back. What comes back is not trusted: sizes, then types."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import msgspec

from cortex_tui.loads.registry import decode_load
from cortex_tui.protocol.messages import Health
from cortex_tui.stats.moments import Moments
from cortex_tui.store.errors import damaged
from cortex_tui.store.records import (
    EncodedHistogram,
    IntervalRecord,
    LogRecord,
    RunRecord,
    SessionRecord,
)
from cortex_tui.text import encodable

MAX_TEXT_BYTES = 16 * 1024 * 1024
MAX_BLOB_BYTES = 512 * 1024
"""No encoded histogram is longer: 33,792 counts of at most nine bytes."""
MAX_INTERVALS = 10_000
"""Of a run; it is written with an eighth of that at most."""

Row = tuple[Any, ...]
Headline = dict[int, tuple[str, int]]
"""What lists show of a session: by run, the name of its profile and its operations."""
_T = TypeVar("_T")
_TIMES = ("service", "response", "lateness", "failure")
_json = msgspec.json.Encoder()


class _Facts(msgspec.Struct, frozen=True, omit_defaults=True):
    """Of an interval, everything that is no histogram."""

    moments: dict[str, Moments] = {}
    errors: dict[str, int] = {}
    in_flight: int = 0
    oldest_ns: int = 0
    unstarted: int = 0
    neighbours: int = 0
    level: float | None = None
    health: Health = Health()


def session_row(record: SessionRecord, state: str) -> Row:
    return record.id, record.started_at, state, _text(record)


def run_row(session: str, record: RunRecord) -> Row:
    operations = record.service.count * record.batch - record.failed_in_batches
    name = record.profile.full_name
    return session, record.run, name, record.state, operations, _text(record)


def interval_row(session: str, record: IntervalRecord) -> Row:
    times: dict[str, EncodedHistogram] = {
        name: found for name in _TIMES if (found := getattr(record, name)) is not None
    }
    facts = _Facts(
        moments={name: found.moments for name, found in times.items()},
        errors=record.errors,
        in_flight=record.in_flight,
        oldest_ns=record.oldest_ns,
        unstarted=record.unstarted,
        neighbours=record.neighbours,
        level=record.level,
        health=record.health,
    )
    blobs = (times[name].blob if name in times else None for name in _TIMES)
    return session, record.run, record.first, record.length, *blobs, _text(facts)


def session_of(row: Row, path: Path) -> SessionRecord:
    """From (record,)."""
    return _decoded(row[0], SessionRecord, path, "a session")


def run_of(row: Row, path: Path) -> RunRecord:
    """From (record,)."""
    return _decoded(row[0], RunRecord, path, "a run")


def interval_of(row: Row, path: Path) -> IntervalRecord:
    """From (run, first, length, service, response, lateness, failure, facts)."""
    run, first, length, *blobs, text = row
    what = f"interval {first} of run {run}"
    facts = _decoded(text, _Facts, path, what)
    times: dict[str, EncodedHistogram] = {}
    for name, blob in zip(_TIMES, blobs, strict=True):
        moments = facts.moments.get(name)
        if blob is None and moments is None:
            continue
        if not isinstance(blob, bytes) or moments is None:
            raise damaged(path, what, f"its {name} histogram is not whole")
        times[name] = EncodedHistogram(blob, moments)
    if not all(isinstance(number, int) and number >= 0 for number in (run, first, length)):
        raise damaged(path, what, "its place is no number")
    return IntervalRecord(
        run=run,
        first=first,
        length=length,
        service=times.get("service"),
        response=times.get("response"),
        lateness=times.get("lateness"),
        failure=times.get("failure"),
        errors=facts.errors,
        in_flight=facts.in_flight,
        oldest_ns=facts.oldest_ns,
        unstarted=facts.unstarted,
        neighbours=facts.neighbours,
        level=facts.level,
        health=facts.health,
    )


def log_of(row: Row, path: Path) -> LogRecord:
    """From (number, run, stream, text)."""
    number, run, stream, text = row
    fields = {"number": number, "run": run, "stream": stream, "text": text}
    try:
        return msgspec.convert(fields, LogRecord)
    except msgspec.ValidationError as error:
        raise damaged(path, "a log line", error) from error


def headline_of(text: object, path: Path) -> Headline:
    return dict(sorted(_decoded(text, Headline, path, "the list of runs of a session").items()))


def tags_of(text: object, path: Path) -> tuple[str, ...]:
    return _decoded(text, tuple[str, ...], path, "the tags of a snapshot")


def tags_text(tags: tuple[str, ...]) -> str:
    return _text(tags)


def _text(value: object) -> str:
    try:
        return _json.encode(value).decode("utf-8")
    except UnicodeEncodeError:
        return _json.encode(encodable(msgspec.to_builtins(value))).decode("utf-8")


def _decoded(text: object, kind: type[_T], path: Path, what: str) -> _T:
    if not isinstance(text, str):
        raise damaged(path, what, f"expected text, found {type(text).__name__}")
    try:
        return msgspec.json.decode(text, type=kind, dec_hook=decode_load)
    except msgspec.MsgspecError as error:
        raise damaged(path, what, error) from error
