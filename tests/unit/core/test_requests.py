from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from cortex_core import (
    CaptureConversation,
    Conversation,
    ConversationCaptured,
    Cortex,
    DeleteConversation,
    Event,
    GetConversationById,
    GetRecentConversations,
    LearnPattern,
    PatternLearned,
    PatternType,
    Protection,
    Request,
    RequestFailedError,
    UpdatePatternConfidence,
    Validation,
)

CONTENT = "What the cache had to do with it. " * 20
FULL = CaptureConversation(
    id="given",
    title="Títle",
    content=CONTENT,
    quality=0.91,
    turn_count=7,
    entity_count=12,
    file_path="src/app.py",
    namespace="cortex.memory",
    captured_at=datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=UTC),
)


async def test_every_field_that_is_given_comes_back(cortex: Cortex) -> None:
    stored = (await cortex.send(FULL)).unwrap()
    assert (await cortex.send(GetConversationById("given"))).value == stored
    for field in FULL.__struct_fields__:
        assert getattr(stored, field) == getattr(FULL, field)


async def test_what_was_captured_is_there_after_reopening(path: Path) -> None:
    async with Cortex.open(path) as cortex:
        stored = (await cortex.send(FULL)).unwrap()
    async with Cortex.open(path) as cortex:
        assert await cortex.conversations.get("given") == stored


async def test_capturing_an_id_again_replaces_it_and_keeps_its_creation(cortex: Cortex) -> None:
    first = (await cortex.send(FULL)).unwrap()
    again = CaptureConversation(id="given", title="New", content=CONTENT, quality=0.75)
    second = (await cortex.send(again)).unwrap()
    assert second.title == "New"
    assert second.created_at == first.created_at
    assert second.updated_at >= first.updated_at
    assert await cortex.conversations.count() == 1
    assert await cortex.conversations.get("given") == second


async def test_a_missing_quality_is_estimated(cortex: Cortex) -> None:
    stored = (await cortex.send(CaptureConversation(title="t", content="x" * 1000))).unwrap()
    assert stored.quality == 0.85


async def test_what_is_not_worth_capturing_fails_with_a_reason(cortex: Cortex) -> None:
    result = await cortex.send(CaptureConversation(title="t", content="x" * 99))
    assert result.errors[0].code == "not_worth_capturing"
    assert "quality 0.3" in result.errors[0].message
    assert await cortex.conversations.count() == 0


async def test_an_invalid_request_fails_field_by_field(cortex: Cortex) -> None:
    future = datetime.now(UTC) + timedelta(days=1)
    result = await cortex.send(
        CaptureConversation(title="t" * 501, content="short", captured_at=future, namespace="!")
    )
    assert [e.code for e in result.errors] == ["invalid"] * 4
    assert {e.field for e in result.errors} == {"title", "content", "captured_at", "namespace"}
    with pytest.raises(RequestFailedError, match="at most 500 characters"):
        result.unwrap()


async def test_an_unknown_id_is_nothing_to_get_and_a_failure_to_delete(cortex: Cortex) -> None:
    got = await cortex.send(GetConversationById("nobody"))
    assert got.ok
    assert got.value is None
    deleted = await cortex.send(DeleteConversation("nobody"))
    assert deleted.errors[0].code == "not_found"
    assert deleted.errors[0].field == "id"


async def test_deleting_gives_back_what_was_deleted(cortex: Cortex) -> None:
    stored = (await cortex.send(FULL)).unwrap()
    assert (await cortex.send(DeleteConversation("given"))).unwrap() == stored
    assert await cortex.conversations.get("given") is None


