"""A search as a value, and what it finds."""

from datetime import datetime

import msgspec


class ConversationSearch(msgspec.Struct, frozen=True):
    """What to look for. `now` is the moment that recency counts back from, aware UTC."""

    text: str
    now: datetime
    namespace: str | None = None
    max_results: int = 10
    min_relevance: float = 0.0


class SearchHit(msgspec.Struct, frozen=True):
    """One conversation found; `relevance` is 0 to 1, `snippet` its words around a match."""

    conversation_id: str
    title: str
    snippet: str
    relevance: float
    namespace: str
    quality: float
    captured_at: datetime


class SearchHits(msgspec.Struct, frozen=True):
    """The hits, best first. `candidates` is how many matches were ranked; `exact` says that
    those were all. Where it is False, only the newest matches competed."""

    hits: tuple[SearchHit, ...]
    candidates: int
    exact: bool
