"""Records as rows of the store, and back. What comes back is not trusted: sizes, then types."""

from __future__ import annotations

import hashlib  # noqa: F401  (for `Profile.definition`: not first while a run is measured)
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from cortex_tui.loads.registry import decode_load
from cortex_tui.protocol.messages import Health
from cortex_tui.protocol.plan import Variant
from cortex_tui.stats.moments import Moments
from cortex_tui.stats.targets import TargetResult
from cortex_tui.store.errors import TO_DO, SnapshotError, damaged
from cortex_tui.store.library import MeasuredRun, NoiseRecord, RunFacts
from cortex_tui.store.records import (
    UNREADABLE,
    EncodedHistogram,
    IntervalRecord,
    LogRecord,
    RunRecord,
    SessionRecord,
    refuse_endless_numbers,
)
from cortex_tui.text import as_reason, encodable

Row = tuple[Any, ...]
_T = TypeVar("_T")
_TIMES = ("service", "response", "lateness", "failure")
_json = msgspec.json.Encoder()
_LONG_NUMBER = re.compile(r"\d{20}")


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
    drained: int = 0
    failed_in_batches: int = 0


def session_row(record: SessionRecord, state: str) -> Row:
    return record.id, record.started_at, state, _text(record)


def revision_of(record: SessionRecord) -> str:
    """The commit of the working folder, "" where it is not known."""
    return str(encodable(str(record.environment.get("git_commit", ""))))


def run_row(session: str, record: RunRecord) -> Row:
    name = record.profile.full_name
    return session, record.run, name, record.state, _operations(record), _text(record)


def measured_row(session: str, record: RunRecord) -> Row:
    facts = RunFacts(
        state=record.state,
        round=record.round,
        variant=record.variant,
        definition=record.profile.definition,
        neighbours=record.neighbours,
        operations=_operations(record),
        batch=record.batch,
        primary=record.profile.primary,
        partial=bool(record.partial),
        statistics=record.statistics,
    )
    return record.profile.full_name, session, record.run, _text(facts)


def _operations(record: RunRecord) -> int:
    return record.service.count * record.batch - record.failed_in_batches


def interval_row(session: str, record: IntervalRecord) -> Row:
    times = (record.service, record.response, record.lateness, record.failure)
    facts = _Facts(
        moments={
            name: found.moments
            for name, found in zip(_TIMES, times, strict=True)
            if found is not None
        },
        errors=record.errors,
        in_flight=record.in_flight,
        oldest_ns=record.oldest_ns,
        unstarted=record.unstarted,
        neighbours=record.neighbours,
        level=record.level,
        health=record.health,
        drained=record.drained,
        failed_in_batches=record.failed_in_batches,
    )
    blobs = [None if found is None else found.blob for found in times]
    return session, record.run, record.first, record.length, *blobs, _text(facts)


def session_of(row: Row, path: Path, session: str) -> SessionRecord:
    """From (record,) of the session with that id."""
    return _decoded(row[0], SessionRecord, path, f"session {session}")


def run_of(row: Row, path: Path, session: str) -> RunRecord:
    """From (record,)."""
    return _decoded(row[0], RunRecord, path, f"a run of session {session}")


def interval_of(row: Row, path: Path, session: str) -> IntervalRecord:
    """From (run, first, length, service, response, lateness, failure, facts)."""
    run, first, length, *blobs, text = row
    what = f"interval {first} of run {run} of session {session}"
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
        drained=facts.drained,
        failed_in_batches=facts.failed_in_batches,
    )


def log_of(row: Row, path: Path, session: str) -> LogRecord:
    """From (number, run, stream, text, offset_ns)."""
    fields = dict(zip(("number", "run", "stream", "text", "offset_ns"), row, strict=True))
    try:
        return msgspec.convert(fields, LogRecord)
    except msgspec.ValidationError as error:
        raise damaged(path, f"a log line of session {session}", error) from error


def measured_of(row: Row, path: Path) -> MeasuredRun:
    """From (session, run, started_at, revision, record of the session, facts)."""
    session, run, started_at, revision, record, facts = row
    what = f"run {run} of session {session}"
    try:
        known = session_of((record,), path, session)
        found = _decoded(facts, RunFacts, path, what) if facts else None
    except SnapshotError as error:
        return MeasuredRun(session=session, run=run, started_at=started_at, unreadable=str(error))
    return MeasuredRun(
        session=session,
        run=run,
        started_at=started_at,
        revision=revision,
        environment=known.environment,
        loop=known.loop,
        placement=known.placement,
        as_it_is=("", *(each.name for each in known.variants if _is_as_it_is(each, known))),
        facts=found,
    )


def _is_as_it_is(variant: Variant, session: SessionRecord) -> bool:
    """Whether it is the code of the working folder, with nothing changed for it."""
    unchanged = Variant(name=variant.name, revision=variant.revision, dirty=variant.dirty)
    commit, dirty = revision_of(session), bool(session.environment.get("git_dirty"))
    return variant == unchanged and variant.revision in ("", commit) and variant.dirty == dirty


def noise_row(record: NoiseRecord) -> Row:
    return record.profile, record.machine, _text(record)


def noise_of(row: Row, path: Path) -> NoiseRecord:
    """From (profile, machine, bytes of the record)."""
    profile, machine, data = row
    # Bytes that are no text would keep SQLite from reading the others.
    text = data.decode("utf-8", "backslashreplace") if isinstance(data, bytes) else data
    try:
        return _decoded(text, NoiseRecord, path, f"the noise of {_noisy(text) or profile}")
    except SnapshotError as error:
        reason = str(error).removesuffix(f": {TO_DO}")
        return NoiseRecord(profile=str(profile), machine=str(machine), unreadable=reason)


class _Named(msgspec.Struct, frozen=True):
    name: str = ""


def _noisy(text: object) -> str:
    """The name of the profile in a record of noise, "" where not even that can be read."""
    try:
        return _decoded(text, _Named, Path(), "a name").name
    except SnapshotError:
        return ""


def targets_of(text: object) -> tuple[TargetResult, ...]:
    """The results of a run's targets; none where they cannot be read: lists must stay usable."""
    try:
        return _decoded(text, tuple[TargetResult, ...], Path(), "targets")
    except SnapshotError:
        return ()


def texts_of(text: object, path: Path) -> tuple[str, ...]:
    """A list of texts, such as tags."""
    return _decoded(text, tuple[str, ...], path, "a list of texts")


def texts_text(texts: Sequence[str]) -> str:
    return _text(texts)


def _text(value: object) -> str:
    try:
        return _json.encode(value).decode("utf-8")
    except UnicodeEncodeError:
        return _json.encode(encodable(msgspec.to_builtins(value))).decode("utf-8")


def _decoded(text: object, kind: type[_T], path: Path, what: str) -> _T:
    if not isinstance(text, str):
        raise damaged(path, what, f"expected text, found {type(text).__name__}")
    try:
        found = msgspec.json.decode(text, type=kind, dec_hook=decode_load)
        if _LONG_NUMBER.search(text):
            refuse_endless_numbers(found)
    except UNREADABLE as error:
        raise damaged(path, what, as_reason(str(error))) from error
    return found
