"""Whatever clock a memory is given, it stores times in UTC that have passed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cortex_core import (
    CaptureConversation,
    ContextItem,
    Conversation,
    ConversationCaptured,
    Cortex,
    DeleteConversation,
    Event,
    GetRecentConversations,
    LearnPattern,
    Pattern,
    PatternType,
    SearchContext,
    UpdateContextRelevance,
    UpdatePatternConfidence,
)

PLACES = ("sqlite", "memory:")
CLOCKS: dict[str, Callable[[], datetime]] = {
    "ahead by an hour": lambda: datetime.now(UTC) + timedelta(hours=1),
    "ahead by years": lambda: datetime.now(UTC) + timedelta(days=3_000),
    "behind": lambda: datetime.now(UTC) - timedelta(days=3_000),
    "east": lambda: datetime.now(timezone(timedelta(hours=9))),
    "west and ahead": lambda: datetime.now(timezone(-timedelta(hours=9))) + timedelta(minutes=5),
    "a city": lambda: datetime.now(ZoneInfo("America/New_York")),
}
CAPTURE = CaptureConversation(id="c", title="t", content="word " * 130, quality=0.8)
LEARN = LearnPattern(id="p", name="n", type=PatternType.BUG_FIX, content="c", confidence=0.8)


def place(name: str, path: Path) -> str:
    return str(path) if name == "sqlite" else name


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("clock", CLOCKS)
async def test_every_request_works_and_leaves_times_that_can_be_stored(
    name: str, clock: str, path: Path
) -> None:
    received: list[Event] = []
    async with Cortex.open(place(name, path), clock=CLOCKS[clock]) as cortex:
        cortex.events.subscribe(ConversationCaptured, received.append)
        await cortex.context_items.save(ContextItem(id="i", content="c", relevance=0.5))
        for request in (
            CAPTURE,
            CAPTURE,
            LEARN,
            LEARN,
            UpdatePatternConfidence("p", success=True),
            UpdateContextRelevance("i", 0.9, "because"),
            GetRecentConversations(),
            SearchContext("word"),
        ):
            result: Any = await cortex.send(request)
            assert result.ok, result.errors
        await cortex.patterns.observe("p", success=False)
        conversation = await cortex.conversations.get("c")
        pattern = await cortex.patterns.get("p")
        assert conversation is not None
        assert pattern is not None
        times = [event.occurred_at for event in received]
        for entity in (conversation, pattern):
            # Made anew, it is checked: its times are in UTC and have passed.
            assert replace(entity) == entity
            times += [entity.created_at, entity.updated_at]
        now = datetime.now(UTC)
        assert all(time.tzinfo is UTC and time <= now for time in times)
        assert (await cortex.send(DeleteConversation("c"))).ok


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        (lambda: datetime(2024, 1, 1), "clock: expected a time with a time zone"),
        (lambda: 1_700_000_000.0, "clock: expected a time, got float"),
    ],
)
async def test_a_clock_that_gives_no_moment_is_refused_when_the_memory_is_opened(
    name: str, clock: Any, expected: str, path: Path
) -> None:
    with pytest.raises(ValueError, match=expected):
        Cortex.open(place(name, path), clock=clock)


async def later() -> datetime:
    return datetime.now(UTC)


def test_an_async_clock_is_refused(path: Path) -> None:
    with pytest.raises(TypeError, match="clock: expected a plain function"):
        Cortex.open(path, clock=later)  # type: ignore[arg-type]


async def test_a_clock_that_was_set_back_does_not_change_when_something_was_first_stored(
    path: Path,
) -> None:
    clock = iter(datetime.now(UTC) - timedelta(hours=h) for h in (1, 2, 9, 10, 11, 12))
    async with Cortex.open(path, clock=lambda: next(clock)) as cortex:
        captured = [(await cortex.send(CAPTURE)).unwrap() for _ in range(2)]
        learned = [(await cortex.send(LEARN)).unwrap() for _ in range(2)]
        assert captured[1].created_at == captured[0].created_at
        assert learned[1].created_at == learned[0].created_at
        assert await cortex.conversations.get("c") == captured[1]
        assert await cortex.patterns.get("p") == learned[1]


@pytest.mark.parametrize("entity", [Conversation, Pattern, ContextItem])
def test_an_entity_checks_its_times(entity: Any) -> None:
    needed: dict[str, Any] = {"content": "c" * 10}
    needed |= {"title": "t", "quality": 0.5} if entity is Conversation else {}
    needed |= {"relevance": 0.5} if entity is ContextItem else {}
    pattern = {"name": "n", "type": PatternType.BUG_FIX, "confidence": 0.5}
    needed |= pattern if entity is Pattern else {}
    for clock in CLOCKS.values():
        time = clock()
        if time.tzinfo is not UTC or time > datetime.now(UTC):
            with pytest.raises(ValueError, match="created_at: expected a time"):
                entity(**needed, created_at=time)
