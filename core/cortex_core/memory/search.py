"""Searches in memory: every entity is looked at."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from cortex_core.bm25 import bm25, idf
from cortex_core.domain.conversation import Conversation
from cortex_core.domain.namespace import Namespace
from cortex_core.domain.pattern import Pattern
from cortex_core.domain.relevance import relevance
from cortex_core.memory.documents import Document, Documents
from cortex_core.search import (
    Check,
    ConversationSearch,
    PatternSearch,
    SearchHit,
    SearchHits,
    SimilarPattern,
)
from cortex_core.similar_patterns import most_similar
from cortex_core.snippet import Snippets
from cortex_core.spelling import EXAMPLES_MOST, corrected
from cortex_core.text_query import Phrase, Step, parse, share_counts

Entry = tuple[Conversation, Document]


def search_conversations(
    conversations: Iterable[Conversation],
    search: ConversationSearch,
    check: Check = lambda: None,
    documents: Documents | None = None,
) -> SearchHits:
    """`conversations` in the order of storing. All matches compete."""
    entries = (documents or Documents()).of(conversations, check)
    found: dict[str, tuple[Conversation, float]] = {}
    phrases: dict[Phrase, None] = {}
    candidates, holds_all = 0, False
    for step in parse(search.text).steps():
        ranked = _ranked(step, entries, search, check)
        if ranked:
            most = min((value for _, value in found.values()), default=1.0)
            for conversation, value in ranked:
                if len(found) == search.max_results:
                    break
                found.setdefault(conversation.id, (conversation, min(most, value)))
            phrases |= dict.fromkeys(step.phrases)
            candidates = max(candidates, len(ranked))
            holds_all |= step.wants_all
        if len(found) >= search.max_results:
            break
    snippets = Snippets(phrases)
    hits = tuple(
        _hit(conversation, value, snippets, check)
        for conversation, value in found.values()
        if value >= search.min_relevance
    )
    suggestion = None if holds_all else _suggestion(search.text, entries, check)
    return SearchHits(hits, candidates, True, suggestion)


def _ranked(
    step: Step, entries: Sequence[Entry], search: ConversationSearch, check: Check
) -> list[tuple[Conversation, float]]:
    """What satisfies the step with its relevance, best first."""
    if step.unfinished and not any(
        document.times(phrase) for phrase in step.groups[-1] for _, document in entries
    ):
        step = step.finished()
    phrases = step.phrases
    counted = []
    for conversation, document in entries:
        check()
        times = {phrase: document.times(phrase) for phrase in phrases}
        counted.append((conversation, document, times))
    holders = [sum(times[phrase] > 0 for _, _, times in counted) for phrase in phrases]
    idfs = [
        idf(len(entries), number) * step.worth(phrase)
        for number, phrase in zip(holders, phrases, strict=True)
    ]
    words = sum(document.length for _, document in entries)
    scored = []
    for conversation, document, times in counted:
        groups = sum(any(times[phrase] for phrase in group) for group in step.groups)
        is_found = groups >= step.least or any(times[phrase] for phrase in step.joined)
        if not is_found or not all(times[phrase] for phrase in step.required):
            continue
        if search.namespace is None or Namespace(conversation.namespace).matches(search.namespace):
            score = bm25([*times.values()], idfs, document.length * len(entries) / words)
            scored.append((conversation, score * share_counts(groups, len(step.groups))))
    best = max((score for _, score in scored), default=0.0)
    # The newest first where relevances are equal; of those of one moment, the one stored last.
    scored.reverse()
    scored.sort(key=lambda pair: pair[0].captured_at, reverse=True)
    valued = [(c, _relevance(c, score / best, search)) for c, score in scored]
    return sorted(valued, key=lambda pair: pair[1], reverse=True)


def _relevance(conversation: Conversation, text: float, search: ConversationSearch) -> float:
    return relevance(
        text=text,
        age_s=(search.now - conversation.captured_at).total_seconds(),
        quality=conversation.quality,
        weight=Namespace(conversation.namespace).weight,
    )


def _hit(conversation: Conversation, value: float, snippets: Snippets, check: Check) -> SearchHit:
    return SearchHit(
        conversation_id=conversation.id,
        title=conversation.title,
        snippet=snippets.of(conversation.title, conversation.content, check),
        relevance=value,
        namespace=conversation.namespace,
        quality=conversation.quality,
        captured_at=conversation.captured_at,
    )


def _suggestion(text: str, entries: Sequence[Entry], check: Check) -> str | None:
    holders: Counter[str] = Counter()
    for _, document in entries:
        check()
        holders.update(document.words)

    def examples(word: str) -> Iterator[str]:
        holding = (c for c, document in entries if word in document.words)
        return (f"{c.title} {c.content}" for c in islice(holding, EXAMPLES_MOST))

    return corrected(text, lambda words: [holders[word] for word in words], examples, check)


def search_patterns(
    patterns: Iterable[Pattern], search: PatternSearch, check: Check = lambda: None
) -> tuple[SimilarPattern, ...]:
    """`patterns` in the order of storing. All that are allowed compete."""
    allowed = (
        p
        for p in patterns
        if Namespace(p.namespace).matches(search.namespace)
        and p.confidence >= search.min_confidence
        and search.type in (None, p.type)
    )
    return most_similar(search, allowed, check)
