"""Events: what happened is published to its subscribers after it was committed."""

import logging
import traceback
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from cortex_core.domain.plain import check_plain, returned
from cortex_core.redaction import shown

_TRACE_MOST = 4_000

log = logging.getLogger("cortex_core.events")


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was committed; `occurred_at` is aware UTC."""

    occurred_at: datetime


class ConversationCaptured(Event, frozen=True, kw_only=True):
    """A conversation was stored; `replaced` says that its id had been there before."""

    conversation_id: str
    namespace: str
    quality: float
    replaced: bool


class ConversationDeleted(Event, frozen=True, kw_only=True):
    """A conversation was removed, and with it the patterns named."""

    conversation_id: str
    namespace: str
    pattern_ids: tuple[str, ...]


class PatternLearned(Event, frozen=True, kw_only=True):
    """A pattern was stored; `replaced` says that its id had been there before."""

    pattern_id: str
    namespace: str
    confidence: float
    replaced: bool


class PatternConfidenceUpdated(Event, frozen=True, kw_only=True):
    """A pattern was observed once more."""

    pattern_id: str
    success: bool
    confidence_before: float
    confidence: float


class ContextRelevanceUpdated(Event, frozen=True, kw_only=True):
    context_id: str
    relevance_before: float
    relevance: float
    reason: str


E = TypeVar("E", bound=Event)


class Events:
    """Subscribers by event type. Everything here runs on the event loop's thread."""

    def __init__(self) -> None:
        self._subscribers: dict[type[Event], list[Callable[[Any], object]]] = {}

    def subscribe(
        self, event_type: type[E], subscriber: Callable[[E], object]
    ) -> Callable[[], None]:
        """Call `subscriber` with every event of exactly this type, in the order of commit.

        It is called on the event loop, before the sender of the command gets the result,
        and must not block. What it raises is logged and stops nobody else. Returns the
        function that ends the subscription.

        Raises TypeError for an async function, which nobody would await. A plain function can
        start a task, or put the event into an asyncio.Queue that a task reads.
        """
        check_plain("subscriber", subscriber)
        subscribers = self._subscribers.setdefault(event_type, [])
        subscribers.append(subscriber)

        def unsubscribe() -> None:
            if subscriber in subscribers:
                subscribers.remove(subscriber)

        return unsubscribe

    def publish(self, events: Iterable[Event]) -> None:
        """Tell the subscribers of each event. Raises nothing."""
        for event in events:
            for subscriber in tuple(self._subscribers.get(type(event), ())):
                try:
                    returned("subscriber", subscriber(event))
                except Exception:
                    trace = shown(traceback.format_exc(), _TRACE_MOST)
                    log.error("a subscriber of %s failed: %s", type(event).__name__, trace)
