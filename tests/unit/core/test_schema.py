import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cortex_core import Cortex, GetPatternsByNamespace, LearnPattern, PatternType
from cortex_core.data import conversations, seed_file
from cortex_core.sqlite import schema
from cortex_core.sqlite.conversations import SAVE, to_row


def first_version(path: Path) -> None:
    """A file as the first version of the schema left it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in schema._MIGRATIONS[0]:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        connection.execute("PRAGMA user_version = 1")
        connection.executemany(SAVE, map(to_row, conversations(10)))


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


async def test_an_older_file_is_brought_up_to_date_with_all_it_holds(path: Path) -> None:
    first_version(path)
    async with Cortex.open(path) as cortex:
        assert set(await cortex.conversations.recent(10)) == set(conversations(10))
        await cortex.send(
            LearnPattern(name="n", type=PatternType.BUG_FIX, content="c", confidence=0.9)
        )
        assert len((await cortex.send(GetPatternsByNamespace("workspace"))).unwrap()) == 1
    assert version(path) == schema.SCHEMA_VERSION


async def test_a_migration_that_fails_leaves_the_file_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_version(path)
    broken = (schema._MIGRATIONS[0], (*schema._MIGRATIONS[1], "CREATE TABLE conversations (x)"))
    with monkeypatch.context() as patched:
        patched.setattr(schema, "_MIGRATIONS", broken)
        with pytest.raises(Exception, match="already exists"):
            await Cortex.open(path)
    assert version(path) == 1
    async with Cortex.open(path) as cortex:
        assert await cortex.conversations.count() == 10
        assert await cortex.patterns.count() == 0


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        ("conversations._GET", "(id=?)"),
        ("conversations._RECENT", "conversations_recent"),
        ("conversations._RECENT_IN", "conversations_recent_in"),
        ("patterns.GET_PATTERN", "(id=?)"),
        ("patterns._IN_NAMESPACE", "patterns_trusted_in"),
        ("patterns._LEARNED_FROM", "patterns_source"),
        ("context_items.GET_ITEM", "(id=?)"),
    ],
)
def test_what_is_asked_often_is_read_from_an_index_in_its_order(
    path: Path, statement: str, index: str
) -> None:
    from cortex_core.sqlite import context_items, conversations, patterns

    modules = {"conversations": conversations, "patterns": patterns, "context_items": context_items}
    module, _, name = statement.partition(".")
    sql: str = getattr(modules[module], name)
    seed_file(path, conversations=10, patterns=10)
    with closing(sqlite3.connect(path)) as connection:
        parameters = [None] * sql.count("?")
        rows = connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall()
    plan = " ".join(row[3] for row in rows)
    assert index in plan
    assert "TEMP B-TREE" not in plan
