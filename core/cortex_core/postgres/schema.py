"""The tables of a store in a schema of the database, and the way from any older version to this."""

from typing import Any

from psycopg import AsyncConnection, errors
from psycopg.sql import SQL, Identifier

from cortex_core.errors import ForeignFileError, NewerSchemaError

_LOCK = 0x636F72746578
"""The advisory lock ("cortex" as a number) of whoever makes or changes a schema."""

_CONVERSATIONS = """
CREATE TABLE conversations (
    key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    title text COLLATE "C" NOT NULL,
    content text COLLATE "C" NOT NULL,
    quality double precision NOT NULL,
    turn_count bigint NOT NULL,
    entity_count bigint NOT NULL,
    file_path text COLLATE "C",
    namespace text COLLATE "C" NOT NULL,
    captured_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    words tsvector NOT NULL,
    word_count bigint NOT NULL
);
CREATE INDEX conversations_words ON conversations USING gin (words) WITH (fastupdate = off);
CREATE INDEX conversations_recent ON conversations (captured_at DESC, key DESC);
CREATE INDEX conversations_recent_in ON conversations (namespace, captured_at DESC, key DESC);
"""

_PATTERNS = """
CREATE TABLE patterns (
    key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    name text COLLATE "C" NOT NULL,
    type text COLLATE "C" NOT NULL,
    content text COLLATE "C" NOT NULL,
    confidence double precision NOT NULL,
    source_conversation_id text COLLATE "C",
    observation_count bigint NOT NULL,
    success_rate double precision NOT NULL,
    tags text[] NOT NULL,
    examples text[] NOT NULL,
    related_ids text[] NOT NULL,
    namespace text COLLATE "C" NOT NULL,
    learned_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    words tsvector NOT NULL,
    word_count bigint NOT NULL
);
CREATE INDEX patterns_words ON patterns USING gin (words) WITH (fastupdate = off);
CREATE INDEX patterns_trusted ON patterns (confidence DESC, key DESC);
CREATE INDEX patterns_trusted_in ON patterns (namespace, confidence DESC, key DESC);
CREATE INDEX patterns_source ON patterns (source_conversation_id, key);
"""

_CONTEXT_ITEMS = """
CREATE TABLE context_items (
    key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    content text COLLATE "C" NOT NULL,
    relevance double precision NOT NULL,
    namespace text COLLATE "C" NOT NULL,
    tier bigint NOT NULL,
    source_id text COLLATE "C",
    relevance_reason text COLLATE "C",
    created_at timestamptz NOT NULL
);
CREATE INDEX context_items_relevant ON context_items (relevance DESC, key DESC);
"""

# The indexes of words are not updated later in one go: until then every search would go through
# what waits (20 times as long for a suggestion), and somebody's write would pay for all of it.
_MIGRATIONS = (_CONVERSATIONS + _PATTERNS + _CONTEXT_ITEMS,)
"""What leads from each version to the next; the first from an empty schema."""

SCHEMA_VERSION = len(_MIGRATIONS)


async def prepare(connection: AsyncConnection[Any], schema: str) -> None:
    """Make the schema, or bring it up to date; whoever else does so meanwhile waits.

    Raises ForeignFileError and NewerSchemaError where it is not ours to change, and then leaves
    it as it was; psycopg's errors where the server refuses.
    """
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        version = await _version(connection, schema)
        if version is None:
            await _refuse_if_used(connection, schema)
            await connection.execute(
                SQL("CREATE SCHEMA IF NOT EXISTS {}").format(Identifier(schema))
            )
        elif version > SCHEMA_VERSION:
            raise NewerSchemaError(
                f"the schema {schema} is of version {version}, newer than {SCHEMA_VERSION}, "
                "which this program knows"
            )
        if version == SCHEMA_VERSION:
            return
        path = SQL("SET LOCAL search_path TO {}").format(Identifier(schema))
        await connection.execute(path)
        if version is None:
            await connection.execute("CREATE TABLE cortex_schema (version bigint NOT NULL)")
            await connection.execute("INSERT INTO cortex_schema VALUES (0)")
        for migration in _MIGRATIONS[version or 0 :]:
            await connection.execute(migration)
        await connection.execute("UPDATE cortex_schema SET version = %s", (SCHEMA_VERSION,))


async def drop(connection: AsyncConnection[Any], schema: str) -> None:
    """Remove the schema and all that is in it; one that is not a store's is left.

    Raises ForeignFileError there, and psycopg's errors where the server refuses.
    """
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        if await _version(connection, schema) is None:
            await _refuse_if_used(connection, schema)
        await connection.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(schema)))


async def _version(connection: AsyncConnection[Any], schema: str) -> int | None:
    """The version of the store's tables in the schema, or None where there are none."""
    table = SQL("SELECT version FROM {}.cortex_schema").format(Identifier(schema))
    try:
        async with connection.transaction():
            row = await (await connection.execute(table)).fetchone()
    except (errors.UndefinedTable, errors.InvalidSchemaName):
        return None
    return None if row is None else int(row[0])


async def _refuse_if_used(connection: AsyncConnection[Any], schema: str) -> None:
    found = await connection.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = %s AND c.relkind IN ('r', 'p', 'v', 'm') ORDER BY 1 LIMIT 1",
        (schema,),
    )
    row = await found.fetchone()
    if row is not None:
        raise ForeignFileError(
            f"the schema {schema} belongs to something else: it has the table {row[0]}, and was "
            "left untouched"
        )
