"""The file's schema, and the way from any older version to this one."""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from cortex_core.errors import ForeignFileError, NewerSchemaError
from cortex_core.settings import Synchronous
from cortex_core.sqlite.checkpoints import WRITER_PAGES
from cortex_core.sqlite.full_text import add_word_functions, text_index, text_triggers

APPLICATION_ID = 0x43545843
"""Marks the file as ours ("CTXC"), so that no other program's database is written to."""

_RETRY_S = 0.005


CAPTURED_UNIT_BITS = 6
"""The keys of conversations are in the order of their capture, so that the newest of many matches
are found from the end of an index. A key is the time in units of 2^6 µs, or the next free one: of
a finer unit an index takes more room, a coarser one is full when many are captured at once."""

_CONVERSATION_COLUMNS = (
    "id, namespace, quality, captured_at_us, created_at_us, updated_at_us, turn_count, "
    "entity_count, file_path, title, content"
)

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
)

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
)

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

_RANKING = (
    # All that ranks a match, in a tenth of the pages that its whole row is spread over.
    """
    CREATE INDEX conversations_ranked
    ON conversations (key, namespace, quality, captured_at_us)
    """,
)

_CONVERSATION_WORDS = {"title": "cortex_words(title)", "content": "cortex_words(content)"}
_PATTERN_WORDS = {
    "name": "cortex_words(name)",
    "content": "cortex_words(content)",
    "tags": "cortex_list_words(tags)",
    "examples": "cortex_list_words(examples)",
}

CONVERSATION_TRIGGERS = text_triggers("conversations", _CONVERSATION_WORDS)
PATTERN_TRIGGERS = text_triggers("patterns", _PATTERN_WORDS)

# Up to version 3 the first two steps made text indexes of FTS5's own words, which this replaces.
_WORDS = (
    *(f"DROP TRIGGER IF EXISTS {name}" for name in (*CONVERSATION_TRIGGERS, *PATTERN_TRIGGERS)),
    "DROP TABLE IF EXISTS conversations_text",
    "DROP TABLE IF EXISTS patterns_text",
    # Keys in the order of capture: each in its place, or behind the one before.
    f"""
    CREATE TEMP TABLE captured AS
    SELECT key, max((captured_at_us >> {CAPTURED_UNIT_BITS}) - number) OVER (
        ORDER BY number ROWS UNBOUNDED PRECEDING
    ) + number AS new_key
    FROM (
        SELECT key, captured_at_us, row_number() OVER (ORDER BY captured_at_us, key) AS number
        FROM conversations
    )
    """,
    "DROP INDEX conversations_recent",
    "DROP INDEX conversations_recent_in",
    "DROP INDEX conversations_ranked",
    "ALTER TABLE conversations RENAME TO conversations_before",
    *_CONVERSATIONS,
    f"""
    INSERT INTO conversations (key, {_CONVERSATION_COLUMNS})
    SELECT new_key, {_CONVERSATION_COLUMNS}
    FROM captured JOIN conversations_before USING (key) ORDER BY new_key
    """,
    "DROP TABLE conversations_before",
    "DROP TABLE captured",
    *_RANKING,
    *text_index("conversations", _CONVERSATION_WORDS),
    *text_index("patterns", _PATTERN_WORDS),
    "INSERT INTO conversations_text (conversations_text) VALUES ('rebuild')",
    "INSERT INTO patterns_text (patterns_text) VALUES ('rebuild')",
    *CONVERSATION_TRIGGERS.values(),
    *PATTERN_TRIGGERS.values(),
)

_MIGRATIONS: Sequence[Sequence[str]] = (
    _CONVERSATIONS,
    (*_PATTERNS, *_CONTEXT_ITEMS),
    _RANKING,
    _WORDS,
)
"""The statements that lead from each version to the next; the first from an empty file."""

SCHEMA_VERSION = len(_MIGRATIONS)


def prepare_writer(connection: sqlite3.Connection, synchronous: Synchronous) -> None:
    """Make the file ready for writing: refuse a foreign one, set it up, bring it up to date.

    The checks come first: even the change to WAL writes to the file.
    """
    with _transaction(connection, "BEGIN"):
        _refuse_foreign(connection)
    _write_ahead(connection)
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute("PRAGMA foreign_keys = ON")
    _keep_temporary_in_memory(connection)
    add_word_functions(connection)
    # Checkpoints happen elsewhere; this is for when that cannot keep up.
    connection.execute(f"PRAGMA wal_autocheckpoint = {WRITER_PAGES}")
    _migrate(connection)


def prepare_reader(connection: sqlite3.Connection) -> None:
    """Make the connection one that cannot write, whatever it is asked."""
    connection.execute("PRAGMA query_only = ON")
    add_word_functions(connection)  # an attempt to write then fails for what it is
    _keep_temporary_in_memory(connection)
    # 16 MB at most. bm25 walks through all matches of a word, twice the default of 2 MB for a
    # word in each of a million rows.
    connection.execute("PRAGMA cache_size = -16000")


def _keep_temporary_in_memory(connection: sqlite3.Connection) -> None:
    # SQLite's files for large sorts lie in the system's temporary folder otherwise: a search must
    # not fail because that is full. What is sorted here are few rows.
    connection.execute("PRAGMA temp_store = MEMORY")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    value: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value


def _refuse_foreign(connection: sqlite3.Connection) -> None:
    """Raise if the file is not ours to write. Within a transaction: what is looked at must be
    of one moment, or a file that another process is just setting up looks foreign."""
    version = _pragma(connection, "user_version")
    application_id = _pragma(connection, "application_id")
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
    if _pragma(connection, "user_version") == SCHEMA_VERSION:
        return
    with _transaction(connection, "BEGIN IMMEDIATE"):
        # Looked at again: another process may have been faster.
        _refuse_foreign(connection)
        for statements in _MIGRATIONS[_pragma(connection, "user_version") :]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch the file to WAL. Where two processes do so at once, SQLite does not wait as it
    does elsewhere but reports one of them busy; it tries again, for as long as it would wait."""
    deadline_s = time.monotonic() + _pragma(connection, "busy_timeout") / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > deadline_s:
                raise
            time.sleep(_RETRY_S)
        else:
            return


@contextmanager
def _transaction(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
