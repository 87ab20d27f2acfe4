"""What the handlers ask of a store, in the domain's words.

A unit is a plain function of a transaction. The store runs it in one go, on a thread of its
choice: it is atomic whoever is cancelled meanwhile, and it may be run a second time when
the transaction that it shared with others failed. So a unit touches nothing but its
transaction, and returns values only.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from cortex_core.domain.conversation import Conversation
from cortex_core.events import Event
from cortex_core.search import ConversationSearch, SearchHits

T = TypeVar("T")


class ReadConversations(Protocol):
    def get(self, conversation_id: str) -> Conversation | None:
        """The conversation with this id, or None."""

    def recent(self, max_results: int, namespace: str | None = None) -> tuple[Conversation, ...]:
        """The newest by `captured_at`, newest first; of exactly one namespace if given."""

    def count(self) -> int:
        """How many there are."""


class Conversations(ReadConversations, Protocol):
    def save(self, conversation: Conversation) -> None:
        """Store it, in place of the one with the same id if there is one."""

    def delete(self, conversation_id: str) -> bool:
        """Remove it; whether it was there."""


class ReadTx(Protocol):
    """A consistent view: everything in one unit sees the same moment of the store."""

    @property
    def conversations(self) -> ReadConversations: ...


class Tx(Protocol):
    """A transaction: all of it is kept, or nothing."""

    @property
    def conversations(self) -> Conversations: ...

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

    def search_conversations(self, search: ConversationSearch) -> Awaitable[SearchHits]:
        """Rank what matches. Raises SearchTimeoutError past the store's deadline."""

    async def close(self) -> None:
        """Refuse new work, finish what was accepted, and let go of everything."""
