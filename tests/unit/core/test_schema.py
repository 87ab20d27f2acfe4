import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cortex_core import (
    Cortex,
    FindSimilarPatterns,
    GetPatternsByNamespace,
    LearnPattern,
    PatternType,
    SearchContext,
)
from cortex_core.data import conversations, patterns, seed_file
from cortex_core.sqlite import schema
from cortex_core.sqlite.conversations import _COLUMNS, SAVE, to_row
from cortex_core.sqlite.full_text import add_word_functions
from cortex_core.sqlite.patterns import SAVE_PATTERN, pattern_to_row

VERSION_3 = Path(__file__).with_name("version_3.sql")


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


async def test_a_file_with_an_index_of_other_words_gets_a_new_one(path: Path) -> None:
    """With the keys in the order of capture, whatever the order of storing was."""
    kept = list(conversations(40))
    learned = list(patterns(5))
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(VERSION_3.read_text(encoding="utf-8"))
        marks = ", ".join("?" * 11)
        for conversation in (*kept[20:], *kept[:20]):
            row = to_row(conversation)
            connection.execute(f"INSERT INTO conversations ({_COLUMNS}) VALUES ({marks})", row)
        connection.executemany(SAVE_PATTERN, map(pattern_to_row, learned))
        connection.commit()
    async with Cortex.open(path) as cortex:
        assert await cortex.conversations.recent(40) == tuple(reversed(kept))
        found = (await cortex.send(SearchContext("improved", max_results=100))).unwrap()
        assert len(found.hits) > 5
        text = f"{learned[0].content} {learned[0].examples[0]}"
        alike = (await cortex.send(FindSimilarPatterns(text, "*", min_confidence=0))).unwrap()
        assert alike[0].pattern == learned[0]
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT id FROM conversations ORDER BY key").fetchall()
        assert [name for (name,) in rows] == [conversation.id for conversation in kept]
        add_word_functions(connection)
        for table in ("conversations", "patterns"):
            connection.execute(
                f"INSERT INTO {table}_text ({table}_text, rank) VALUES ('integrity-check', 1)"
            )


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
