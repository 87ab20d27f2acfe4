"""Searches conversations: the newest matches compete, the most relevant of them win.

Ranking every match of a common word takes time in proportion to the store (96 ms to 1,389 ms
at a million rows). The newest 1,500 are found from the end of the index, whatever the size,
and scored in SQL, so the thread holds Python's lock for the few rows of the answer only. What
still grows is bm25's count of all matches (1.6 ms for each 100,000 of them), and a namespace
pattern that few of very many matches fit: all of them are looked at (0.3 s for a million).
"""

import sqlite3
from collections.abc import Sequence

from cortex_core.found import Found
from cortex_core.search import Check, ConversationSearch, SearchHit, SearchHits
from cortex_core.snippet import Snippets
from cortex_core.spelling import EXAMPLES_MOST, corrected
from cortex_core.sqlite.conversation_ranking import ranked
from cortex_core.sqlite.full_text import Groups, by_rarity, count
from cortex_core.sqlite.moments import from_us
from cortex_core.text_query import Phrase, Step, parse

CANDIDATES_MOST = 1500

_SUGGESTED_FROM = 50
"""Of words that may be suggested the one in the most conversations is; more are not counted."""

_EXAMPLES = """
    SELECT conversations.title || ' ' || conversations.content
    FROM conversations_text JOIN conversations ON key = conversations_text.rowid
    WHERE conversations_text MATCH ? LIMIT ?
"""

_HITS = """
    SELECT key, id, title, content, namespace, quality, captured_at_us
    FROM conversations WHERE key IN ({})
"""


def search_conversations(
    search: ConversationSearch, connection: sqlite3.Connection, check: Check
) -> SearchHits:
    """Runs on the searcher's thread."""
    found = Found()
    for step in parse(search.text).steps():
        check()
        _take(step, search, connection, check, found)
        if len(found.relevances) == search.max_results:
            break
    return SearchHits(
        hits=_hits(connection, check, found, search.min_relevance),
        candidates=found.candidates,
        exact=found.exact,
        suggestion=None if found.holds_all else _suggestion(search.text, connection, check),
    )


def _take(
    step: Step,
    search: ConversationSearch,
    connection: sqlite3.Connection,
    check: Check,
    found: Found,
) -> None:
    """Add what one step finds: behind what was found before, and no more relevant."""
    if step.wants_all:
        groups: tuple[Groups, Groups] = list(step.groups), []
    else:
        groups = by_rarity(connection, "conversations", step, CANDIDATES_MOST, check)
    rare, common = groups
    # What was found before is found again.
    results_most = search.max_results + len(found.relevances)
    rows = ranked(
        connection,
        step,
        search,
        rare=rare,
        common=common,
        most=CANDIDATES_MOST,
        results_most=results_most,
    )
    check()
    if not rows:
        return
    most = min(found.relevances.values(), default=1.0)
    for key, _, against in rows:
        if len(found.relevances) == search.max_results:
            break
        found.relevances.setdefault(key, min(most, 1.0 / (1.0 + against)))
    matches: int = rows[0][1]
    found.phrases |= dict.fromkeys((*step.phrases, *(p for group in rare for p in group)))
    found.candidates = max(found.candidates, min(matches, CANDIDATES_MOST))
    found.exact &= matches <= CANDIDATES_MOST and not common
    found.holds_all |= step.wants_all


def _hits(
    connection: sqlite3.Connection, check: Check, found: Found, min_relevance: float
) -> tuple[SearchHit, ...]:
    check()
    snippets = Snippets(found.phrases)
    wanted = {key: each for key, each in found.relevances.items() if each >= min_relevance}
    rows = connection.execute(_HITS.format(",".join("?" * len(wanted))), tuple(wanted))
    hits: dict[int, SearchHit] = {}
    # One row at a time: of long texts only one is in memory.
    for key, conversation_id, title, content, namespace, quality, captured_at_us in rows:
        hits[key] = SearchHit(
            conversation_id=conversation_id,
            title=title,
            snippet=snippets.of(title, content, check),
            relevance=wanted[key],
            namespace=namespace,
            quality=quality,
            captured_at=from_us(captured_at_us),
        )
    return tuple(hits[key] for key in wanted)


def _suggestion(text: str, connection: sqlite3.Connection, check: Check) -> str | None:
    def frequency(word: str) -> int:
        check()
        return count(connection, "conversations", (Phrase((word,)),), _SUGGESTED_FROM)

    def frequencies(words: Sequence[str]) -> list[int]:
        return [frequency(word) for word in words]

    def examples(word: str) -> list[str]:
        check()
        rows = connection.execute(_EXAMPLES, (f'"{word}"', EXAMPLES_MOST)).fetchall()
        return [example for (example,) in rows]

    return corrected(text, frequencies, examples, check)
