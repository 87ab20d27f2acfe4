"""Searches, as units of a transaction: the newest matches compete, the most relevant win."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain

from cortex_core.domain.conversation import Conversation
from cortex_core.domain.namespace import OTHER_WEIGHT, ROOT_WEIGHTS
from cortex_core.domain.relevance import HALF_LIFE_S, QUALITY_SHARE, RECENCY_SHARE, TEXT_SHARE
from cortex_core.found import Found
from cortex_core.postgres.conditions import like
from cortex_core.postgres.greenlets import in_thread
from cortex_core.postgres.matches import Parameters, Table, matching
from cortex_core.postgres.pipeline import Call, Statement
from cortex_core.postgres.statements import Statements
from cortex_core.postgres.tables import CONVERSATIONS, PATTERNS
from cortex_core.postgres.transaction import Transaction
from cortex_core.postgres.values import moment, real, to_real, to_whole, wanted, whole
from cortex_core.search import (
    Check,
    ConversationSearch,
    PatternSearch,
    SearchHit,
    SearchHits,
    SimilarPattern,
)
from cortex_core.similar_patterns import candidates_step, most_similar
from cortex_core.snippet import Snippets
from cortex_core.spelling import EXAMPLES_MOST, corrected
from cortex_core.text_query import Step, parse

CANDIDATES_MOST = 1_500
PATTERN_MATCHES_MOST = 5_000
PATTERN_CANDIDATES_MOST = 50
_FETCHED_AT_ONCE = 10

_SUGGESTED_FROM = 50
"""A word of a suggestion is one of those that this many texts hold, or of the commonest."""

_WEIGHT = (
    "CASE "
    + " ".join(
        f"WHEN namespace = '{root}' OR namespace LIKE '{root}.%' THEN {weight}"
        for root, weight in ROOT_WEIGHTS.items()
    )
    + f" ELSE {OTHER_WEIGHT} END"
)


def search_conversations(
    search: ConversationSearch, transaction: Transaction, statements: Statements, check: Check
) -> SearchHits:
    """A unit: every store finds the same, and ranks it in the same order."""
    table = Table(transaction, statements.conversations, check)
    found = Found()
    for step in parse(search.text).steps():
        _take(step, search, table, found)
        if len(found.relevances) >= search.max_results:
            break
    suggestion = None if found.holds_all else _suggestion(search.text, table, check)
    hits = _hits(table, found, search.min_relevance, check)
    return SearchHits(hits, found.candidates, found.exact, suggestion)


def _take(step: Step, search: ConversationSearch, table: Table, found: Found) -> None:
    """Add what one step finds: behind what was found before, and no more relevant."""
    rare, common = (
        (list(step.groups), []) if step.wants_all else table.by_rarity(step, CANDIDATES_MOST)
    )
    if not rare:
        return
    phrases = tuple(dict.fromkeys((*step.required, *chain.from_iterable((*rare, *common)))))
    parameters = Parameters()
    query = matching(rare, step.required, every=step.wants_all)
    where = f"words @@ {parameters.query(query)}"
    if search.namespace is not None:
        where += f" AND namespace LIKE {parameters.add(wanted(like(search.namespace)), 'text')}"
    now = parameters.add(moment(search.now), "timestamptz")
    # The ones of before are found again.
    most = parameters.add(whole(search.max_results + len(found.relevances)), "bigint")
    score = table.score(phrases, step, parameters)
    share = table.share((*rare, *common), step, parameters)
    rows = table.ask(
        f"""
        WITH matched AS MATERIALIZED (
            SELECT key, captured_at, quality, namespace, words, word_count
            FROM {table.source} WHERE {where}
            ORDER BY captured_at DESC, key DESC LIMIT {CANDIDATES_MOST + 1}
        ), scored AS MATERIALIZED (
            SELECT key, captured_at, quality, namespace, ({score.value}) * {share} AS score
            FROM (SELECT *, {score.columns} FROM matched LIMIT {CANDIDATES_MOST}) AS competing
        ), blended AS (
            SELECT key, captured_at, {_WEIGHT} AS weight,
                {TEXT_SHARE} * score / greatest((SELECT max(score) FROM scored), 1e-9)
                + {QUALITY_SHARE} * quality
                + {RECENCY_SHARE * HALF_LIFE_S} / ({HALF_LIFE_S} + greatest(
                    extract(epoch FROM {now} - captured_at)::double precision, 0)) AS blend
            FROM scored
        )
        SELECT key, (SELECT count(*) FROM matched),
            weight * blend / (1 - blend + weight * blend) AS relevance
        FROM blended ORDER BY relevance DESC, captured_at DESC, key DESC LIMIT {most}
        """,
        parameters,
    )
    if not rows:
        return
    lowest = min(found.relevances.values(), default=1.0)
    matches = 0
    for key, count, relevance in rows:
        assert key is not None
        assert count is not None
        assert relevance is not None
        matches = to_whole(count)
        if len(found.relevances) < search.max_results:
            found.relevances.setdefault(to_whole(key), min(lowest, to_real(relevance)))
    found.phrases |= dict.fromkeys((*step.phrases, *phrases))
    found.candidates = max(found.candidates, min(matches, CANDIDATES_MOST))
    found.exact &= matches <= CANDIDATES_MOST and not common
    found.holds_all |= step.wants_all


def _hits(table: Table, found: Found, min_relevance: float, check: Check) -> tuple[SearchHit, ...]:
    snippets = Snippets(found.phrases)
    relevant = [(key, value) for key, value in found.relevances.items() if value >= min_relevance]
    hits: list[SearchHit] = []
    # A few rows at a time: of long texts not all are in memory.
    for first in range(0, len(relevant), _FETCHED_AT_ONCE):
        some = relevant[first : first + _FETCHED_AT_ONCE]
        conversations = table.entities([key for key, _ in some])
        for key, relevance in some:
            check()
            hits.append(_hit(conversations[key], relevance, snippets, check))
    return tuple(hits)


def _hit(
    conversation: Conversation, relevance: float, snippets: Snippets, check: Check
) -> SearchHit:
    make_snippet = partial(snippets.of, conversation.title, conversation.content, check)
    is_long = CONVERSATIONS.is_long(conversation)
    return SearchHit(
        conversation_id=conversation.id,
        title=conversation.title,
        snippet=in_thread(make_snippet) if is_long else make_snippet(),
        relevance=relevance,
        namespace=conversation.namespace,
        quality=conversation.quality,
        captured_at=conversation.captured_at,
    )


def _suggestion(text: str, table: Table, check: Check) -> str | None:
    """The text with mistyped words corrected."""

    def frequencies(words: Sequence[str]) -> list[int]:
        return table.frequencies(words, _SUGGESTED_FROM)

    def examples(word: str) -> Iterator[str]:
        for conversation in table.holding(word, EXAMPLES_MOST):
            yield f"{conversation.title} {conversation.content}"

    return corrected(text, frequencies, examples, check)


def search_patterns(
    search: PatternSearch, transaction: Transaction, statements: Statements, check: Check
) -> tuple[SimilarPattern, ...]:
    """A unit: the server finds candidates, the domain's measure ranks them."""
    step = candidates_step(search.context)
    if step is None:
        return ()
    table = Table(transaction, statements.patterns, check)
    rare, common = table.by_rarity(step, PATTERN_MATCHES_MOST)
    if not rare:
        return ()
    parameters = Parameters()
    where = (
        f"words @@ {parameters.query(matching(rare, (), every=False))}"
        f" AND namespace LIKE {parameters.add(wanted(like(search.namespace)), 'text')}"
        f" AND confidence >= {parameters.add(real(search.min_confidence), 'double precision')}"
    )
    if search.type is not None:
        where += f" AND type = {parameters.add(search.type.value.encode(), 'text')}"
    columns = statements.patterns.columns
    score = table.score(tuple(chain.from_iterable((*rare, *common))), step, parameters)
    sql = f"""
        SELECT {columns} FROM (
            SELECT *, {score.columns} FROM (
                SELECT * FROM {table.source} WHERE {where}
                ORDER BY key DESC LIMIT {PATTERN_MATCHES_MOST}
            ) AS newest OFFSET 0
        ) AS matched ORDER BY {score.value} DESC, key DESC LIMIT {PATTERN_CANDIDATES_MOST}
    """
    result = transaction.ask(Call(Statement(sql.encode()), parameters.values))
    candidates = PATTERNS.entities(result)
    rank = partial(most_similar, search, candidates, check)
    return in_thread(rank) if any(map(PATTERNS.is_long, candidates)) else rank()
