"""What the handlers ask of a store, in the domain's words.

A unit is a plain function of a transaction. The store runs it in one go, on a thread of its
choice: it is atomic whoever is cancelled meanwhile, and it may be run a second time when
the transaction that it shared with others failed. So a unit touches nothing but its
transaction, lets the errors of the store pass, and returns values only.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from cortex_core.domain.context_item import ContextItem
from cortex_core.domain.conversation import Conversation
from cortex_core.domain.pattern import Pattern
from cortex_core.domain.specification import Specification
from cortex_core.events import Event
from cortex_core.search import ConversationSearch, PatternSearch, SearchHits, SimilarPattern

T = TypeVar("T")


class ReadConversations(Protocol):
    def get(self, conversation_id: str, /) -> Conversation | None:
        """The conversation with this id, or None."""

    def recent(self, max_results: int, namespace: str | None = None) -> tuple[Conversation, ...]:
        """The newest by `captured_at`, newest first, then newest stored; of exactly one
        namespace if given."""

    def find(self, specification: Specification, max_results: int) -> tuple[Conversation, ...]:
        """Those that satisfy it, newest by `captured_at` first."""

    def count(self) -> int:
        """How many there are."""


class Conversations(ReadConversations, Protocol):
    def save(self, conversation: Conversation, /) -> None:
        """Store it, in place of the one with the same id if there is one."""

    def delete(self, conversation_id: str, /) -> bool:
        """Remove it; whether it was there."""


class ReadPatterns(Protocol):
    def get(self, pattern_id: str, /) -> Pattern | None:
        """The pattern with this id, or None."""

    def in_namespace(
        self, namespace: str, min_confidence: float, max_results: int
    ) -> tuple[Pattern, ...]:
        """Those of exactly this namespace, highest confidence first, then newest stored."""

    def learned_from(self, conversation_id: str, /) -> tuple[Pattern, ...]:
        """Those that name this conversation as their source, in the order of storing."""

    def find(self, specification: Specification, max_results: int) -> tuple[Pattern, ...]:
        """Those that satisfy it, highest confidence first, then newest stored."""

    def count(self) -> int:
        """How many there are."""


class Patterns(ReadPatterns, Protocol):
    def save(self, pattern: Pattern, /) -> None:
        """Store it, in place of the one with the same id if there is one."""

    def delete(self, pattern_id: str, /) -> bool:
        """Remove it; whether it was there."""


class ReadContextItems(Protocol):
    def get(self, context_id: str, /) -> ContextItem | None:
        """The item with this id, or None."""

    def find(self, specification: Specification, max_results: int) -> tuple[ContextItem, ...]:
        """Those that satisfy it, highest relevance first, then newest stored."""

    def count(self) -> int:
        """How many there are."""


class ContextItems(ReadContextItems, Protocol):
    def save(self, item: ContextItem, /) -> None:
        """Store it, in place of the one with the same id if there is one."""

    def delete(self, context_id: str, /) -> bool:
        """Remove it; whether it was there."""


class ReadTx(Protocol):
    """A consistent view: everything in one unit sees the same moment of the store."""

    @property
    def conversations(self) -> ReadConversations: ...

    @property
    def patterns(self) -> ReadPatterns: ...

    @property
    def context_items(self) -> ReadContextItems: ...


class Tx(Protocol):
    """A transaction: all of it is kept, or nothing."""

    @property
    def conversations(self) -> Conversations: ...

    @property
    def patterns(self) -> Patterns: ...

    @property
    def context_items(self) -> ContextItems: ...

    def record(self, event: Event) -> None:
        """Have `event` published once this unit has been committed."""


class Store(Protocol):
    """Units and searches in, values out. Its methods belong to one event loop and raise
    StoreError where the storage fails."""

    def write(self, unit: Callable[[Tx], T]) -> Awaitable[T]:
        """Run `unit` in a transaction; done when it is committed. What the unit raises
        rolls it back and comes out here. Cancelled before it started, it never runs;
        after, it completes, and its events are published, though nobody waits."""

    def read(self, unit: Callable[[ReadTx], T]) -> Awaitable[T]:
        """Run `unit` on a consistent view."""

    def look_up(self, unit: Callable[[ReadTx], T]) -> Awaitable[T]:
        """The same for a unit that only gets a few entities by their ids, which is so brief
        that a store may choose to run it on the event loop."""

    def search_conversations(self, search: ConversationSearch) -> Awaitable[SearchHits]:
        """Rank what matches. Raises SearchTimeoutError past the store's deadline."""

    def search_patterns(self, search: PatternSearch) -> Awaitable[tuple[SimilarPattern, ...]]:
        """Find what is alike. Raises SearchTimeoutError past the store's deadline."""

    async def close(self) -> None:
        """Refuse new work, finish what was accepted, and let go of everything."""
