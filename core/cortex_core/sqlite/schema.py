"""The file's schema, and the way from any older version to this one."""

import sqlite3
from collections.abc import Sequence
from typing import Literal

from cortex_core.errors import ForeignFileError, NewerSchemaError

APPLICATION_ID = 0x43545843
"""Marks the file as ours ("CTXC"), so that no other program's database is written to."""

Synchronous = Literal["NORMAL", "FULL"]


def _text_triggers(table: str, heading: str) -> dict[str, str]:
    """What keeps the text index of a table in step with it, by the names of the triggers."""
    add = f"""
        INSERT INTO {table}_text (rowid, {heading}, content)
        VALUES (new.key, new.{heading}, new.content);
    """
    remove = f"""
        INSERT INTO {table}_text ({table}_text, rowid, {heading}, content)
        VALUES ('delete', old.key, old.{heading}, old.content);
    """
    changed = f"old.{heading} IS NOT new.{heading} OR old.content IS NOT new.content"
    return {
        f"{table}_inserted": f"""
            CREATE TRIGGER {table}_inserted AFTER INSERT ON {table} BEGIN {add} END
        """,
        f"{table}_deleted": f"""
            CREATE TRIGGER {table}_deleted AFTER DELETE ON {table} BEGIN {remove} END
        """,
        f"{table}_rewritten": f"""
            CREATE TRIGGER {table}_rewritten AFTER UPDATE OF {heading}, content ON {table}
            WHEN {changed} BEGIN {remove} {add} END
        """,
    }


_CONVERSATIONS = (
    """
    CREATE TABLE conversations (
        key INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        namespace TEXT NOT NULL,
        quality REAL NOT NULL,
        captured_at_us INTEGER NOT NULL,
        created_at_us INTEGER NOT NULL,
        updated_at_us INTEGER NOT NULL,
        turn_count INTEGER NOT NULL,
        entity_count INTEGER NOT NULL,
        file_path TEXT,
        title TEXT NOT NULL,
        content TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX conversations_recent ON conversations (captured_at_us)",
    "CREATE INDEX conversations_recent_in ON conversations (namespace, captured_at_us)",
    """
    CREATE VIRTUAL TABLE conversations_text USING fts5 (
        title, content, content = 'conversations', content_rowid = 'key',
        tokenize = 'unicode61', detail = full
    )
    """,
)

CONVERSATION_TRIGGERS = _text_triggers("conversations", "title")

_PATTERNS = (
    """
    CREATE TABLE patterns (
        key INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        namespace TEXT NOT NULL,
        type TEXT NOT NULL,
        confidence REAL NOT NULL,
        observation_count INTEGER NOT NULL,
        success_rate REAL NOT NULL,
        learned_at_us INTEGER NOT NULL,
        created_at_us INTEGER NOT NULL,
        updated_at_us INTEGER NOT NULL,
        source_conversation_id TEXT,
        tags TEXT NOT NULL,
        examples TEXT NOT NULL,
        related_ids TEXT NOT NULL,
        name TEXT NOT NULL,
        content TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX patterns_trusted ON patterns (confidence)",
    "CREATE INDEX patterns_trusted_in ON patterns (namespace, confidence)",
    "CREATE INDEX patterns_source ON patterns (source_conversation_id)",
    """
    CREATE VIRTUAL TABLE patterns_text USING fts5 (
        name, content, content = 'patterns', content_rowid = 'key',
        tokenize = 'unicode61', detail = full
    )
    """,
)

PATTERN_TRIGGERS = _text_triggers("patterns", "name")

_CONTEXT_ITEMS = (
    """
    CREATE TABLE context_items (
        key INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        namespace TEXT NOT NULL,
        relevance REAL NOT NULL,
        tier INTEGER NOT NULL,
        source_id TEXT,
        relevance_reason TEXT,
        created_at_us INTEGER NOT NULL,
        content TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX context_items_relevant ON context_items (relevance)",
)

_MIGRATIONS: Sequence[Sequence[str]] = (
    (*_CONVERSATIONS, *CONVERSATION_TRIGGERS.values()),
    (*_PATTERNS, *PATTERN_TRIGGERS.values(), *_CONTEXT_ITEMS),
)
"""The statements that lead from each version to the next; the first from an empty file."""

SCHEMA_VERSION = len(_MIGRATIONS)


def prepare_writer(connection: sqlite3.Connection, synchronous: Synchronous) -> None:
    """Make the file ready for writing: refuse a foreign one, set it up, bring it up to date.

    The checks come first: even the change to WAL writes to the file.
    """
    _refuse_foreign(connection)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute("PRAGMA foreign_keys = ON")
    # With the default of 1000 pages, checkpoints are so frequent that the p99 of a write is
    # 17.8 ms instead of 2.6.
    connection.execute("PRAGMA wal_autocheckpoint = 4000")
    _migrate(connection)


def prepare_reader(connection: sqlite3.Connection) -> None:
    """Make the connection one that cannot write, whatever it is asked."""
    connection.execute("PRAGMA query_only = ON")


def _version(connection: sqlite3.Connection, pragma: str = "user_version") -> int:
    version: int = connection.execute(f"PRAGMA {pragma}").fetchone()[0]
    return version


def _refuse_foreign(connection: sqlite3.Connection) -> None:
    version = _version(connection)
    application_id = _version(connection, "application_id")
    if application_id == APPLICATION_ID:
        if version > SCHEMA_VERSION:
            raise NewerSchemaError(
                f"the file has schema version {version}, and this program knows versions up "
                f"to {SCHEMA_VERSION}: open it with a newer version of the program"
            )
        return
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if application_id or version or tables:
        raise ForeignFileError(
            "the file is a database of another program: give the path of a new file, or of "
            "one that this library made"
        )


def _migrate(connection: sqlite3.Connection) -> None:
    if _version(connection) == SCHEMA_VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Looked at again: another process may have been faster.
        _refuse_foreign(connection)
        for statements in _MIGRATIONS[_version(connection) :]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
