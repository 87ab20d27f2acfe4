"""What entities have in common: ids, times, and how a changed one is made."""

import time
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cortex_core import (
    ContextItem,
    Conversation,
    Namespace,
    Pattern,
    PatternConfidence,
    PatternType,
)
from cortex_core.domain.entity import changer, new_id, restorer

BEFORE = datetime(2020, 1, 1, tzinfo=UTC)
CONVERSATION = Conversation(title="t", content="c" * 10, quality=0.5)
PATTERN = Pattern(name="n", type=PatternType.BUG_FIX, content="c", confidence=0.5)
ITEM = ContextItem(content="c", relevance=0.5)


def test_an_id_is_a_uuid_of_version_7() -> None:
    start = time.time_ns() // 1_000_000
    ids = [int(new_id(), 16) for _ in range(1_000)]
    end = time.time_ns() // 1_000_000
    assert all(start <= value >> 80 <= end for value in ids)
    assert {value >> 76 & 0xF for value in ids} == {7}
    assert {value >> 62 & 0b11 for value in ids} == {0b10}
    # Each of the other 74 bits is set in some ids, and is not in others.
    drawn = (1 << 62) - 1 | 0xFFF << 64
    either, always = 0, drawn
    for value in ids:
        either |= value & drawn
        always &= value
    assert (either, always) == (drawn, 0)
    assert len(new_id()) == 32


def test_every_id_has_all_of_its_random_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those of which the system is asked for many at once."""
    most = (1 << 74) - 1

    def random_bits(id_: str) -> int:
        value = int(id_, 16)
        return (value >> 64 & 0xFFF) << 62 | value & (1 << 62) - 1

    with monkeypatch.context() as patched:
        patched.setattr("os.urandom", lambda count: b"\xff" * count)
        # Behind those that were drawn before.
        assert any(random_bits(new_id()) == most for _ in range(10_000))
        found = {random_bits(new_id()) for _ in range(2_000)}
    # Those that are left would be the same for all.
    assert any(random_bits(new_id()) != most for _ in range(10_000))
    assert found == {most}


def test_no_part_of_an_id_is_drawn_twice() -> None:
    ids = [new_id() for _ in range(10_000)]
    assert len({each[13:16] + each[17:] for each in ids}) == 10_000
    assert len({each[20:] for each in ids}) == 10_000


@pytest.mark.parametrize("entity", [CONVERSATION, PATTERN, ITEM])
def test_an_entity_comes_back_from_the_values_of_its_fields(entity: Any) -> None:
    restore = restorer(type(entity))
    values = [getattr(entity, each.name) for each in fields(entity)]
    assert restore(values) == entity
    assert restore(iter(values)) == entity
    for wrong in (values[1:], [*values, None]):
        with pytest.raises(ValueError, match="zip"):
            restore(wrong)


@pytest.mark.parametrize("entity", [CONVERSATION, PATTERN, ITEM])
def test_a_changed_entity_is_another_one_that_differs_where_it_was_changed(entity: Any) -> None:
    change = changer(type(entity))
    assert change(entity) == entity
    changed = change(entity, id="other", content=None)
    assert (changed.id, changed.content) == ("other", None)
    assert changed == restorer(type(entity))(
        {"id": "other", "content": None}.get(each.name, getattr(entity, each.name))
        for each in fields(entity)
    )
    assert entity.id != "other"


def test_an_entity_comes_back_whatever_the_clock_says_by_then() -> None:
    later = datetime.now(UTC) + timedelta(days=365)
    assert changer(ContextItem)(ITEM, created_at=later).created_at == later
    values = [getattr(ITEM, each.name) for each in fields(ITEM)][:-1]
    assert restorer(ContextItem)([*values, later]).created_at == later


def test_what_replaces_an_entity_keeps_when_that_was_first_stored() -> None:
    old = replace(CONVERSATION, id="i", title="before", created_at=BEFORE)
    new = replace(CONVERSATION, id="i", title="after")
    assert new.replacing(old) == replace(new, created_at=BEFORE)
    assert replace(PATTERN, name="m").replacing(replace(PATTERN, created_at=BEFORE)) == replace(
        PATTERN, name="m", created_at=BEFORE
    )


def test_an_entity_shows_its_number_as_a_value() -> None:
    rated = replace(CONVERSATION, turn_count=4, entity_count=6).rated
    assert (rated.score, rated.turns, rated.entities, rated.rating) == (0.5, 4, 6, "fair")
    assert (ITEM.rated.value, ITEM.rated.level) == (0.5, "medium")
    trust = replace(PATTERN, confidence=0.9, observation_count=20, success_rate=0.7).trust
    assert trust == PatternConfidence(0.9, 20, 0.7)


def test_what_is_not_given_has_its_usual_value() -> None:
    now = datetime.now(UTC)
    for moment in (
        CONVERSATION.captured_at,
        CONVERSATION.created_at,
        CONVERSATION.updated_at,
        PATTERN.learned_at,
        PATTERN.created_at,
        PATTERN.updated_at,
        ITEM.created_at,
    ):
        assert now - timedelta(hours=1) < moment <= now
    for entity in (CONVERSATION, PATTERN, ITEM):
        assert entity.namespace == "workspace"


def test_a_namespace_is_its_path() -> None:
    assert str(Namespace("a.b")) == "a.b"
    assert Namespace("a.b") < Namespace("a.c")
    assert Namespace("a.b.c").root == "a"
    assert Namespace("a.b.c").parent == Namespace("a.b")
    assert not Namespace("a.b").contains(Namespace("a"))
    assert not Namespace("a.b").is_child_of(Namespace("a.b"))
    assert not Namespace("a").is_child_of(Namespace("a.b"))
    assert Namespace("cortexes").weight == 1.0
    # A newline at the end is part of what must fit.
    with pytest.raises(ValueError, match="dotted segments"):
        Namespace("a\n")


@pytest.mark.parametrize(
    ("rate", "observations", "success", "expected"),
    [
        (2 / 3, 3, True, 3 / 4),
        (1 / 3, 3, False, 1 / 4),
        # No whole number of successes has such a rate; it is used as it is.
        (0.5, 3, True, 2.5 / 4),
        (0.25, 1, False, 0.125),
        (1.0, 10, True, 1.0),
    ],
)
def test_a_rate_counts_the_next_observation(
    rate: float, observations: int, success: bool, expected: float
) -> None:
    after = PatternConfidence(0.5, observations, rate).observed(success=success)
    assert after.success_rate == expected
