"""What no store can hold is refused at every door, and named."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from itertools import product
from typing import Any, cast

import msgspec
import pytest

from cortex_core import (
    CaptureConversation,
    ContextItem,
    Conversation,
    Cortex,
    DeleteConversation,
    FindSimilarPatterns,
    GetConversationById,
    GetConversationQuality,
    GetPatternById,
    GetPatternsByNamespace,
    GetRecentConversations,
    InvalidValueError,
    LearnPattern,
    Pattern,
    PatternType,
    Request,
    SearchContext,
    UpdateContextRelevance,
    UpdatePatternConfidence,
)
from cortex_core.domain.specification import in_namespace

CONTENT = "c" * 650
REQUESTS: dict[type[Request[Any]], dict[str, Any]] = {
    CaptureConversation: {
        "title": "t",
        "content": CONTENT,
        "quality": 0.8,
        "file_path": "f",
        "id": "i",
    },
    DeleteConversation: {"id": "i", "with_patterns": True},
    LearnPattern: {
        "name": "n",
        "type": PatternType.BUG_FIX,
        "content": "c",
        "confidence": 0.5,
        "source_conversation_id": "s",
        "tags": ("t",),
        "examples": ("e",),
        "related_ids": ("r",),
        "id": "i",
    },
    UpdatePatternConfidence: {"id": "i", "success": True},
    UpdateContextRelevance: {"id": "i", "relevance": 0.5, "reason": "r"},
    GetConversationById: {"id": "i"},
    GetConversationQuality: {"id": "i"},
    GetPatternById: {"id": "i"},
    GetRecentConversations: {"namespace": "n"},
    GetPatternsByNamespace: {"namespace": "n"},
    SearchContext: {"text": "text", "namespace": "n"},
    FindSimilarPatterns: {"context": "c" * 10, "namespace": "n"},
}


def texts_of(fields: dict[str, Any]) -> list[str]:
    return [name for name, value in fields.items() if type(value) in (str, tuple)]


def spoilt(value: str | tuple[str, ...], bad: str) -> str | tuple[str, ...]:
    if isinstance(value, tuple):
        return (*value, value[0] + bad)
    return value + bad


@pytest.mark.parametrize("kind", REQUESTS)
async def test_a_request_with_a_text_that_no_store_can_hold_is_invalid(
    cortex: Cortex, kind: type[Request[Any]]
) -> None:
    fields = REQUESTS[kind]
    for field, bad in product(texts_of(fields), ("\0", "\ud800")):
        # What is only searched for may have a NUL: it separates words, as blanks do.
        if (field, bad) in (("text", "\0"), ("context", "\0")):
            continue
        result = await cortex.send(kind(**fields | {field: spoilt(fields[field], bad)}))
        what = f"{field} with {bad!r}: {result}"
        assert [error.code for error in result.errors] == ["invalid"], what
        assert str(result.errors[0].field).startswith(field), what


ENTITIES: dict[Callable[..., Any], dict[str, Any]] = {
    Conversation: {"id": "i", "title": "t", "content": CONTENT, "quality": 0.8, "file_path": "f"},
    Pattern: REQUESTS[LearnPattern],
    ContextItem: {
        "id": "i",
        "content": "c",
        "relevance": 0.5,
        "source_id": "s",
        "relevance_reason": "r",
    },
}


@pytest.mark.parametrize("bad", ["\0", "\ud800"])
@pytest.mark.parametrize(
    ("kind", "field"), [(kind, name) for kind, of in ENTITIES.items() for name in texts_of(of)]
)
def test_so_is_an_entity(kind: Callable[..., Any], field: str, bad: str) -> None:
    fields = ENTITIES[kind]
    with pytest.raises(InvalidValueError, match=f"{field}.*: expected text"):
        kind(**fields | {field: spoilt(fields[field], bad)})


WRONG: list[Any] = [None, 5, "x" * 10_000, 10**6000, float("nan"), b"x", (), [], object()]
WRONG += [True, datetime(2024, 1, 1), datetime(9999, 1, 1, tzinfo=UTC)]


@pytest.mark.parametrize("kind", REQUESTS)
async def test_whatever_a_field_is_given_the_request_fails_as_a_result_or_succeeds(
    cortex: Cortex, kind: type[Request[Any]]
) -> None:
    for wrong, field in product(WRONG, msgspec.structs.fields(kind)):
        result = await cortex.send(kind(**REQUESTS[kind] | {field.name: wrong}))
        for error in result.errors:
            what = f"{field.name}, a {type(wrong).__name__}: {error}"
            assert error.code in ("invalid", "not_found"), what
            assert len(error.message) < 400, what


def calls(cortex: Cortex) -> list[Callable[[], Any]]:
    """What the repositories are asked that no store can look for."""
    asked: list[Callable[[], Any]] = []
    wrong: Any
    for wrong in ("", "\0", "\ud800", "x" * 201, None, 5):
        for repository in (cortex.conversations, cortex.patterns, cortex.context_items):
            asked += [partial(repository.get, wrong), partial(repository.delete, wrong)]
        asked.append(partial(cortex.patterns.observe, wrong, success=True))
        asked.append(partial(cortex.patterns.in_namespace, wrong))
        if wrong is not None:
            asked.append(partial(cortex.conversations.recent, 5, wrong))
    for wrong in (-1, 2**63, 1.5, None, "5", True):
        for repository in (cortex.conversations, cortex.patterns, cortex.context_items):
            anything = in_namespace("*")
            asked.append(partial(repository.find, anything, wrong))
        asked.append(partial(cortex.conversations.recent, wrong))
        asked.append(partial(cortex.patterns.in_namespace, "n", 0.5, wrong))
    asked.append(partial(cortex.patterns.in_namespace, "n", float("nan")))
    asked.append(partial(cortex.patterns.observe, "n", success=cast(bool, "no")))
    return asked


async def test_a_repository_refuses_what_no_store_can_look_for(cortex: Cortex) -> None:
    for call in calls(cortex):
        with pytest.raises(InvalidValueError, match=r"^call: "):
            await call()
    assert await cortex.conversations.find(in_namespace("*"), 0) == ()
