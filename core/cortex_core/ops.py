"""Every request to a store that is a value. Each is a transaction of its own.

`store.ask(GetConversation("c1"))` comes to the same as a unit that makes this one call. A store
whose server is a round trip away can prepare it, and send several at once.
"""

from cortex_core.domain.context_item import ContextItem
from cortex_core.domain.conversation import Conversation
from cortex_core.domain.pattern import Pattern
from cortex_core.domain.specification import Specification
from cortex_core.events import Event
from cortex_core.ports import LookUp, Read, ReadTx, Scan, Tx, Write


class GetConversation(LookUp[Conversation | None], frozen=True):
    """The conversation with this id, or None."""

    id: str

    def run(self, tx: ReadTx, /) -> Conversation | None:
        return tx.conversations.get(self.id)


class RecentConversations(Read[tuple[Conversation, ...]], frozen=True):
    """The newest by `captured_at`, newest first; of exactly one namespace if given."""

    max_results: int
    namespace: str | None = None

    def run(self, tx: ReadTx, /) -> tuple[Conversation, ...]:
        return tx.conversations.recent(self.max_results, self.namespace)


class FindConversations(Scan[tuple[Conversation, ...]], frozen=True):
    """Those that satisfy it, newest by `captured_at` first."""

    specification: Specification
    max_results: int

    def run(self, tx: ReadTx, /) -> tuple[Conversation, ...]:
        return tx.conversations.find(self.specification, self.max_results)


class CountConversations(Scan[int], frozen=True):
    """How many there are."""

    def run(self, tx: ReadTx, /) -> int:
        return tx.conversations.count()


class SaveConversation(Write[None], frozen=True):
    """Store it, in place of the one with the same id if there is one, and publish `events`
    once that is committed."""

    conversation: Conversation
    events: tuple[Event, ...] = ()

    def run(self, tx: Tx, /) -> None:
        tx.conversations.save(self.conversation)
        for event in self.events:
            tx.record(event)


class RemoveConversation(Write[bool], frozen=True):
    """Remove it; whether it was there."""

    id: str

    def run(self, tx: Tx, /) -> bool:
        return tx.conversations.delete(self.id)


class GetPattern(LookUp[Pattern | None], frozen=True):
    """The pattern with this id, or None."""

    id: str

    def run(self, tx: ReadTx, /) -> Pattern | None:
        return tx.patterns.get(self.id)


class PatternsInNamespace(Read[tuple[Pattern, ...]], frozen=True):
    """Those of exactly this namespace, highest confidence first, then newest stored."""

    namespace: str
    min_confidence: float
    max_results: int

    def run(self, tx: ReadTx, /) -> tuple[Pattern, ...]:
        return tx.patterns.in_namespace(self.namespace, self.min_confidence, self.max_results)


class FindPatterns(Scan[tuple[Pattern, ...]], frozen=True):
    """Those that satisfy it, highest confidence first, then newest stored."""

    specification: Specification
    max_results: int

    def run(self, tx: ReadTx, /) -> tuple[Pattern, ...]:
        return tx.patterns.find(self.specification, self.max_results)


class CountPatterns(Scan[int], frozen=True):
    """How many there are."""

    def run(self, tx: ReadTx, /) -> int:
        return tx.patterns.count()


class SavePattern(Write[None], frozen=True):
    """Store it, in place of the one with the same id if there is one, and publish `events`
    once that is committed."""

    pattern: Pattern
    events: tuple[Event, ...] = ()

    def run(self, tx: Tx, /) -> None:
        tx.patterns.save(self.pattern)
        for event in self.events:
            tx.record(event)


class RemovePattern(Write[bool], frozen=True):
    """Remove it; whether it was there."""

    id: str

    def run(self, tx: Tx, /) -> bool:
        return tx.patterns.delete(self.id)


class GetContextItem(LookUp[ContextItem | None], frozen=True):
    """The item with this id, or None."""

    id: str

    def run(self, tx: ReadTx, /) -> ContextItem | None:
        return tx.context_items.get(self.id)


class FindContextItems(Scan[tuple[ContextItem, ...]], frozen=True):
    """Those that satisfy it, highest relevance first, then newest stored."""

    specification: Specification
    max_results: int

    def run(self, tx: ReadTx, /) -> tuple[ContextItem, ...]:
        return tx.context_items.find(self.specification, self.max_results)


class CountContextItems(Scan[int], frozen=True):
    """How many there are."""

    def run(self, tx: ReadTx, /) -> int:
        return tx.context_items.count()


class SaveContextItem(Write[None], frozen=True):
    """Store it, in place of the one with the same id if there is one."""

    item: ContextItem

    def run(self, tx: Tx, /) -> None:
        tx.context_items.save(self.item)


class RemoveContextItem(Write[bool], frozen=True):
    """Remove it; whether it was there."""

    id: str

    def run(self, tx: Tx, /) -> bool:
        return tx.context_items.delete(self.id)


class SaveAll(Write[None], frozen=True):
    """Store all of them in one transaction, in this order, each in place of the one with the
    same id if there is one: for imports, as fast as the store can."""

    conversations: tuple[Conversation, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    context_items: tuple[ContextItem, ...] = ()

    def run(self, tx: Tx, /) -> None:
        for conversation in self.conversations:
            tx.conversations.save(conversation)
        for pattern in self.patterns:
            tx.patterns.save(pattern)
        for item in self.context_items:
            tx.context_items.save(item)
