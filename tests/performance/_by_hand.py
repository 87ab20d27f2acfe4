"""Searching and capturing as one would write them for SQLite by hand, in the calling thread."""

from __future__ import annotations

from collections import deque
from contextlib import closing
from dataclasses import replace
from itertools import count, cycle

from cortex_core import CaptureConversation, Conversation, SearchContext
from cortex_core.data import conversations
from cortex_core.domain.relevance import (
    HALF_LIFE_S,
    QUALITY_SHARE,
    RECENCY_SHARE,
    TEXT_SHARE,
    TITLE_BOOST,
)
from cortex_core.domain.rules import utc_now
from cortex_core.sqlite.conversation_search import CANDIDATES_MOST
from cortex_core.sqlite.conversations import SAVE, to_row
from cortex_core.sqlite.moments import to_us
from tests.performance._bench import Bench
from tests.performance._measure import Round
from tests.performance._references import GET, in_one_thread, transaction

HITS = 20
_HALF_LIFE_US = HALF_LIFE_S * 1_000_000

_NUMBERS, _POOL = count(), cycle(list(conversations(1_000)))

_INDEX = """
    CREATE VIRTUAL TABLE by_hand USING fts5 (
        title, content, content = 'conversations', content_rowid = 'key', tokenize = 'unicode61'
    );
    INSERT INTO by_hand (by_hand) VALUES ('rebuild');
    INSERT INTO by_hand (by_hand) VALUES ('optimize');
"""
_SEARCH = f"""
    WITH matched AS MATERIALIZED (
        SELECT rowid AS key, -bm25(by_hand, {TITLE_BOOST}, 1.0) AS score
        FROM by_hand WHERE by_hand MATCH :word ORDER BY rowid DESC LIMIT {CANDIDATES_MOST}
    ), best AS MATERIALIZED (
        SELECT key FROM matched JOIN conversations INDEXED BY conversations_ranked USING (key)
        ORDER BY {TEXT_SHARE} * score / (SELECT max(score) FROM matched) + {QUALITY_SHARE} * quality
            + {RECENCY_SHARE} * {_HALF_LIFE_US} / ({_HALF_LIFE_US} + :now_us - captured_at_us) DESC
        LIMIT {HITS}
    )
    SELECT id, conversations.title, snippet(by_hand, -1, '[', ']', '…', 24),
        namespace, quality, captured_at_us
    FROM by_hand JOIN conversations ON conversations.key = by_hand.rowid
    WHERE by_hand MATCH :word
        AND by_hand.rowid BETWEEN (SELECT min(key) FROM best) AND (SELECT max(key) FROM best)
        AND +by_hand.rowid IN (SELECT key FROM best)
"""
"""The same window of newest matches, the same shares of the relevance, FTS5's own snippets."""


def search(bench: Bench, rows: int, words: tuple[str, ...]) -> None:
    """All of the words, one after the other, and their 20 best hits."""
    what = f"top {HITS} of {rows:,}, {len(words)} words / FTS5 by hand"
    if not bench.measurements.wants(what):
        return
    path = bench.file(rows)
    with closing(in_one_thread(path)) as connection, bench.core(bench.file(rows)) as cortex:
        connection.executescript(_INDEX)

        async def ours(i: int) -> None:
            found = await cortex.send(SearchContext(words[i % len(words)], max_results=HITS))
            assert len(found.unwrap().hits) == HITS

        def by_hand(i: int) -> None:
            wanted = {"word": words[i % len(words)], "now_us": to_us(utc_now())}
            assert len(connection.execute(_SEARCH, wanted).fetchall()) == HITS

        bench.measurements.at_most(
            what,
            bench.one_by_one(ours, len(words)),
            bench.called(by_hand, len(words)),
            unit="ns",
            goal=1.2,
            rounds=bench.rounds(quick=15, full=51),
        )


def as_request(conversation: Conversation) -> CaptureConversation:
    """The request that stores it."""
    return CaptureConversation(
        id=conversation.id,
        title=conversation.title,
        content=conversation.content,
        quality=conversation.quality,
        turn_count=conversation.turn_count,
        entity_count=conversation.entity_count,
        file_path=conversation.file_path,
        namespace=conversation.namespace,
    )


def with_fresh(made: deque[Conversation], each: int, round_: Round) -> Round:
    """A round that takes new conversations from `made`; they are made before the clock starts."""

    def once() -> float:
        made.extend(replace(next(_POOL), id=f"fresh-{next(_NUMBERS)}") for _ in range(each))
        return round_()

    return once


_OWN_WORDS = """
    DROP TRIGGER conversations_inserted;
    CREATE TRIGGER conversations_inserted AFTER INSERT ON conversations BEGIN
        INSERT INTO by_hand (rowid, title, content) VALUES (new.key, new.title, new.content);
    END
"""


def capture(bench: Bench, rows: int) -> None:
    """A new conversation with an id: looked for, and stored with its words, which the core makes in
    Python. What that costs is shown by a file in which FTS5 makes words of its own."""
    _capture(bench, rows, "capture / the same statements in sqlite3", goal=1.5)
    _capture(bench, rows, "capture / with FTS5's own words", goal=None, script=_INDEX + _OWN_WORDS)


def _capture(bench: Bench, rows: int, what: str, *, goal: float | None, script: str = "") -> None:
    each = 200
    made: deque[Conversation] = deque()
    with bench.core(rows) as cortex, closing(in_one_thread(bench.file(rows))) as connection:
        connection.executescript(script)

        async def ours(_: int) -> None:
            fresh = made.popleft()
            assert (await cortex.send(as_request(fresh))).ok

        def by_hand(_: int) -> None:
            fresh = made.popleft()
            transaction(connection, (GET, (fresh.id,)), (SAVE, to_row(fresh)))

        bench.measurements.at_most(
            what,
            with_fresh(made, each, bench.one_by_one(ours, each)),
            with_fresh(made, each, bench.called(by_hand, each)),
            unit="ns",
            goal=goal,
            rounds=bench.rounds(quick=15, full=51),
        )
