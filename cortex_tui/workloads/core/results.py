"""What the operations of the built-in workloads write, and how they check what they get."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from itertools import count, cycle
from typing import TypeVar

from cortex_core import CaptureConversation, Conversation, Cortex, GetConversationById, Pattern
from cortex_core.data import conversations, patterns
from cortex_tui.workloads.context import current_run

Operation = Callable[[int], Awaitable[None]]

E = TypeVar("E", Conversation, Pattern)

_POOL = 512
"""How many different entities writing operations go round; each time with a fresh id."""


class UnexpectedResultError(Exception):
    """An operation brought something else than it should have."""


def expect(condition: bool, what: str) -> None:
    """Fails the operation unless it brought what it should have."""
    if not condition:
        raise UnexpectedResultError(what)


def expect_entity(found: Conversation | Pattern | None, wanted: str) -> None:
    """Fails the operation unless it brought the entity with the id `wanted`."""
    if found is None or found.id != wanted:
        raise UnexpectedResultError(f"asked for {wanted}, got {found!r:.80}")


def fresh_conversation() -> Callable[[], Conversation]:
    """A function that makes conversations whose ids were never used."""
    return _fresh(conversations(_POOL))


def fresh_pattern() -> Callable[[], Pattern]:
    """A function that makes patterns whose ids were never used."""
    return _fresh(patterns(_POOL))


def _fresh(like: Iterable[E]) -> Callable[[], E]:
    run = current_run.get().run
    pool, numbers = cycle(list(like)), count()

    def make() -> E:
        return replace(next(pool), id=f"run-{run}-{next(numbers)}")

    return make


def fresh_capture() -> Callable[[], CaptureConversation]:
    """A function that makes commands whose ids were never used."""
    run = current_run.get().run
    pool, numbers = cycle(list(conversations(_POOL))), count()

    def make() -> CaptureConversation:
        like = next(pool)
        return CaptureConversation(
            id=f"run-{run}-{next(numbers)}",
            title=like.title,
            content=like.content,
            quality=like.quality,
            turn_count=like.turn_count,
            entity_count=like.entity_count,
            file_path=like.file_path,
            namespace=like.namespace,
        )

    return make


async def capture_one(cortex: Cortex, command: CaptureConversation) -> None:
    """Captures through the mediator; fails unless what comes back is what was sent."""
    captured = (await cortex.send(command)).unwrap()
    expect(
        captured.id == command.id and captured.content == command.content,
        f"captured {command.id}, got {captured!r:.80}",
    )


async def get_one(cortex: Cortex, wanted: str) -> None:
    """Gets through the mediator; fails unless it is there."""
    expect_entity((await cortex.send(GetConversationById(wanted))).unwrap(), wanted)
