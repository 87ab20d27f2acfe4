from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cortex_core import (
    CaptureConversation,
    ContextItem,
    ContextRelevanceUpdated,
    ConversationDeleted,
    ConversationQuality,
    Cortex,
    DeleteConversation,
    Event,
    FindSimilarPatterns,
    GetConversationQuality,
    GetPatternById,
    GetPatternsByNamespace,
    LearnPattern,
    PatternConfidenceUpdated,
    PatternLearned,
    PatternType,
    Protection,
    UpdateContextRelevance,
    UpdatePatternConfidence,
)

LEARN = LearnPattern(
    id="given",
    name="Batch the writes",
    type=PatternType.OPTIMIZATION,
    content="Many writes share one commit.",
    confidence=0.88,
    source_conversation_id="talk",
    observation_count=19,
    success_rate=1.0,
    tags=("sqlite", "latency"),
    examples=("executemany",),
    related_ids=("other",),
    namespace="team.db",
    learned_at=datetime(2024, 1, 2, tzinfo=UTC),
)


@pytest.fixture
def received(cortex: Cortex) -> list[Event]:
    events: list[Event] = []
    for kind in (
        PatternLearned,
        PatternConfidenceUpdated,
        ContextRelevanceUpdated,
        ConversationDeleted,
    ):
        cortex.events.subscribe(kind, events.append)
    return events


async def test_a_pattern_comes_back_with_every_field(cortex: Cortex, received: list[Event]) -> None:
    learned = (await cortex.send(LEARN)).unwrap()
    assert (await cortex.send(GetPatternById("given"))).value == learned
    for field in LEARN.__struct_fields__:
        assert getattr(learned, field) == getattr(LEARN, field)
    (event,) = received
    assert isinstance(event, PatternLearned)
    assert not event.replaced


async def test_learning_an_id_again_replaces_it(cortex: Cortex) -> None:
    first = (await cortex.send(LEARN)).unwrap()
    again = LearnPattern(
        id="given", name="New", type=PatternType.BUG_FIX, content="Other.", confidence=0.5
    )
    second = (await cortex.send(again)).unwrap()
    assert second.created_at == first.created_at
    assert second.tags == ()
    assert await cortex.patterns.count() == 1


async def test_a_pattern_is_observed_however_often_it_has_been(cortex: Cortex) -> None:
    most = 2**63 - 1
    await cortex.send(msgspec.structs.replace(LEARN, observation_count=most - 1, confidence=0.5))
    for expected in (0.52, 0.54):
        observed = (await cortex.send(UpdatePatternConfidence("given", success=True))).unwrap()
        assert (observed.observation_count, observed.confidence) == (most, expected)
    failed = await cortex.patterns.observe("given", success=False)
    assert failed is not None
    assert failed.observation_count == most
    assert await cortex.patterns.get("given") == failed


async def test_an_invalid_pattern_fails_field_by_field(cortex: Cortex) -> None:
    result = await cortex.send(
        LearnPattern(name="", type=PatternType.BUG_FIX, content="", confidence=2)
    )
    assert [e.field for e in result.errors] == ["name", "content", "confidence"]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("optimization", "type: expected PatternType.OPTIMIZATION, got the text 'optimization'"),
        ("speed", "type: expected a PatternType (CODE_STRUCTURE, ARCHITECTURE, BEST_PRACTICE, "
         "ANTI_PATTERN, OPTIMIZATION, BUG_FIX, DESIGN_PATTERN, DECISION_PATTERN), "
         "got the text 'speed'"),
        (None, "DECISION_PATTERN), got NoneType"),
    ],
)  # fmt: skip
async def test_an_unknown_type_is_refused_with_those_there_are(
    cortex: Cortex, kind: Any, message: str
) -> None:
    (error,) = (await cortex.send(msgspec.structs.replace(LEARN, type=kind))).errors
    assert error.field == "type"
    assert error.message.endswith(message)


async def test_an_observation_is_stored_and_announced(
    cortex: Cortex, received: list[Event]
) -> None:
    await cortex.send(LEARN)
    observed = (await cortex.send(UpdatePatternConfidence("given", True))).unwrap()
    assert (observed.confidence, observed.observation_count) == (0.90, 20)
    assert observed.trust.level == "proven"
    assert await cortex.patterns.get("given") == observed
    event = received[-1]
    assert isinstance(event, PatternConfidenceUpdated)
    assert (event.confidence_before, event.confidence) == (0.88, 0.90)


