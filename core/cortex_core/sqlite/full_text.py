"""Text indexes in SQLite: their words come from `cortex_core.words`, as in every store.

An index holds the words that Python gives, joined by blanks. `ascii` is the tokenizer of FTS5
that splits them there and nowhere else: to it, what lies beyond ASCII is part of a word. The
functions that give the words belong to a connection, so a connection without them can read such
a file and not change its texts.
"""

import sqlite3
from functools import lru_cache
from itertools import accumulate

import msgspec

from cortex_core.search import Check
from cortex_core.text_query import Group, Phrase, Step
from cortex_core.words import index_text

_SHORT = 10_000
_REMEMBERED = 16
"""A row that gets another key has the words of its text removed and added again: of so few short
texts the words are remembered."""

_decode = msgspec.json.Decoder(tuple[str, ...]).decode


def add_word_functions(connection: sqlite3.Connection) -> None:
    """Let this connection change texts that are indexed."""
    connection.create_function("cortex_words", 1, _words, deterministic=True)
    connection.create_function("cortex_list_words", 1, _list_words, deterministic=True)


def _words(text: str) -> str:
    return _words_of_short(text) if len(text) <= _SHORT else index_text(text)


@lru_cache(maxsize=_REMEMBERED)
def _words_of_short(text: str) -> str:
    return index_text(text)


def _list_words(encoded: str) -> str:
    """The words of a JSON array of texts."""
    return index_text("\n".join(_decode(encoded)))


def text_index(table: str, columns: dict[str, str]) -> tuple[str, ...]:
    """The statements that make the text index of a table, whose columns are expressions of
    the table's."""
    names = ", ".join(columns)
    words = ", ".join(f"{words} AS {name}" for name, words in columns.items())
    return (
        f"CREATE VIEW {table}_words AS SELECT key, {words} FROM {table}",
        f"""
        CREATE VIRTUAL TABLE {table}_text USING fts5 (
            {names}, content = '{table}_words', content_rowid = 'key',
            tokenize = 'ascii', detail = full
        )
        """,
    )


def text_triggers(table: str, columns: dict[str, str]) -> dict[str, str]:
    """What keeps the text index of a table in step with it, by the names of the triggers."""
    names = ", ".join(columns)

    def words(row: str) -> str:
        return ", ".join(each.replace("(", f"({row}.") for each in columns.values())

    add = f"INSERT INTO {table}_text (rowid, {names}) VALUES (new.key, {words('new')});"
    remove = f"""
        INSERT INTO {table}_text ({table}_text, rowid, {names})
        VALUES ('delete', old.key, {words("old")});
    """
    changed = " OR ".join(f"old.{name} IS NOT new.{name}" for name in ("key", *columns))
    return {
        f"{table}_inserted": f"""
            CREATE TRIGGER {table}_inserted AFTER INSERT ON {table} BEGIN {add} END
        """,
        f"{table}_deleted": f"""
            CREATE TRIGGER {table}_deleted AFTER DELETE ON {table} BEGIN {remove} END
        """,
        f"{table}_rewritten": f"""
            CREATE TRIGGER {table}_rewritten AFTER UPDATE OF key, {names} ON {table}
            WHEN {changed} BEGIN {remove} {add} END
        """,
    }


def matching(step: Step) -> str:
    """The step as an expression of FTS5."""
    joined = " AND " if step.wants_all else " OR "
    return all_of(f"({joined.join(map(any_of, step.groups))})", *map(quoted, step.required))


def any_of(group: Group) -> str:
    return f"({' OR '.join(map(quoted, group))})"


def all_of(*expressions: str) -> str:
    return " AND ".join(expressions)


def quoted(phrase: Phrase) -> str:
    return f'"{" ".join(phrase.words)}"{"*" if phrase.open else ""}'


def count(connection: sqlite3.Connection, table: str, group: Group, most: int) -> int:
    """How many rows hold one of the phrases; more than `most` are not counted."""
    counted: int = connection.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM {table}_text WHERE {table}_text MATCH ? LIMIT ?)",
        (any_of(group), most + 1),
    ).fetchone()[0]
    return counted


Groups = list[Group]


def by_rarity(
    connection: sqlite3.Connection, table: str, step: Step, most: int, check: Check
) -> tuple[Groups, Groups]:
    """The groups of a step that rows hold at all: the rarest, which have `most` matches together,
    and the others. If each has more, the rarest are all.

    The newest rows with any word are mostly those with the commonest one. So the rare ones find
    the candidates, of whatever age, and the others only rank them.
    """
    if step.required:
        # They find the candidates.
        return list(step.found_by), []
    counted = []
    for group in step.found_by:
        check()
        holders = count(connection, table, group, most)
        if not holders and step.unfinished and group == step.groups[-1]:
            group = step.unfinished
            holders = count(connection, table, group, most)
        if holders:
            counted.append((holders, group))
    counted.sort(key=lambda pair: pair[0])
    sums = accumulate(holders for holders, _ in counted)
    groups = [group for _, group in counted]
    rare = sum(total <= most for total in sums) or len(groups)
    return groups[:rare], groups[rare:]
