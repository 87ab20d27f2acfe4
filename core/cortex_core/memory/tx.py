"""A transaction over tables: it notes how to take back what it does."""

from collections.abc import Iterator
from itertools import islice
from typing import Generic, TypeVar

from cortex_core.domain.context_item import ContextItem
from cortex_core.domain.conversation import Conversation
from cortex_core.domain.pattern import Pattern
from cortex_core.domain.specification import Specification, check_fields
from cortex_core.events import Event
from cortex_core.memory.table import Entity, Table, Undo, satisfying
from cortex_core.search import Check

E = TypeVar("E", bound=Entity)


class Tables:
    """Everything that is stored."""

    def __init__(self) -> None:
        self.conversations = Table(Conversation)
        self.patterns = Table(Pattern)
        self.context_items = Table(ContextItem)


class _Repository(Generic[E]):
    ORDER: str
    """The field whose highest value comes first."""

    def __init__(self, table: Table[E], undo: list[Undo], check: Check) -> None:
        self._table = table
        self._undo = undo
        self._check = check

    def get(self, entity_id: str, /, *, for_update: bool = False) -> E | None:
        return self._table.get(entity_id)

    def find(self, specification: Specification, max_results: int) -> tuple[E, ...]:
        check_fields(specification, self._table.entity_type)
        return tuple(islice(satisfying(self._ordered(), specification, self._check), max_results))

    def count(self) -> int:
        return self._table.count()

    def save(self, entity: E, /) -> None:
        self._undo.append(self._table.put(entity))

    def delete(self, entity_id: str, /) -> bool:
        undo = self._table.remove(entity_id)
        if undo is not None:
            self._undo.append(undo)
        return undo is not None

    def _ordered(self) -> Iterator[E]:
        return self._table.highest(self.ORDER)


class MemoryConversations(_Repository[Conversation]):
    ORDER = "captured_at"

    def recent(self, max_results: int, namespace: str | None = None) -> tuple[Conversation, ...]:
        chosen = (c for c in self._ordered() if namespace in (None, c.namespace))
        return tuple(islice(chosen, max_results))


class MemoryPatterns(_Repository[Pattern]):
    ORDER = "confidence"

    def in_namespace(
        self, namespace: str, min_confidence: float, max_results: int
    ) -> tuple[Pattern, ...]:
        chosen = (
            p
            for p in self._ordered()
            if p.namespace == namespace and p.confidence >= min_confidence
        )
        return tuple(islice(chosen, max_results))

    def learned_from(self, conversation_id: str) -> tuple[Pattern, ...]:
        stored = self._table.in_order_of_storing()
        return tuple(p for p in stored if p.source_conversation_id == conversation_id)


class MemoryContextItems(_Repository[ContextItem]):
    ORDER = "relevance"


class MemoryTx:
    """One unit's transaction."""

    def __init__(self, tables: Tables, check: Check = lambda: None) -> None:
        """`check` raises when the unit must stop; it is called for each entity looked at."""
        self._undo: list[Undo] = []
        self.conversations = MemoryConversations(tables.conversations, self._undo, check)
        self.patterns = MemoryPatterns(tables.patterns, self._undo, check)
        self.context_items = MemoryContextItems(tables.context_items, self._undo, check)
        self.events: list[Event] = []

    def record(self, event: Event) -> None:
        self.events.append(event)

    def roll_back(self) -> None:
        """Leave the tables as they were before."""
        while self._undo:
            self._undo.pop()()