async def test_observing_what_is_unknown_fails(cortex: Cortex, received: list[Event]) -> None:
    result = await cortex.send(UpdatePatternConfidence("nobody", True))
    assert result.errors[0].code == "not_found"
    assert await cortex.patterns.observe("nobody", success=True) is None
    assert received == []


async def test_the_repository_observes_too(cortex: Cortex) -> None:
    await cortex.send(LEARN)
    observed = await cortex.patterns.observe("given", success=False)
    assert observed is not None
    assert observed.confidence == 0.85
    assert await cortex.patterns.get("given") == observed


async def test_patterns_of_a_namespace_respect_confidence_and_namespace(cortex: Cortex) -> None:
    for number, confidence in enumerate((0.59, 0.60, 0.95)):
        await cortex.send(
            LearnPattern(
                id=str(number),
                name="n",
                type=PatternType.BUG_FIX,
                content="c",
                confidence=confidence,
                namespace="team",
            )
        )
    found = (await cortex.send(GetPatternsByNamespace("team"))).unwrap()
    assert [p.id for p in found] == ["2", "1"]
    assert (await cortex.send(GetPatternsByNamespace("team.db"))).unwrap() == ()


async def test_similar_patterns_are_found_by_their_text(cortex: Cortex) -> None:
    await cortex.send(LEARN)
    query = FindSimilarPatterns("why do many writes share a commit?", "team.*")
    (found,) = (await cortex.send(query)).unwrap()
    assert found.pattern.id == "given"
    assert 0 < found.similarity <= 1
    long_text = " ".join(f"word{n}" for n in range(500)) + " commit"
    assert (await cortex.send(FindSimilarPatterns(long_text, "*"))).ok
    short = await cortex.send(FindSimilarPatterns("too short", "*"))
    assert short.errors[0].field == "context"


async def test_context_gets_a_new_relevance_and_its_reason(
    cortex: Cortex, received: list[Event]
) -> None:
    await cortex.context_items.save(ContextItem(id="one", content="text", relevance=0.25))
    updated = (await cortex.send(UpdateContextRelevance("one", 0.75, "asked twice"))).unwrap()
    assert await cortex.context_items.get("one") == updated
    assert (updated.relevance, updated.relevance_reason) == (0.75, "asked twice")
    (event,) = received
    assert isinstance(event, ContextRelevanceUpdated)
    assert (event.relevance_before, event.relevance, event.reason) == (0.25, 0.75, "asked twice")
    missing = await cortex.send(UpdateContextRelevance("nobody", 0.75, "r"))
    assert missing.errors[0].code == "not_found"
    assert await cortex.context_items.delete("one")
    assert await cortex.context_items.count() == 0


async def test_the_quality_of_a_conversation_is_computed_from_what_is_stored(
    cortex: Cortex,
) -> None:
    await cortex.send(
        CaptureConversation(
            id="c", title="t", content="c" * 650, quality=0.9, turn_count=4, entity_count=6
        )
    )
    quality = (await cortex.send(GetConversationQuality("c"))).unwrap()
    assert quality == ConversationQuality(0.9, 4, 6)
    assert (await cortex.send(GetConversationQuality("nobody"))).unwrap() is None


async def capture_with_patterns(cortex: Cortex) -> None:
    await cortex.send(CaptureConversation(id="talk", title="t", content="c" * 650, quality=0.9))
    await cortex.send(LEARN)


async def test_deleting_a_conversation_spares_its_patterns(
    cortex: Cortex, received: list[Event]
) -> None:
    await capture_with_patterns(cortex)
    assert (await cortex.send(DeleteConversation("talk"))).ok
    spared = await cortex.patterns.get("given")
    assert spared is not None
    assert spared.source_conversation_id == "talk"
    event = received[-1]
    assert isinstance(event, ConversationDeleted)
    assert event.pattern_ids == ()


async def test_deleting_a_conversation_with_its_patterns(
    cortex: Cortex, received: list[Event]
) -> None:
    await capture_with_patterns(cortex)
    assert (await cortex.send(DeleteConversation("talk", with_patterns=True))).ok
    assert await cortex.patterns.count() == 0
    event = received[-1]
    assert isinstance(event, ConversationDeleted)
    assert event.pattern_ids == ("given",)


async def test_a_protected_pattern_keeps_its_conversation_from_being_deleted_with_it(
    path: Path,
) -> None:
    async with Cortex.open(path, protection=Protection(("team.*",))) as cortex:
        await capture_with_patterns(cortex)
        refused = await cortex.send(DeleteConversation("talk", with_patterns=True))
        assert refused.errors[0].code == "protected"
        assert await cortex.conversations.count() == 1
        assert (await cortex.send(DeleteConversation("talk"))).ok
