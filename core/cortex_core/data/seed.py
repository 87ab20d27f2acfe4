"""Fills a database file with generated memories, fast, without an event loop."""

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from os import PathLike, fspath
from pathlib import Path
from typing import Any

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

VERSION = f"{SCHEMA_VERSION}.{stream.REVISION}"
"""Files that were seeded with the same arguments differ only where this does: it belongs in
the name of one that is kept."""


def seed_file(
    path: str | PathLike[str],
    *,
    conversations: int = DEFAULT_COUNT,
    patterns: int = 0,
    seed: int = DEFAULT_SEED,
) -> None:
    """Make the file at `path` with so many generated memories, in place of one there.

    It appears under its name only when it is complete. The file is a database as any other,
    except that its text index is built in one piece: an index that grew by single captures
    is spread over more segments until SQLite has merged them. Blocks the calling thread.
    """
    target = Path(fspath(path))
    partial = target.with_name(target.name + ".partial")
    partial.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(partial, isolation_level=None)) as connection:
            prepare_writer(connection, "NORMAL")
            # Nothing to protect yet: a file that is not finished is thrown away.
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("BEGIN")
            rows = map(to_row, stream.conversations(conversations, seed=seed))
            _fill(connection, "conversations", CONVERSATION_TRIGGERS, SAVE, rows)
            rows = map(pattern_to_row, stream.patterns(patterns, seed=seed))
            _fill(connection, "patterns", PATTERN_TRIGGERS, SAVE_PATTERN, rows)
            connection.execute("COMMIT")
            connection.execute("PRAGMA journal_mode = WAL")
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _fill(
    connection: sqlite3.Connection,
    table: str,
    triggers: Mapping[str, str],
    save: str,
    rows: Iterable[tuple[Any, ...]],
) -> None:
    # One rebuild at the end costs half as much as the triggers do row by row.
    for name in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    connection.executemany(save, rows)
    for command in ("rebuild", "optimize"):
        connection.execute(f"INSERT INTO {table}_text ({table}_text) VALUES (?)", (command,))
    for trigger in triggers.values():
        connection.execute(trigger)
