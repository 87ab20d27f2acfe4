"""A search as a value, and what it finds."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from cortex_core.domain.pattern import Pattern, PatternType

HIT_START = "«"
HIT_END = "»"
"""What a snippet has around the words that were searched for."""

SNIPPET_WORDS = 24
"""About how many words a snippet has at most."""

Check = Callable[[], None]
"""Raises SearchTimeoutError when the search is out of time or was cancelled. Called between the
steps that a search takes in Python."""


class ConversationSearch(msgspec.Struct, frozen=True):
    """What to look for. `now` is the moment that recency counts back from, aware UTC."""

    text: str
    now: datetime
    namespace: str | None = None
    max_results: int = 10
    min_relevance: float = 0.0


class SearchHit(msgspec.Struct, frozen=True):
    """One conversation found; `relevance` is 0 to 1, `snippet` some of its words with those that
    were searched for «marked»."""

    conversation_id: str
    title: str
    snippet: str
    relevance: float
    namespace: str
    quality: float
    captured_at: datetime


class SearchHits(msgspec.Struct, frozen=True):
    """The hits, best first: those that hold all words, then those that hold some of them.

    `candidates` is how many matches were ranked; `exact` says that those were all. Where it is
    False, only the newest matches competed, or only those with one of the rarer words.
    `suggestion` is the text that was searched for with mistyped words corrected; None where some
    hit holds all words, or no word like one is stored.
    """

    hits: tuple[SearchHit, ...]
    candidates: int
    exact: bool
    suggestion: str | None = None


class PatternSearch(msgspec.Struct, frozen=True):
    """A text to find patterns like."""

    context: str
    namespace: str
    type: PatternType | None = None
    min_confidence: float = 0.75
    max_results: int = 5


class SimilarPattern(msgspec.Struct, frozen=True):
    """A pattern found; `similarity` is 0 to 1."""

    pattern: Pattern
    similarity: float
