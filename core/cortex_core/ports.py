"""What the handlers ask of a store, in the domain's words.

A unit is a plain function of a transaction. The store runs it in one go, on a thread of its
choice: it is atomic whoever is cancelled meanwhile. It may be run several times: when the
transaction that it shared with others failed, and when somebody else changed what it had read
before it was committed. So a unit touches nothing but its transaction, lets the errors of the
store pass, and returns values only. What a `save` or `delete` breaks may be raised by a later
call or by the commit: a store need not wait for each answer.

An op is a request that needs no function: a value, which a store can prepare ahead, and send
together with others.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Generic, Protocol, TypeVar

import msgspec

from cortex_core.domain.context_item import ContextItem
from cortex_core.domain.conversation import Conversation
from cortex_core.domain.pattern import Pattern
from cortex_core.domain.specification import Specification
from cortex_core.events import Event
from cortex_core.search import ConversationSearch, PatternSearch, SearchHits, SimilarPattern

T = TypeVar("T")

Publish = Callable[[Iterable[Event]], None]
"""What a store calls on its event loop with the events of what was committed."""


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
    def get(self, conversation_id: str, /, *, for_update: bool = False) -> Conversation | None:
        """The conversation with this id, or None. `for_update` says that the unit will save or
        delete it: where several write at once, others then wait instead of being run again."""

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
    def get(self, pattern_id: str, /, *, for_update: bool = False) -> Pattern | None:
        """The pattern with this id, or None. `for_update` says that the unit will save or
        delete it: where several write at once, others then wait instead of being run again."""

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
    def get(self, context_id: str, /, *, for_update: bool = False) -> ContextItem | None:
        """The item with this id, or None. `for_update` says that the unit will save or
        delete it: where several write at once, others then wait instead of being run again."""

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


class Op(msgspec.Struct, Generic[T], frozen=True):
    """One request to a store as a value; T is what it comes to. `cortex_core.ops` has them."""

    def through(self, store: "Store") -> Awaitable[T]:
        """Ask `store` by a unit: the way for ops that it has no quicker one for."""
        raise NotImplementedError  # each kind of op knows the kind of its unit


class LookUp(Op[T], frozen=True):
    """Gets a few entities by their ids."""

    def run(self, tx: ReadTx, /) -> T:
        """The op as a unit."""
        raise NotImplementedError  # each op says it itself

    def through(self, store: "Store") -> Awaitable[T]:
        return store.look_up(self.run)


class Read(Op[T], frozen=True):
    """Changes nothing."""

    def run(self, tx: ReadTx, /) -> T:
        """The op as a unit."""
        raise NotImplementedError  # each op says it itself

    def through(self, store: "Store") -> Awaitable[T]:
        return store.read(self.run)


class Scan(Read[T], frozen=True):
    """Changes nothing, and may have to look at every entity."""

    def through(self, store: "Store") -> Awaitable[T]:
        return store.scan(self.run)


class Write(Op[T], frozen=True):
    """Changes what is stored."""

    def run(self, tx: Tx, /) -> T:
        """The op as a unit."""
        raise NotImplementedError  # each op says it itself

    def through(self, store: "Store") -> Awaitable[T]:
        return store.write(self.run)


class Capabilities(msgspec.Struct, frozen=True):
    """What callers may count on, or must be ready for. Ask this, not for the store's type."""

    persistent: bool
    """What was stored is there when the same place is opened again."""
    across_processes: bool
    """Several processes may have the same place open at once."""
    remote: bool
    """It is reached over a connection that can be lost: each wait is a round trip, and the
    outcome of a commit may be unknown."""


class Store(Protocol):
    """Ops, units and searches in, values out. Its methods belong to one event loop.

    They raise StoreError where the storage fails. Its subclasses say whether anything was
    done and whether to send it again: see `cortex_core.errors`.
    """

    @property
    def capabilities(self) -> Capabilities: ...

    def ask(self, op: Op[T]) -> Awaitable[T]:
        """What `op` comes to. An op that writes is a transaction of its own; see `write`."""

    def write(self, unit: Callable[[Tx], T]) -> Awaitable[T]:
        """Run `unit` in a transaction; done when it is committed.

        Units are serialisable: what they leave and return is what they would if they ran one
        after the other. Where what a unit read was changed by another writer before it
        was committed, it is rolled back and run again, and StoreConflictError is raised when
        that has happened too often. Events of a run that was rolled back are never published.

        What the unit raises rolls it back and comes out here. StoreOutcomeUnknownError is
        raised where the connection was lost during the commit. Cancelled before it started,
        it never runs; after, it completes, and its events are published, though nobody waits.
        """

    def read(self, unit: Callable[[ReadTx], T]) -> Awaitable[T]:
        """Run `unit` on a consistent view. Cancelled, or past the store's deadline, it is
        stopped; past the deadline SearchTimeoutError is raised."""

    def scan(self, unit: Callable[[ReadTx], T]) -> Awaitable[T]:
        """The same for a unit that may have to look at every entity: no other request waits
        for it, except for another scan."""

    def look_up(self, unit: Callable[[ReadTx], T]) -> Awaitable[T]:
        """The same for a unit that only gets a few entities by their ids, which is so brief
        that a store may choose to run it on the event loop."""

    def search_conversations(self, search: ConversationSearch) -> Awaitable[SearchHits]:
        """Rank what matches. Raises SearchTimeoutError past the store's deadline."""

    def search_patterns(self, search: PatternSearch) -> Awaitable[tuple[SimilarPattern, ...]]:
        """Find what is alike. Raises SearchTimeoutError past the store's deadline."""

    async def close(self) -> None:
        """Refuse new work, finish what was accepted, and let go of everything."""
