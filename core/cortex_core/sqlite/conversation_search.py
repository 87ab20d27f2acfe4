"""Searches conversations: the newest matches compete, the most relevant of them win.

Ranking every match of a common word takes time in proportion to the store (96 ms to 1,389 ms
at a million rows). The newest 5,000 are found from the end of the index, whatever the size,
and scored in SQL, so the thread holds Python's lock for the few rows of the answer only. A
namespace pattern that few of very many matches fit is the exception: all of them are looked at.
"""

import sqlite3

from cortex_core.domain.namespace import OTHER_WEIGHT, ROOT_WEIGHTS
from cortex_core.domain.relevance import (
    HALF_LIFE_S,
    QUALITY_SHARE,
    RECENCY_SHARE,
    TEXT_SHARE,
    TITLE_BOOST,
)
from cortex_core.search import ConversationSearch, SearchHit, SearchHits
from cortex_core.sqlite.conditions import glob
from cortex_core.sqlite.full_text import all_words
from cortex_core.sqlite.moments import from_us, to_us

CANDIDATES_MOST = 5000

_HALF_LIFE_US = HALF_LIFE_S * 1_000_000

_WEIGHT = (
    "CASE substr(namespace, 1, instr(namespace || '.', '.') - 1) "
    + " ".join(f"WHEN '{root}' THEN {weight}" for root, weight in ROOT_WEIGHTS.items())
    + f" ELSE {OTHER_WEIGHT} END"
)

# The formula is explained in cortex_core.domain.relevance. One match more than compete is
# looked at, to know whether there are more.
_SEARCH = f"""
    WITH matched AS MATERIALIZED (
        SELECT conversations_text.rowid AS key, {{score}} AS score
        FROM conversations_text {{join}}
        WHERE conversations_text MATCH :query {{where}}
        ORDER BY conversations_text.rowid DESC LIMIT {CANDIDATES_MOST} + 1
    ), summary AS MATERIALIZED (
        SELECT count(*) AS found, min(key) AS oldest, max(score) AS best FROM matched
    ), blended AS (
        SELECT key, found, {_WEIGHT} AS weight,
            {TEXT_SHARE} * (CASE WHEN best > 0 THEN score / best ELSE 0 END)
            + {RECENCY_SHARE} * {_HALF_LIFE_US}.0
                / ({_HALF_LIFE_US} + max(:now_us - captured_at_us, 0))
            + {QUALITY_SHARE} * quality AS blend
        FROM summary CROSS JOIN matched CROSS JOIN conversations USING (key)
        WHERE found <= {CANDIDATES_MOST} OR key > oldest
    )
    SELECT key, weight * blend / (1.0 - blend + weight * blend) AS relevance, found
    FROM blended ORDER BY relevance DESC, key DESC LIMIT :max_results
"""

_SCORE = f"-bm25(conversations_text, {TITLE_BOOST}, 1.0)"
_ANYWHERE = _SEARCH.format(score=_SCORE, join="", where="")
_IN_NAMESPACE = _SEARCH.format(
    score=_SCORE,
    join="JOIN conversations ON conversations.key = conversations_text.rowid",
    where="AND conversations.namespace GLOB :namespace",
)

_HIT = """
    SELECT id, conversations.title, snippet(conversations_text, -1, '', '', '…', 24),
        namespace, quality, captured_at_us
    FROM conversations_text JOIN conversations ON key = conversations_text.rowid
    WHERE conversations_text MATCH ? AND conversations_text.rowid = ?
"""


def search_conversations(connection: sqlite3.Connection, search: ConversationSearch) -> SearchHits:
    """Runs on the searcher's thread."""
    query = all_words(search.text)
    if query is None:
        return SearchHits((), 0, True)
    parameters = {
        "query": query,
        "now_us": to_us(search.now),
        "max_results": search.max_results,
    }
    statement = _ANYWHERE
    if search.namespace is not None:
        statement = _IN_NAMESPACE
        parameters["namespace"] = glob(search.namespace)
    ranked = connection.execute(statement, parameters).fetchall()
    if not ranked:
        return SearchHits((), 0, True)
    found = ranked[0][2]
    hits = tuple(
        _hit(connection, query, key, relevance)
        for key, relevance, _ in ranked
        if relevance >= search.min_relevance
    )
    return SearchHits(hits, min(found, CANDIDATES_MOST), found <= CANDIDATES_MOST)


def _hit(connection: sqlite3.Connection, query: str, key: int, relevance: float) -> SearchHit:
    row = connection.execute(_HIT, (query, key)).fetchone()
    conversation_id, title, snippet, namespace, quality, captured_at_us = row
    return SearchHit(
        conversation_id=conversation_id,
        title=title,
        snippet=snippet,
        relevance=relevance,
        namespace=namespace,
        quality=quality,
        captured_at=from_us(captured_at_us),
    )
