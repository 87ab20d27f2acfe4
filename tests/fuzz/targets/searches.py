"""What is typed into a search: as FTS5 and as PostgreSQL take it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from functools import cache

from cortex_core.memory.documents import Document
from cortex_core.postgres.matches import matching as as_tsquery
from cortex_core.sqlite.full_text import add_word_functions, matching, text_index
from cortex_core.text_query import Step, parse
from cortex_core.words import REPEATS_MOST, index_text
from tests.fuzz.target import Target

_SEEDS = (
    "slow query\nthe slow query of the café",
    '"exact words" and getUserName\nexact words, get_user_name',
    "C++ .NET parser's\nwritten in C++ and .NET",
    "漢字かな交じり\n漢字かな",
    "AND OR NOT NEAR(a, b) col:x ^y -z *\na b",
    "cachin\ncaching of caches",
    "½ ﬁne Straße\n1 2 fine strasse",
)
_WORDS = tuple(
    word.encode()
    for word in ('"', "“", "AND", "OR", "NOT", "NEAR", "(", ")", "*", "^", ":", "-", "'", "''",
                 "\\", "&", "|", "!", "<->", ":*", "\0", "the", "_", "++", "#", "漢",
                 "한", "ไท", "é", "s")
)  # fmt: skip
_MOST_CHARS = 3_000


@cache
def _table() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    add_word_functions(connection)
    connection.execute("CREATE TABLE note (key INTEGER PRIMARY KEY, title TEXT, content TEXT)")
    for statement in text_index(
        "note", {"title": "cortex_words(title)", "content": "cortex_words(content)"}
    ):
        connection.execute(statement)
    return connection


def _found(texts: list[str], step: Step) -> set[int]:
    """The numbers of the texts that FTS5 finds."""
    connection = _table()
    connection.execute("BEGIN")
    try:
        for number, text in enumerate(texts):
            connection.execute(
                "INSERT INTO note_text (rowid, title, content) VALUES (?, '', ?)",
                (number, index_text(text)),
            )
        rows = connection.execute(
            "SELECT rowid FROM note_text WHERE note_text MATCH ?", (matching(step),)
        )
        return {row[0] for row in rows}
    finally:
        connection.execute("ROLLBACK")


def _holds(text: str, step: Step) -> bool:
    """Whether a text holds what the step asks for, as the store in memory sees it."""
    document = Document("", text)
    held = sum(any(map(document.times, group)) for group in step.groups)
    return held >= step.least and all(map(document.times, step.required))


def _search(data: bytes) -> None:
    """The first line is searched for, the others are texts. FTS5 finds just those that hold what
    is asked for, whatever the text is made of; a text with all that was typed is found."""
    query, *texts = data.decode("utf-8", "replace")[:_MOST_CHARS].split("\n")
    texts = [query, f"before {query} behind", *texts[:6]]
    parsed = parse(query)
    most = max(Counter(index_text(texts[1]).split()).values())
    for number, step in enumerate(parsed.steps()):
        wanted = {at for at, text in enumerate(texts) if _holds(text, step)}
        assert _found(texts, step) == wanted
        if number == 0 and most < REPEATS_MOST:  # as documented there
            assert {0, 1} <= wanted, "a text with all the words is not found"
        if step.unfinished:
            _found(texts, step.finished())


def _tsquery(data: bytes) -> None:
    """PostgreSQL reads each query as one, with the words that were meant and no operator more."""
    query = data.decode("utf-8", "replace")[:_MOST_CHARS]
    for step in parse(query).steps():
        text = as_tsquery(step.groups, step.required, every=step.wants_all)
        outside = text.split("'")[::2]  # a doubled quote within a word leaves an empty part
        assert set("".join(outside)) <= set("()&|<->:* "), text
        assert "\0" not in text
        depth = 0
        for character in "".join(outside):
            depth += (character == "(") - (character == ")")
            assert depth >= 0, text
        assert depth == 0, text


TARGETS = (
    Target(
        "search-fts5", _search, lambda: [seed.encode() for seed in _SEEDS], words=_WORDS,
        thousands=40,
    ),
    Target(
        "search-tsquery", _tsquery, lambda: [seed.encode() for seed in _SEEDS], words=_WORDS,
        thousands=40,
    ),
)  # fmt: skip
