"""The intervals of a session as CSV (RFC 4180, UTF-8), in and out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from cortex_tui.formats.checks import MAX_NAME_CHARS
from cortex_tui.formats.interval_rows import COLUMNS, LACKS, NEEDED, rows_of, session_of_rows
from cortex_tui.formats.port import Format, FormatError, Origin, Recording
from cortex_tui.store.records import StoredSession
from cortex_tui.text import one_line

_TEXTS = frozenset(
    {"started_at", "profile", "variant", "time", "histogram", "partial", "state", "reason"}
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MAX_FIELD_CHARS = 1 << 20


def as_cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula (OWASP, CSV injection): what begins like one
    gets an apostrophe, and control characters are shown as what they are."""
    text = one_line(text)
    return f"'{text}" if text.startswith(_FORMULA) else text


def from_cell(text: str) -> str:
    """The text of which `as_cell` made this."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def _write(recording: Recording) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in rows_of(recording):
        writer.writerow(
            [as_cell(value) if isinstance(value, str) else value for value in row.values()]
        )
    return out.getvalue().encode("utf-8", "backslashreplace")


def _read(data: bytes, origin: Origin) -> StoredSession:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(f"no CSV in UTF-8: byte {error.start} is none of it") from None
    return session_of_rows(data, _rows(text), origin)


def _rows(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    csv.field_size_limit(_MAX_FIELD_CHARS)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        title = next(reader, [])
        missing = [name for name in NEEDED if name not in title]
        if missing:
            raise FormatError(f"line 1: expected the column {missing[0]}")
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(title):
                raise FormatError(
                    f"line {reader.line_num}: expected {len(title)} cells, got {len(cells)}"
                )
            row = dict(zip(title, cells, strict=True))
            yield reader.line_num, {name: _value(name, cell) for name, cell in row.items()}
    except csv.Error as error:
        raise FormatError(f"line {reader.line_num}: {error}") from None


def _value(name: str, cell: str) -> Any:
    if name in _TEXTS:
        return from_cell(cell)
    if cell == "" or len(cell) > MAX_NAME_CHARS:
        return None
    try:
        return int(cell)
    except ValueError:
        pass
    try:
        return float(cell)
    except ValueError:
        return cell


def _recognises(name: str, head: bytes) -> bool:
    return name.endswith(".csv")


FORMAT = Format(
    "csv",
    ".csv",
    "the intervals as a table, one row for each time of each run",
    LACKS,
    write=_write,
    read=_read,
    recognises=_recognises,
)
