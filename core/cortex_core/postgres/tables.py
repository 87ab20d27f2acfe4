"""The three tables: which columns they have, and entities as rows of them."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

from psycopg.pq.abc import PGresult

from cortex_core.domain.context_item import ContextItem, Tier, restore_context_item
from cortex_core.domain.conversation import Conversation, restore_conversation
from cortex_core.domain.pattern import Pattern, PatternType, restore_pattern
from cortex_core.postgres.values import MOMENT, REAL, TEXT, TEXTS, WHOLE, Kind, whole
from cortex_core.postgres.vectors import Words, conversation_words, pattern_words

E = TypeVar("E")

LONG = 50_000
"""Characters of a text that are not dealt with on the event loop's own thread."""

KIND = Kind('text COLLATE "C"', lambda kind: kind.value.encode(), lambda d: PatternType(d.decode()))
TIER = Kind("bigint", WHOLE.encode, lambda data: Tier(WHOLE.decode(data)))


class Table(Generic[E]):
    """One table. Its columns are the fields of its entity, in their order, under their names."""

    def __init__(
        self,
        entity_type: type[E],
        name: str,
        columns: Mapping[str, Kind],
        order: str,
        restore: Callable[[Iterable[object]], E],
        words: Callable[[E], Words] | None = None,
    ) -> None:
        """`order` is the column whose highest value comes first; `words` gives what else is stored
        of an entity that can be searched for."""
        self.entity_type = entity_type
        self.name = name
        self.columns = columns
        self.order = order
        self._words = words
        self.stored = (*columns, *(("words", "word_count") if words else ()))
        """The columns of a row, in the order of `row`."""
        self._restore = restore
        self._encoders = tuple((field, kind.encode) for field, kind in columns.items())
        self._decoders = tuple(enumerate(kind.decode for kind in columns.values()))

    def is_long(self, entity: Any) -> bool:
        """Whether taking its text apart would block the event loop for longer than a few ms."""
        return len(entity.content) > LONG

    def row(self, entity: E) -> list[bytes | None]:
        """The values of an entity, a column each."""
        row = [
            None if (value := getattr(entity, field)) is None else encode(value)
            for field, encode in self._encoders
        ]
        if self._words is not None:
            vector, number = self._words(entity)
            row += (vector, whole(number))
        return row

    def entities(self, result: PGresult) -> tuple[E, ...]:
        """The entities in a result that begins with the columns of this table."""
        return tuple(self._entity(result, row) for row in range(result.ntuples))

    def entity(self, result: PGresult) -> E | None:
        """The entity in a result of one row, or None."""
        return self._entity(result, 0) if result.ntuples else None

    def _entity(self, result: PGresult, row: int) -> E:
        value = result.get_value
        return self._restore(
            None if (data := value(row, column)) is None else decode(data)
            for column, decode in self._decoders
        )


CONVERSATIONS: Table[Conversation] = Table(
    Conversation,
    "conversations",
    {
        "id": TEXT,
        "title": TEXT,
        "content": TEXT,
        "quality": REAL,
        "turn_count": WHOLE,
        "entity_count": WHOLE,
        "file_path": TEXT,
        "namespace": TEXT,
        "captured_at": MOMENT,
        "created_at": MOMENT,
        "updated_at": MOMENT,
    },
    "captured_at",
    restore_conversation,
    conversation_words,
)
PATTERNS: Table[Pattern] = Table(
    Pattern,
    "patterns",
    {
        "id": TEXT,
        "name": TEXT,
        "type": KIND,
        "content": TEXT,
        "confidence": REAL,
        "source_conversation_id": TEXT,
        "observation_count": WHOLE,
        "success_rate": REAL,
        "tags": TEXTS,
        "examples": TEXTS,
        "related_ids": TEXTS,
        "namespace": TEXT,
        "learned_at": MOMENT,
        "created_at": MOMENT,
        "updated_at": MOMENT,
    },
    "confidence",
    restore_pattern,
    pattern_words,
)
CONTEXT_ITEMS: Table[ContextItem] = Table(
    ContextItem,
    "context_items",
    {
        "id": TEXT,
        "content": TEXT,
        "relevance": REAL,
        "namespace": TEXT,
        "tier": TIER,
        "source_id": TEXT,
        "relevance_reason": TEXT,
        "created_at": MOMENT,
    },
    "relevance",
    restore_context_item,
)
TABLES: tuple[Table[Any], ...] = (CONVERSATIONS, PATTERNS, CONTEXT_ITEMS)
