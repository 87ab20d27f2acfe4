"""Searches conversations: the newest matches compete, the most relevant of them win.

Ranking every match of a common word takes time in proportion to the store (96 ms to 1,389 ms
at a million rows). The newest 1,500 are found from the end of the index, whatever the size,
and scored in SQL, so the thread holds Python's lock for the few rows of the answer only. What
still grows is bm25's count of all matches (1.6 ms for each 100,000 of them), and a namespace
pattern that few of very many matches fit: all of them are looked at (0.3 s for a million).
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
from cortex_core.search import (
    HIT_END,
    HIT_START,
    SNIPPET_WORDS,
    ConversationSearch,
    SearchHit,
    SearchHits,
)
from cortex_core.snippet import LONG, snippet
from cortex_core.sqlite.conditions import glob
from cortex_core.sqlite.full_text import all_words
from cortex_core.sqlite.moments import from_us, to_us
from cortex_core.sqlite.search_queue import Check
from cortex_core.tokens import phrases

CANDIDATES_MOST = 1500

_HALF_LIFE_US = HALF_LIFE_S * 1_000_000

# "." is followed by "/" in ASCII: a range holds everything below a root, at a fifth of the cost
# of cutting the root out of the path.
_WEIGHT = (
    "CASE "
    + " ".join(
        f"WHEN namespace = '{root}' OR namespace >= '{root}.' AND namespace < '{root}/' "
        f"THEN {weight}"
        for root, weight in ROOT_WEIGHTS.items()
    )
    + f" ELSE {OTHER_WEIGHT} END"
)

# The formula is explained in cortex_core.domain.relevance; these are the odds against a result,
# (1 - blend) / (w blend), in which the blend occurs once and so is computed once. It is never 0:
# recency is not. One match more than compete is looked at, to know whether there are more.
_SEARCH = f"""
    WITH matched AS MATERIALIZED (
        SELECT conversations_text.rowid AS key,
            -bm25(conversations_text, {TITLE_BOOST}, 1.0) AS score
        FROM conversations_text {{join}}
        WHERE conversations_text MATCH :query {{where}}
        ORDER BY conversations_text.rowid DESC LIMIT :most + 1
    ), summary AS MATERIALIZED (
        SELECT count(*) AS found, min(key) AS oldest,
            CASE WHEN max(score) > 0 THEN {TEXT_SHARE} / max(score) ELSE 0 END AS share
        FROM matched
    )
    SELECT key, found,
        (1.0 / (
            share * score + {QUALITY_SHARE} * quality
            + {RECENCY_SHARE * _HALF_LIFE_US} / ({_HALF_LIFE_US} + max(:now_us - captured_at_us, 0))
        ) - 1.0) / {_WEIGHT} AS against
    FROM summary CROSS JOIN matched
        CROSS JOIN conversations INDEXED BY conversations_ranked USING (key)
    WHERE found <= :most OR key > oldest
    ORDER BY against, key DESC LIMIT :max_results
"""

_ANYWHERE = _SEARCH.format(join="", where="")
_IN_NAMESPACE = _SEARCH.format(
    join="""
        CROSS JOIN conversations INDEXED BY conversations_ranked
        ON conversations.key = conversations_text.rowid
    """,
    where="AND conversations.namespace GLOB :namespace",
)

# One walk from the first result to the last, which costs less than finding each: the plus keeps
# SQLite from doing that. FTS5's own snippet takes time with the square of a text's length.
_HITS = f"""
    SELECT conversations.key, id, conversations.title,
        CASE WHEN length(conversations.content) <= {LONG}
        THEN snippet(conversations_text, -1, '{HIT_START}', '{HIT_END}', '…', {SNIPPET_WORDS})
        ELSE conversations.content END, length(conversations.content) > {LONG},
        namespace, quality, captured_at_us
    FROM conversations_text
        CROSS JOIN conversations ON conversations.key = conversations_text.rowid
    WHERE conversations_text MATCH ? AND conversations_text.rowid BETWEEN ? AND ?
        AND +conversations_text.rowid IN ({{keys}})
"""


def search_conversations(
    search: ConversationSearch, connection: sqlite3.Connection, check: Check
) -> SearchHits:
    """Runs on the searcher's thread."""
    query = all_words(search.text)
    if query is None:
        return SearchHits((), 0, True)
    parameters = {
        "query": query,
        "most": CANDIDATES_MOST,
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
    found = ranked[0][1]
    relevances = {key: 1.0 / (1.0 + against) for key, _, against in ranked}
    hits = _hits(
        connection,
        check,
        search.text,
        {key: value for key, value in relevances.items() if value >= search.min_relevance},
    )
    return SearchHits(hits, min(found, CANDIDATES_MOST), found <= CANDIDATES_MOST)


def _hits(
    connection: sqlite3.Connection, check: Check, searched: str, relevances: dict[int, float]
) -> tuple[SearchHit, ...]:
    """The hits with these keys, in their order."""
    if not relevances:
        return ()
    keys = tuple(relevances)
    statement = _HITS.format(keys=", ".join("?" * len(keys)))
    # One row at a time: of long texts only one is in memory.
    rows = connection.execute(statement, (all_words(searched), min(keys), max(keys), *keys))
    wanted = phrases(searched)
    hits: dict[int, SearchHit] = {}
    for key, conversation_id, title, text, is_content, namespace, quality, captured_at_us in rows:
        check()
        hits[key] = SearchHit(
            conversation_id=conversation_id,
            title=title,
            snippet=snippet(title, text, wanted) if is_content else text,
            relevance=relevances[key],
            namespace=namespace,
            quality=quality,
            captured_at=from_us(captured_at_us),
        )
    return tuple(hits[key] for key in keys)