async def test_recent_is_newest_first_by_capture_and_honours_namespace_and_limit(
    cortex: Cortex,
) -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    for day in (3, 1, 4, 0, 2):
        await cortex.conversations.save(
            Conversation(
                id=f"day-{day}",
                title="t",
                content=CONTENT,
                quality=0.8,
                namespace="team.even" if day % 2 == 0 else "team.odd",
                captured_at=start + timedelta(days=day),
            )
        )
    newest = (await cortex.send(GetRecentConversations(max_results=3))).unwrap()
    assert [c.id for c in newest] == ["day-4", "day-3", "day-2"]
    even = (await cortex.send(GetRecentConversations("team.even"))).unwrap()
    assert [c.id for c in even] == ["day-4", "day-2", "day-0"]
    assert (await cortex.send(GetRecentConversations("team"))).unwrap() == ()


async def test_protected_namespaces_refuse_deletion(path: Path) -> None:
    protection = Protection(namespaces=("cortex.*",))
    async with Cortex.open(path, protection=protection) as cortex:
        await cortex.send(FULL)
        result = await cortex.send(DeleteConversation("given"))
        assert result.errors[0].code == "protected"
        assert await cortex.conversations.count() == 1


@pytest.mark.parametrize("given_as_behaviour", [False, True])
@pytest.mark.parametrize("where", ["sqlite", "memory:"])
async def test_protected_namespaces_keep_what_they_have(
    path: Path, where: str, given_as_behaviour: bool
) -> None:
    protection = Protection(namespaces=("cortex.*",))
    options: dict[str, Any] = (
        {"behaviours": (Validation(), protection)}
        if given_as_behaviour
        else {"protection": protection}
    )
    events: list[Event] = []
    place = path if where == "sqlite" else where
    async with Cortex.open(place, **options) as cortex:
        conversation = (await cortex.send(structs.replace(FULL, namespace="cortex.a"))).unwrap()
        learn = LearnPattern(
            id="p",
            name="n",
            type=PatternType.BUG_FIX,
            content="c",
            confidence=0.8,
            namespace="cortex.a",
        )
        pattern = (await cortex.send(learn)).unwrap()
        cortex.events.subscribe(ConversationCaptured, events.append)
        cortex.events.subscribe(PatternLearned, events.append)
        for namespace in ("cortex.a", "cortex.b", "workspace"):
            there: tuple[Request[Any], ...] = (
                structs.replace(FULL, namespace=namespace),
                structs.replace(learn, namespace=namespace),
            )
            for request in there:
                result = await cortex.send(request)
                assert [error.code for error in result.errors] == ["protected"]
        assert await cortex.conversations.get(conversation.id) == conversation
        assert await cortex.patterns.get("p") == pattern
        assert events == []
        # What is new can be stored there, and what is elsewhere can move there.
        new = CaptureConversation(title="t", content=CONTENT, quality=0.9, namespace="cortex.a")
        moved = structs.replace(new, id="moved", namespace="workspace")
        for fine in (new, moved, structs.replace(moved, namespace="cortex.a")):
            assert (await cortex.send(fine)).ok
        assert (await cortex.send(UpdatePatternConfidence("p", success=True))).ok


def test_one_text_is_not_several_patterns() -> None:
    with pytest.raises(TypeError, match="namespaces"):
        Protection(namespaces="cortex.*")


async def test_the_repository_stores_an_entity_as_it_is_but_for_when_it_was_first_stored(
    cortex: Cortex,
) -> None:
    conversation = Conversation(title="", content=CONTENT, quality=0.1)
    await cortex.conversations.save(conversation)
    changed = replace(conversation, title="Changed", created_at=datetime(2020, 1, 1, tzinfo=UTC))
    await cortex.conversations.save(changed)
    kept = replace(changed, created_at=conversation.created_at)
    assert await cortex.conversations.get(conversation.id) == kept
    assert await cortex.conversations.delete(conversation.id)
    assert not await cortex.conversations.delete(conversation.id)


async def test_what_is_stored_stays_readable_when_the_clock_is_set_back(
    cortex: Cortex, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = (await cortex.send(FULL)).unwrap()
    monkeypatch.setattr(
        "cortex_core.domain.conversation.utc_now", lambda: datetime(2000, 1, 1, tzinfo=UTC)
    )
    assert await cortex.conversations.get("given") == stored
