"""The intervals of a session as JSON Lines, in and out: an object a line, as the CSV has rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from cortex_tui.formats.importing import decoded
from cortex_tui.formats.interval_rows import LACKS, rows_of, session_of_rows
from cortex_tui.formats.port import Format, FormatError, Origin, Recording
from cortex_tui.store.records import StoredSession
from cortex_tui.text import encodable


def _write(recording: Recording) -> bytes:
    return msgspec.json.Encoder().encode_lines(map(encodable, rows_of(recording)))


def _read(data: bytes, origin: Origin) -> StoredSession:
    return session_of_rows(data, _rows(data), origin)


def _rows(data: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        row = decoded(line, f"JSON in line {number}")
        if not isinstance(row, dict):
            raise FormatError(f"line {number}: expected an object")
        yield number, row


def _recognises(name: str, head: bytes) -> bool:
    return name.endswith((".jsonl", ".ndjson")) and b'"histogram"' in head


FORMAT = Format(
    "jsonl",
    ".jsonl",
    "the intervals as objects, one a line, for each time of each run",
    LACKS,
    write=_write,
    read=_read,
    recognises=_recognises,
)
