"""Finds patterns like a text, alike for every store: a store gives candidates, this ranks them."""

from collections.abc import Iterable, Iterator

from cortex_core.domain.pattern import Pattern
from cortex_core.domain.similarity import similarities, words
from cortex_core.search import Check, PatternSearch, SimilarPattern
from cortex_core.text_query import Phrase, Step

WORDS_MOST = 32

NOISE = 0.12
"""What is less similar is not like the text. Of unrelated docstrings of the standard library 95 %
are below it, of the nearest one in the same class or module 5 %; of 30 questions and the docstring
that answers them, none is (the least similar has 0.17)."""


def candidates_step(context: str) -> Step | None:
    """What a candidate must hold: any of the longest words of the text; None where it has none.

    Every word costs a walk through its matches, and seldom is a long word a common one (Zipf's
    law of abbreviation).
    """
    longest = sorted(set(words(context)), key=lambda word: (-len(word), word))[:WORDS_MOST]
    return Step(tuple((Phrase((word,)),) for word in longest), 1) if longest else None


def most_similar(
    search: PatternSearch, candidates: Iterable[Pattern], check: Check = lambda: None
) -> tuple[SimilarPattern, ...]:
    """The candidates that are like the text, most similar first, then in the order given; `check`
    is called before each."""
    every = list(candidates)

    def texts() -> Iterator[str]:
        for pattern in every:
            check()
            yield "\n".join((pattern.name, pattern.content, *pattern.tags, *pattern.examples))

    ranked = sorted(
        zip(similarities(search.context, texts()), every, strict=True),
        key=lambda pair: pair[0],
        reverse=True,
    )
    return tuple(
        SimilarPattern(pattern, similarity)
        for similarity, pattern in ranked[: search.max_results]
        if similarity >= NOISE
    )
