"""Repositories to await: one call, one unit. Without requests, behaviours or events."""

from collections.abc import Awaitable

from cortex_core.domain.conversation import Conversation
from cortex_core.ports import Store


class ConversationRepository:
    """Stores and fetches conversations, each call a transaction of its own."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def save(self, conversation: Conversation) -> Awaitable[None]:
        """Store it, in place of the one with the same id if there is one."""
        return self._store.write(lambda tx: tx.conversations.save(conversation))

    def get(self, conversation_id: str) -> Awaitable[Conversation | None]:
        """The conversation with this id, or None."""
        return self._store.read(lambda tx: tx.conversations.get(conversation_id))

    def recent(
        self, max_results: int = 20, namespace: str | None = None
    ) -> Awaitable[tuple[Conversation, ...]]:
        """The newest by `captured_at`, newest first; of exactly one namespace if given."""
        return self._store.read(lambda tx: tx.conversations.recent(max_results, namespace))

    def delete(self, conversation_id: str) -> Awaitable[bool]:
        """Remove it; whether it was there."""
        return self._store.write(lambda tx: tx.conversations.delete(conversation_id))

    def count(self) -> Awaitable[int]:
        """How many there are."""
        return self._store.read(lambda tx: tx.conversations.count())
