"""Every op comes to what the unit comes to that makes the same call."""

from typing import Any

import pytest

from cortex_core import (
    ContextItem,
    Conversation,
    ConversationCaptured,
    Event,
    Events,
    Pattern,
    PatternLearned,
    StoreClosedError,
    ops,
)
from cortex_core.data import conversations, patterns, seed_store
from cortex_core.domain import specification as spec
from cortex_core.ports import LookUp, Op, Read, Store, Tx, Write
from tests.unit.core.contract.entities import (
    FULL_CONVERSATION,
    FULL_ITEM,
    FULL_PATTERN,
    NOW,
    announced,
    conversation,
    item,
    pattern,
    save,
)

ENTITIES: tuple[Conversation | Pattern | ContextItem, ...] = (
    *(conversation(f"c{n}", quality=n / 10, namespace=f"n{n % 2}") for n in range(6)),
    *(pattern(f"p{n}", confidence=n / 10, namespace=f"n{n % 2}") for n in range(6)),
    *(item(f"i{n}", relevance=n / 10) for n in range(6)),
    FULL_CONVERSATION,
    FULL_PATTERN,
    FULL_ITEM,
)

LOOKS: list[Op[Any]] = [
    ops.GetConversation("full"),
    ops.GetConversation("missing"),
    ops.RecentConversations(3),
    ops.RecentConversations(10, "n1"),
    ops.FindConversations(spec.high_quality(0.3), 2),
    ops.CountConversations(),
    ops.GetPattern("full"),
    ops.GetPattern("missing"),
    ops.PatternsInNamespace("n1", 0.2, 5),
    ops.FindPatterns(spec.confident(0.3), 2),
    ops.CountPatterns(),
    ops.GetContextItem("full"),
    ops.GetContextItem("missing"),
    ops.FindContextItems(spec.relevant(0.3), 2),
    ops.CountContextItems(),
]
CHANGES: list[Write[Any]] = [
    ops.SaveConversation(conversation("new")),
    ops.SaveConversation(conversation("c1", title="Another")),
    ops.RemoveConversation("c1"),
    ops.RemoveConversation("missing"),
    ops.SavePattern(pattern("new")),
    ops.SavePattern(pattern("p1", content="Another")),
    ops.RemovePattern("p1"),
    ops.RemovePattern("missing"),
    ops.SaveContextItem(item("new")),
    ops.SaveContextItem(item("i1", relevance=0.9)),
    ops.RemoveContextItem("i1"),
    ops.RemoveContextItem("missing"),
    ops.SaveAll(),
    ops.SaveAll(
        conversations=(conversation("new"), conversation("c1", title="Another")),
        patterns=(pattern("new"), pattern("p1", content="Another")),
        context_items=(item("new"), item("i1", relevance=0.9)),
    ),
    ops.SaveAll(conversations=(conversation("twice"), conversation("twice", title="Last"))),
]


async def everything(store: Store) -> tuple[object, ...]:
    return await store.read(
        lambda tx: (
            tx.conversations.recent(100),
            tx.patterns.find(spec.confident(0.0), 100),
            tx.context_items.find(spec.relevant(0.0), 100),
        )
    )


async def test_an_op_finds_what_its_unit_finds(store: Store) -> None:
    await save(store, *ENTITIES)
    for op in LOOKS:
        assert isinstance(op, LookUp | Read)
        assert await store.ask(op) == await store.read(op.run), repr(op)


@pytest.mark.parametrize("number", range(len(CHANGES)), ids=lambda n: type(CHANGES[n]).__name__)
async def test_an_op_leaves_what_its_unit_leaves(store: Store, number: int) -> None:
    await save(store, *ENTITIES)
    op = CHANGES[number]
    asked = await store.ask(op)
    left = await everything(store)

    def start_again(tx: Tx) -> None:
        for c in tx.conversations.recent(100):
            tx.conversations.delete(c.id)
        for p in tx.patterns.find(spec.confident(0.0), 100):
            tx.patterns.delete(p.id)
        for i in tx.context_items.find(spec.relevant(0.0), 100):
            tx.context_items.delete(i.id)

    await store.write(start_again)
    await save(store, *ENTITIES)
    assert await store.write(op.run) == asked
    assert await everything(store) == left


async def test_the_events_of_an_op_are_published_after_it_is_stored(
    store: Store, events: Events
) -> None:
    received: list[Event] = []
    events.subscribe(ConversationCaptured, received.append)
    events.subscribe(PatternLearned, received.append)
    captured = announced("a")
    learned = PatternLearned(
        occurred_at=NOW, pattern_id="p", namespace="workspace", confidence=0.8, replaced=False
    )
    await store.ask(ops.SaveConversation(conversation("a"), (captured,)))
    assert received == [captured]
    await store.ask(ops.SavePattern(pattern("p"), (learned,)))
    assert received == [captured, learned]


async def test_what_is_got_for_an_update_is_the_entity(store: Store) -> None:
    await save(store, FULL_CONVERSATION, FULL_PATTERN, FULL_ITEM)

    def get(tx: Tx) -> tuple[object, ...]:
        return (
            tx.conversations.get("full", for_update=True),
            tx.patterns.get("full", for_update=True),
            tx.context_items.get("full", for_update=True),
            tx.conversations.get("missing", for_update=True),
        )

    assert await store.write(get) == (FULL_CONVERSATION, FULL_PATTERN, FULL_ITEM, None)


async def test_a_store_is_seeded_with_the_memories_of_a_seed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cortex_core.data.filling.BATCH", 8)
    received: list[tuple[str, int, int]] = []

    def progress(*each: Any) -> None:
        received.append(each)

    # The second time it replaces what the first, which may have been interrupted, has saved.
    await seed_store(store, conversations=3, patterns=9)
    await seed_store(store, conversations=20, patterns=9, progress=progress)
    expected = (tuple(conversations(20))[::-1], set(patterns(9)))
    left = await store.read(
        lambda tx: (tx.conversations.recent(100), set(tx.patterns.find(spec.confident(0.0), 100)))
    )
    assert left == expected
    assert received == [
        *(("conversations", done, 20) for done in (0, 8, 16, 20)),
        *(("patterns", done, 9) for done in (0, 8, 9)),
    ]


async def test_a_closed_store_refuses_ops(store: Store) -> None:
    await store.close()
    refused: tuple[Op[Any], ...] = (
        ops.GetConversation("a"),
        ops.CountPatterns(),
        ops.RemovePattern("a"),
    )
    for op in refused:
        with pytest.raises(StoreClosedError):
            await store.ask(op)
