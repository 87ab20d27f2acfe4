"""Repositories to await: one call, one transaction. Without requests, behaviours or events.

They raise InvalidValueError for what no store can look for, by the rules that requests have.
"""

from collections.abc import Awaitable

from cortex_core.clock import Clock
from cortex_core.domain import rules
from cortex_core.domain.context_item import ContextItem
from cortex_core.domain.conversation import Conversation
from cortex_core.domain.namespace import check_namespace
from cortex_core.domain.pattern import Pattern
from cortex_core.domain.rules import utc_now
from cortex_core.domain.specification import Specification
from cortex_core.domain.violations import InvalidValueError, Violation
from cortex_core.ops import (
    CountContextItems,
    CountConversations,
    CountPatterns,
    FindContextItems,
    FindConversations,
    FindPatterns,
    GetContextItem,
    GetConversation,
    GetPattern,
    PatternsInNamespace,
    RecentConversations,
    RemoveContextItem,
    RemoveConversation,
    RemovePattern,
    SaveContextItem,
    SaveConversation,
    SavePattern,
)
from cortex_core.ports import Store, Tx
from cortex_core.request import check_id


def _refuse(found: list[Violation]) -> None:
    if found:
        raise InvalidValueError("call", found)


def _id(given: str) -> str:
    _refuse(check_id("id", given))
    return given


def _most(max_results: int) -> int:
    found: list[Violation] = []
    rules.whole(found, "max_results", max_results, least=0)
    _refuse(found)
    return max_results


class ConversationRepository:
    """Stores and fetches conversations, each call a transaction of its own."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def save(self, conversation: Conversation) -> Awaitable[None]:
        """Store it, in place of the one with the same id if there is one."""
        return self._store.ask(SaveConversation(conversation))

    def get(self, conversation_id: str) -> Awaitable[Conversation | None]:
        """The conversation with this id, or None."""
        return self._store.ask(GetConversation(_id(conversation_id)))

    def recent(
        self, max_results: int = 20, namespace: str | None = None
    ) -> Awaitable[tuple[Conversation, ...]]:
        """The newest by `captured_at`, newest first; of exactly one namespace if given."""
        if namespace is not None:
            found: list[Violation] = []
            check_namespace(found, "namespace", namespace)
            _refuse(found)
        return self._store.ask(RecentConversations(_most(max_results), namespace))

    def delete(self, conversation_id: str) -> Awaitable[bool]:
        """Remove it; whether it was there."""
        return self._store.ask(RemoveConversation(_id(conversation_id)))

    def find(
        self, specification: Specification, max_results: int = 20
    ) -> Awaitable[tuple[Conversation, ...]]:
        """Those that satisfy it, newest by `captured_at` first."""
        return self._store.ask(FindConversations(specification, _most(max_results)))

    def count(self) -> Awaitable[int]:
        """How many there are."""
        return self._store.ask(CountConversations())


class PatternRepository:
    """Stores and fetches patterns, each call a transaction of its own."""

    def __init__(self, store: Store, clock: Clock = utc_now) -> None:
        self._store = store
        self._clock = clock

    def save(self, pattern: Pattern) -> Awaitable[None]:
        """Store it, in place of the one with the same id if there is one."""
        return self._store.ask(SavePattern(pattern))

    def get(self, pattern_id: str) -> Awaitable[Pattern | None]:
        """The pattern with this id, or None."""
        return self._store.ask(GetPattern(_id(pattern_id)))

    def observe(self, pattern_id: str, *, success: bool) -> Awaitable[Pattern | None]:
        """Note that it was seen to work, or not to; the pattern as it is now, or None."""
        now, id_ = self._clock(), _id(pattern_id)
        found: list[Violation] = []
        rules.flag(found, "success", success)
        _refuse(found)

        def observe(tx: Tx) -> Pattern | None:
            before = tx.patterns.get(id_, for_update=True)
            if before is None:
                return None
            pattern = before.observed(success=success, at=now)
            tx.patterns.save(pattern)
            return pattern

        return self._store.write(observe)

    def in_namespace(
        self, namespace: str, min_confidence: float = 0.60, max_results: int = 50
    ) -> Awaitable[tuple[Pattern, ...]]:
        """Those of exactly this namespace, highest confidence first."""
        found: list[Violation] = []
        check_namespace(found, "namespace", namespace)
        rules.share(found, "min_confidence", min_confidence)
        _refuse(found)
        return self._store.ask(PatternsInNamespace(namespace, min_confidence, _most(max_results)))

    def find(
        self, specification: Specification, max_results: int = 20
    ) -> Awaitable[tuple[Pattern, ...]]:
        """Those that satisfy it, highest confidence first."""
        return self._store.ask(FindPatterns(specification, _most(max_results)))

    def delete(self, pattern_id: str) -> Awaitable[bool]:
        """Remove it; whether it was there."""
        return self._store.ask(RemovePattern(_id(pattern_id)))

    def count(self) -> Awaitable[int]:
        """How many there are."""
        return self._store.ask(CountPatterns())


class ContextItemRepository:
    """Stores and fetches context items, each call a transaction of its own."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def save(self, item: ContextItem) -> Awaitable[None]:
        """Store it, in place of the one with the same id if there is one."""
        return self._store.ask(SaveContextItem(item))

    def get(self, context_id: str) -> Awaitable[ContextItem | None]:
        """The item with this id, or None."""
        return self._store.ask(GetContextItem(_id(context_id)))

    def find(
        self, specification: Specification, max_results: int = 20
    ) -> Awaitable[tuple[ContextItem, ...]]:
        """Those that satisfy it, highest relevance first."""
        return self._store.ask(FindContextItems(specification, _most(max_results)))

    def delete(self, context_id: str) -> Awaitable[bool]:
        """Remove it; whether it was there."""
        return self._store.ask(RemoveContextItem(_id(context_id)))

    def count(self) -> Awaitable[int]:
        """How many there are."""
        return self._store.ask(CountContextItems())
