"""Fills a database file with generated memories, fast, without an event loop."""

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from os import PathLike
from pathlib import Path
from typing import Any

from cortex_core.addresses import file_path
from cortex_core.data import stream
from cortex_core.data.stream import DEFAULT_COUNT, DEFAULT_SEED
from cortex_core.sqlite.conversations import SAVE, to_row
from cortex_core.sqlite.patterns import SAVE_PATTERN, pattern_to_row
from cortex_core.sqlite.schema import (
    CONVERSATION_TRIGGERS,
    PATTERN_TRIGGERS,
    SCHEMA_VERSION,
    prepare_writer,
)

Row = tuple[Any, ...]

Progress = Callable[[str, int, int], None]
"""Called with what is being written, how much of it is done, and how much there is in all."""

_REPORT_EVERY = 1_000

VERSION = f"{SCHEMA_VERSION}.{stream.REVISION}"
"""Files that were seeded with the same arguments differ only where this does: it belongs in
the name of one that is kept."""


def seed_file(
    path: str | PathLike[str],
    *,
    conversations: int = DEFAULT_COUNT,
    patterns: int = 0,
    seed: int = DEFAULT_SEED,
    progress: Progress = lambda what, done, total: None,
) -> None:
    """Make the file at `path` with generated memories; a file that is there is replaced.

    It appears under its name only when it is complete. The file is a database as any other,
    except that its text index is built in one piece: an index that grew by single captures
    is spread over more segments until SQLite has merged them. Blocks the calling thread, and
    calls `progress` on it.
    """
    target = Path(file_path(path))
    partial = target.with_name(f"{target.name}.{os.getpid()}.partial")
    partial.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(partial, isolation_level=None)) as connection:
            prepare_writer(connection, "NORMAL")
            # Nothing to protect yet: a file that is not finished is thrown away.
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("BEGIN")
            if conversations:
                rows = map(to_row, stream.conversations(conversations, seed=seed))
                reported = _reporting(rows, "conversations", conversations, progress)
                _fill(connection, "conversations", CONVERSATION_TRIGGERS, SAVE, reported, progress)
            if patterns:
                rows = map(pattern_to_row, stream.patterns(patterns, seed=seed))
                reported = _reporting(rows, "patterns", patterns, progress)
                _fill(connection, "patterns", PATTERN_TRIGGERS, SAVE_PATTERN, reported, progress)
            connection.execute("COMMIT")
            connection.execute("PRAGMA journal_mode = WAL")
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _reporting(rows: Iterable[Row], what: str, total: int, progress: Progress) -> Iterator[Row]:
    """The rows, and reports progress while they are taken."""
    for done, row in enumerate(rows):
        if done % _REPORT_EVERY == 0:
            progress(what, done, total)
        yield row
    progress(what, total, total)


def _fill(
    connection: sqlite3.Connection,
    table: str,
    triggers: Mapping[str, str],
    save: str,
    rows: Iterable[Row],
    progress: Progress,
) -> None:
    # One rebuild at the end costs half as much as the triggers do row by row.
    for name in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    connection.executemany(save, rows)
    commands = ("rebuild", "optimize")
    for done, command in enumerate(commands):
        progress(f"text index of {table}", done, len(commands))
        connection.execute(f"INSERT INTO {table}_text ({table}_text) VALUES (?)", (command,))
    progress(f"text index of {table}", len(commands), len(commands))
    for trigger in triggers.values():
        connection.execute(trigger)
