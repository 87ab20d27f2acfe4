"""Searches in memory: every entity is looked at."""

from collections.abc import Iterable, Sequence

from cortex_core.domain.conversation import Conversation
from cortex_core.domain.namespace import Namespace
from cortex_core.domain.pattern import Pattern
from cortex_core.domain.relevance import relevance
from cortex_core.domain.similarity import similarities
from cortex_core.memory.bm25 import bm25, occurrences
from cortex_core.search import (
    ConversationSearch,
    PatternSearch,
    SearchHit,
    SearchHits,
    SimilarPattern,
)
from cortex_core.snippet import snippet
from cortex_core.tokens import phrases, split


def search_conversations(
    conversations: Iterable[Conversation], search: ConversationSearch
) -> SearchHits:
    """`conversations` in the order of storing. All matches compete."""
    wanted = phrases(search.text)
    every = [(c, (split(c.title), split(c.content))) for c in conversations]
    if not wanted:
        return SearchHits((), 0, True)
    holders = [sum(occurrences(document, p) > 0 for _, document in every) for p in wanted]
    body = (len(every), sum(len(title) + len(content) for _, (title, content) in every))
    matches = [
        (conversation, bm25(document, wanted, holders, body))
        for conversation, document in every
        if all(occurrences(document, p) for p in wanted)
        and (
            search.namespace is None or Namespace(conversation.namespace).matches(search.namespace)
        )
    ]
    best = max((score for _, score in matches), default=0.0)
    hits = [_hit(c, score / best, search, wanted) for c, score in reversed(matches)]
    hits.sort(key=lambda hit: hit.relevance, reverse=True)
    chosen = (hit for hit in hits[: search.max_results] if hit.relevance >= search.min_relevance)
    return SearchHits(tuple(chosen), len(matches), True)


def _hit(
    conversation: Conversation,
    text: float,
    search: ConversationSearch,
    wanted: Sequence[Sequence[str]],
) -> SearchHit:
    return SearchHit(
        conversation_id=conversation.id,
        title=conversation.title,
        snippet=snippet(conversation.title, conversation.content, wanted),
        relevance=relevance(
            text=text,
            age_s=(search.now - conversation.captured_at).total_seconds(),
            quality=conversation.quality,
            weight=Namespace(conversation.namespace).weight,
        ),
        namespace=conversation.namespace,
        quality=conversation.quality,
        captured_at=conversation.captured_at,
    )


def search_patterns(
    patterns: Iterable[Pattern], search: PatternSearch
) -> tuple[SimilarPattern, ...]:
    """`patterns` in the order of storing. All that are allowed compete."""
    allowed = [
        p
        for p in patterns
        if Namespace(p.namespace).matches(search.namespace)
        and p.confidence >= search.min_confidence
        and search.type in (None, p.type)
    ]
    alike = similarities(search.context, [f"{p.name} {p.content}" for p in allowed])
    found = [
        SimilarPattern(pattern, similarity)
        for pattern, similarity in zip(allowed, alike, strict=True)
        if similarity > 0
    ]
    found.sort(key=lambda each: each.similarity, reverse=True)
    return tuple(found[: search.max_results])
