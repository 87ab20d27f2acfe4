"""Fills a database file with generated memories, fast, without an event loop."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from os import PathLike, fspath
from pathlib import Path

from cortex_core.data import stream
from cortex_core.data.stream import DEFAULT_COUNT, DEFAULT_SEED
from cortex_core.domain.conversation import Conversation
from cortex_core.sqlite.conversations import SAVE, to_row
from cortex_core.sqlite.schema import CONVERSATION_TRIGGERS, prepare_writer


def seed_file(
    path: str | PathLike[str], *, conversations: int = DEFAULT_COUNT, seed: int = DEFAULT_SEED
) -> None:
    """Make the file at `path` with so many generated conversations, in place of one there.

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
            _fill(connection, stream.conversations(conversations, seed=seed))
            connection.execute("COMMIT")
            connection.execute("PRAGMA journal_mode = WAL")
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _fill(connection: sqlite3.Connection, rows: Iterable[Conversation]) -> None:
    # One rebuild at the end costs half as much as the triggers do row by row.
    for name in CONVERSATION_TRIGGERS:
        connection.execute(f"DROP TRIGGER {name}")
    connection.executemany(SAVE, map(to_row, rows))
    connection.execute("INSERT INTO conversations_text (conversations_text) VALUES ('rebuild')")
    for trigger in CONVERSATION_TRIGGERS.values():
        connection.execute(trigger)
