"""What every store promises, whatever it is made of."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cortex_core import (
    ContextItem,
    Conversation,
    ConversationCaptured,
    ConversationSearch,
    Event,
    Events,
    Pattern,
    PatternSearch,
    PatternType,
    StoreClosedError,
    Tier,
)
from cortex_core.data import conversations
from cortex_core.domain import specification as spec
from cortex_core.domain.specification import Specification
from cortex_core.memory.store import MemoryStore
from cortex_core.ports import ReadTx, Store, Tx
from cortex_core.sqlite.database import Database
from cortex_core.sqlite.store import SqliteStore

NOW = datetime(2024, 6, 1, tzinfo=UTC)


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture(params=["sqlite", "sqlite in memory", "memory"])
async def store(request: pytest.FixtureRequest, path: Path, events: Events) -> AsyncIterator[Store]:
    opened: Store
    if request.param == "memory":
        opened = MemoryStore(events.publish)
    else:
        database = await Database.open(path if request.param == "sqlite" else ":memory:")
        opened = SqliteStore(database, events.publish)
    yield opened
    await opened.close()


def conversation(name: str, **fields: Any) -> Conversation:
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


def pattern(name: str, **fields: Any) -> Pattern:
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


def item(name: str, **fields: Any) -> ContextItem:
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


async def test_entities_come_back_as_they_were_saved(store: Store) -> None:
    await save(store, FULL_CONVERSATION, FULL_PATTERN, FULL_ITEM)

    def get(tx: ReadTx) -> tuple[object, ...]:
        return (
            tx.conversations.get("full"),
            tx.patterns.get("full"),
            tx.context_items.get("full"),
        )

    assert await store.read(get) == (FULL_CONVERSATION, FULL_PATTERN, FULL_ITEM)


async def test_saving_again_replaces_every_field(store: Store) -> None:
    await save(store, FULL_CONVERSATION, FULL_PATTERN, FULL_ITEM)
    plain = conversation("full"), pattern("full"), item("full")
    await save(store, *plain)
    assert await store.read(lambda tx: tx.conversations.get("full")) == plain[0]
    assert await store.read(lambda tx: tx.patterns.get("full")) == plain[1]
    assert await store.read(lambda tx: tx.context_items.get("full")) == plain[2]
    counts = await store.read(
        lambda tx: (tx.conversations.count(), tx.patterns.count(), tx.context_items.count())
    )
    assert counts == (1, 1, 1)


async def test_what_is_deleted_is_gone_and_deleting_says_whether_it_was_there(
    store: Store,
) -> None:
    await save(store, FULL_CONVERSATION, FULL_PATTERN, FULL_ITEM)

    def delete(tx: Tx) -> tuple[bool, ...]:
        return (
            tx.conversations.delete("full"),
            tx.patterns.delete("full"),
            tx.context_items.delete("full"),
        )

    assert await store.write(delete) == (True, True, True)
    assert await store.write(delete) == (False, False, False)
    assert await store.read(lambda tx: tx.conversations.get("full")) is None


async def test_a_failing_unit_leaves_no_trace(store: Store, events: Events) -> None:
    await save(store, conversation("kept", title="before"), pattern("kept"))
    heard: list[Event] = []
    events.subscribe(ConversationCaptured, heard.append)

    def unit(tx: Tx) -> None:
        tx.conversations.save(conversation("kept", title="after"))
        tx.conversations.save(conversation("new"))
        tx.patterns.delete("kept")
        tx.record(announced("new"))
        raise LookupError("on purpose")

    with pytest.raises(LookupError, match="on purpose"):
        await store.write(unit)
    kept = await store.read(lambda tx: tx.conversations.get("kept"))
    assert kept is not None
    assert kept.title == "before"
    assert await store.read(lambda tx: tx.conversations.count()) == 1
    assert await store.read(lambda tx: tx.patterns.count()) == 1
    assert heard == []


async def test_events_are_published_in_the_order_of_commit(store: Store, events: Events) -> None:
    heard: list[str] = []
    events.subscribe(ConversationCaptured, lambda e: heard.append(e.conversation_id))

    def unit(number: int) -> Any:
        def record(tx: Tx) -> None:
            tx.record(announced(f"{number} first"))
            tx.record(announced(f"{number} second"))

        return record

    await asyncio.gather(*(store.write(unit(n)) for n in range(3)))
    assert heard == [f"{n} {which}" for n in range(3) for which in ("first", "second")]


async def test_a_unit_sees_its_own_changes(store: Store) -> None:
    def unit(tx: Tx) -> int:
        tx.conversations.save(conversation("one"))
        tx.conversations.save(conversation("two"))
        tx.conversations.delete("one")
        return tx.conversations.count()

    assert await store.write(unit) == 1


async def test_a_unit_cancelled_before_its_turn_never_runs(store: Store) -> None:
    unit = asyncio.ensure_future(store.write(lambda tx: tx.conversations.save(conversation("x"))))
    unit.cancel()
    await asyncio.gather(unit, return_exceptions=True)
    assert await store.read(lambda tx: tx.conversations.count()) == 0


async def test_a_closed_store_refuses_and_closing_twice_is_harmless(store: Store) -> None:
    writing = asyncio.ensure_future(store.write(lambda tx: tx.conversations.count()))
    await asyncio.sleep(0)
    await store.close()
    await store.close()
    assert await writing == 0
    with pytest.raises(StoreClosedError):
        await store.read(lambda tx: tx.conversations.count())


async def test_recent_is_by_capture_then_by_storing(store: Store) -> None:
    later = NOW + timedelta(days=1)
    await save(
        store,
        conversation("later", captured_at=later),
        conversation("first"),
        conversation("second", namespace="team"),
    )
    everywhere = await store.read(lambda tx: tx.conversations.recent(10))
    assert [c.id for c in everywhere] == ["later", "second", "first"]
    there = await store.read(lambda tx: tx.conversations.recent(10, "team"))
    assert [c.id for c in there] == ["second"]
    assert len(await store.read(lambda tx: tx.conversations.recent(1))) == 1


async def test_patterns_of_a_namespace_are_by_confidence_then_newest(store: Store) -> None:
    await save(
        store,
        pattern("low", confidence=0.5, namespace="team"),
        pattern("good", confidence=0.9, namespace="team"),
        pattern("as good", confidence=0.9, namespace="team"),
        pattern("limit", confidence=0.6, namespace="team"),
        pattern("elsewhere", confidence=0.9, namespace="team.below"),
    )
    found = await store.read(lambda tx: tx.patterns.in_namespace("team", 0.6, 10))
    assert [p.id for p in found] == ["as good", "good", "limit"]
    assert len(await store.read(lambda tx: tx.patterns.in_namespace("team", 0.6, 1))) == 1


async def test_patterns_know_their_source(store: Store) -> None:
    await save(
        store,
        pattern("b", source_conversation_id="c"),
        pattern("a", source_conversation_id="c"),
        pattern("other"),
    )
    found = await store.read(lambda tx: tx.patterns.learned_from("c"))
    assert [p.id for p in found] == ["b", "a"]


CONVERSATIONS = [
    conversation(
        f"{number}",
        quality=number / 10,
        turn_count=1 + number,
        entity_count=number % 4,
        namespace=("workspace.a", "cortex.b", "team")[number % 3],
        captured_at=NOW - timedelta(days=number),
    )
    for number in range(10)
]
SPECIFICATIONS = [
    spec.high_quality(),
    spec.high_quality(0.5) & spec.turns(8),
    spec.turns(9) | spec.entities(3),
    ~spec.in_namespace("workspace.*"),
    ~(spec.recent(timedelta(days=3), NOW) | spec.in_namespace("team")),
    spec.recent(timedelta(days=2), NOW) & ~spec.entities(1),
    spec.satisfies(lambda c: c.id in "357"),
    spec.satisfies(lambda c: c.id in "357") & spec.turns(5),
    spec.satisfies(lambda c: c.id in "357") | spec.high_quality(0.9),
    ~spec.satisfies(lambda c: c.id in "357") & spec.in_namespace("*.?"),
    ~(spec.satisfies(lambda c: c.id in "357") | spec.turns(5)),
    ~(spec.satisfies(lambda c: c.id in "357") & spec.turns(5)),
    spec.Compares("title", "=", "About 4"),
    spec.in_namespace("team") & spec.in_namespace("cortex.*"),
]


@pytest.mark.parametrize("number", range(len(SPECIFICATIONS)))
async def test_a_store_finds_what_satisfies_a_specification(store: Store, number: int) -> None:
    specification = SPECIFICATIONS[number]
    await save(store, *CONVERSATIONS)
    expected = [c for c in CONVERSATIONS if specification.is_satisfied_by(c)]
    found = await store.read(lambda tx: tx.conversations.find(specification, 20))
    assert list(found) == expected
    two = await store.read(lambda tx: tx.conversations.find(specification, 2))
    assert list(two) == expected[:2]


async def test_specifications_select_patterns_and_context_items(store: Store) -> None:
    await save(
        store,
        pattern("trusted", confidence=0.9),
        pattern("doubtful", confidence=0.4),
        item("near", relevance=0.4),
        item("far", relevance=0.9, tier=Tier.ARCHIVE),
        item("farther", relevance=0.3, tier=Tier.ARCHIVE),
    )

    async def patterns(specification: Specification) -> list[str]:
        found = await store.read(lambda tx: tx.patterns.find(specification, 10))
        return [p.id for p in found]

    async def items(specification: Specification) -> list[str]:
        found = await store.read(lambda tx: tx.context_items.find(specification, 10))
        return [i.id for i in found]

    bug_fixes = spec.Compares("type", "=", PatternType.BUG_FIX)
    assert await patterns(spec.confident()) == ["trusted"]
    assert await patterns(bug_fixes & ~spec.confident()) == ["doubtful"]
    assert await items(spec.relevant()) == ["far"]
    assert await items(spec.in_tier(Tier.ARCHIVE)) == ["far", "farther"]
    assert await items(~spec.in_tier(Tier.ARCHIVE) | spec.relevant(0.8)) == ["far", "near"]


async def test_stores_agree_on_a_search_to_the_last_digit_shown(store: Store) -> None:
    texts = [
        "the cache of the parser is slow",
        "a slow parser, a slow cache and a slow disk",
        "nothing of the kind is said here",
        "Cache-Control headers are slow too, as every cache is",
    ]
    await save(
        store,
        *(
            conversation(
                str(n),
                title="Slow" if n == 1 else "Other",
                content=text,
                quality=0.7 + n / 10,
                namespace=("workspace", "cortex", "external", "team")[n],
                captured_at=NOW - timedelta(days=20 * n),
            )
            for n, text in enumerate(texts)
        ),
    )
    found = await store.search_conversations(ConversationSearch("SLOW caché", NOW))
    assert found.exact
    assert found.candidates == 3
    assert [(h.conversation_id, round(h.relevance, 3)) for h in found.hits] == [
        ("1", 0.917),
        ("0", 0.901),
        ("3", 0.773),
    ]
    assert all("slow" in h.snippet.lower() for h in found.hits)
    phrase = await store.search_conversations(ConversationSearch("cache-control", NOW))
    assert [h.conversation_id for h in phrase.hits] == ["3"]
    elsewhere = ConversationSearch("slow", NOW, namespace="?ork*", max_results=1)
    assert [h.conversation_id for h in (await store.search_conversations(elsewhere)).hits] == ["0"]
    nothing = await store.search_conversations(ConversationSearch("?!", NOW))
    assert (nothing.hits, nothing.candidates, nothing.exact) == ((), 0, True)


async def test_all_stores_rank_generated_conversations_alike(store: Store) -> None:
    await save(store, *conversations(120))
    for text, best in (
        ("performance", "conversation-00000031"),
        ("stale socket", "conversation-00000046"),
        ("improving the lazy cursor", "conversation-00000096"),
    ):
        found = await store.search_conversations(ConversationSearch(text, NOW))
        assert (text, found.hits[0].conversation_id) == (text, best)


async def test_patterns_like_a_text_come_most_similar_first(store: Store) -> None:
    await save(
        store,
        pattern("batch", content="batch the database writes into one commit"),
        pattern("queue", content="queue the database reads"),
        pattern("colour", content="choose another colour"),
        pattern("doubtful", content="batch the database writes", confidence=0.5),
        pattern("away", content="batch the database writes", namespace="external.x"),
        pattern("design", content="batch the writes", type=PatternType.DESIGN_PATTERN),
    )
    search = PatternSearch("how to batch many database writes", "workspace*")
    found = await store.search_patterns(search)
    assert [f.pattern.id for f in found] == ["batch", "design", "queue"]
    assert all(0 < f.similarity <= 1 for f in found)
    assert found[0].similarity > found[1].similarity > found[2].similarity
    of_type = replace_search(search, type=PatternType.DESIGN_PATTERN)
    assert [f.pattern.id for f in await store.search_patterns(of_type)] == ["design"]
    one = replace_search(search, max_results=1, min_confidence=0.0, namespace="*")
    assert len(await store.search_patterns(one)) == 1
    assert await store.search_patterns(PatternSearch("?????????????", "*")) == ()


def replace_search(search: PatternSearch, **fields: Any) -> PatternSearch:
    return PatternSearch(**{f: getattr(search, f) for f in search.__struct_fields__} | fields)


async def test_a_unit_that_raises_stop_iteration_fails_like_any_other(store: Store) -> None:
    def unit(_: Tx) -> None:
        raise StopIteration

    with pytest.raises(RuntimeError):
        await store.write(unit)


async def test_an_entity_replaced_by_a_changed_copy(store: Store) -> None:
    before = conversation("one")
    await save(store, before)
    await save(store, replace(before, quality=0.9))
    after = await store.read(lambda tx: tx.conversations.get("one"))
    assert after == replace(before, quality=0.9)
