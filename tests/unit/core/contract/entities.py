"""Entities as the contract's tests save them."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from cortex_core import (
    ContextItem,
    Conversation,
    ConversationCaptured,
    Pattern,
    PatternType,
    Tier,
)
from cortex_core.domain.specification import Specification
from cortex_core.ports import ReadTx, Store, Tx

NOW = datetime(2024, 6, 1, tzinfo=UTC)


def conversation(name: str, /, **fields: Any) -> Conversation:
    given: dict[str, Any] = {
        "id": name,
        "title": f"About {name}",
        "content": f"Everything that was said about {name}",
        "quality": 0.8,
        "captured_at": NOW,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Conversation(**given | fields)


def pattern(name: str, /, **fields: Any) -> Pattern:
    given: dict[str, Any] = {
        "id": name,
        "name": name,
        "type": PatternType.BUG_FIX,
        "content": f"What was learned about {name}",
        "confidence": 0.8,
        "learned_at": NOW,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Pattern(**given | fields)


def item(name: str, /, **fields: Any) -> ContextItem:
    given: dict[str, Any] = {"id": name, "content": name, "relevance": 0.5, "created_at": NOW}
    return ContextItem(**given | fields)


def announced(name: str) -> ConversationCaptured:
    return ConversationCaptured(
        occurred_at=NOW, conversation_id=name, namespace="workspace", quality=0.8, replaced=False
    )


async def save(store: Store, *entities: Conversation | Pattern | ContextItem) -> None:
    def unit(tx: Tx) -> None:
        for entity in entities:
            match entity:
                case Conversation():
                    tx.conversations.save(entity)
                case Pattern():
                    tx.patterns.save(entity)
                case ContextItem():
                    tx.context_items.save(entity)

    await store.write(unit)


FULL_CONVERSATION = conversation(
    "full",
    title="Ünïcode ✓",
    quality=0.123456789,
    turn_count=7,
    entity_count=9,
    file_path="a/b.py",
    namespace="cortex.memory",
    captured_at=datetime(2023, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
)
FULL_PATTERN = pattern(
    "full",
    type=PatternType.ANTI_PATTERN,
    source_conversation_id="gone",
    observation_count=12,
    success_rate=1 / 3,
    tags=('quo"te', "ünïcode"),
    examples=("one", "two\nlines"),
    related_ids=("a", "b"),
    namespace="team.x",
    learned_at=datetime(2023, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
)
FULL_ITEM = item(
    "full", namespace="a.b", tier=Tier.ARCHIVE, source_id="s", relevance_reason="because"
)


def finding(condition: Specification, most: int) -> Callable[[ReadTx], tuple[Conversation, ...]]:
    """A unit that reads the conversations that satisfy it."""
    return lambda tx: tx.conversations.find(condition, most)
