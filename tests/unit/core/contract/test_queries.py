"""Every store finds the same entities in the same order."""

from datetime import timedelta

from cortex_core import (
    PatternType,
    Tier,
)
from cortex_core.domain import specification as spec
from cortex_core.domain.specification import Specification
from cortex_core.ports import Store
from tests.unit.core.contract.entities import (
    NOW,
    conversation,
    finding,
    item,
    pattern,
    save,
)


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


async def test_a_store_finds_what_satisfies_a_specification(store: Store) -> None:
    await save(store, *CONVERSATIONS)
    for specification in SPECIFICATIONS:
        expected = [c for c in CONVERSATIONS if specification.is_satisfied_by(c)]
        found = await store.read(finding(specification, 20))
        assert list(found) == expected, repr(specification)
        two = await store.read(finding(specification, 2))
        assert list(two) == expected[:2], repr(specification)


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
