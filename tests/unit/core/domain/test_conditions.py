"""Conditions on entities that no store has seen: what each holds for, and how they combine."""

import operator
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from cortex_core import ContextItem, Conversation, InvalidValueError, Pattern, PatternType, Tier
from cortex_core.domain import specification as spec
from cortex_core.domain.specification import (
    DEPTH_MOST,
    And,
    Compares,
    Not,
    Or,
    Specification,
    simple_parts,
)

NOW = datetime(2024, 6, 1, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


def conversation(**fields: Any) -> Conversation:
    given: dict[str, Any] = {"title": "t", "content": "c" * 10, "quality": 0.5}
    return Conversation(**given | fields)


def pattern(confidence: float) -> Pattern:
    return Pattern(name="n", type=PatternType.BUG_FIX, content="c", confidence=confidence)


def item(**fields: Any) -> ContextItem:
    given: dict[str, Any] = {"content": "c", "relevance": 0.5}
    return ContextItem(**given | fields)


@pytest.mark.parametrize(
    ("make", "just", "not_quite"),
    [
        (lambda: spec.high_quality(), conversation(quality=0.85), conversation(quality=0.849)),
        (lambda: spec.high_quality(0.2), conversation(quality=0.2), conversation(quality=0.199)),
        (lambda: spec.turns(3), conversation(turn_count=3), conversation(turn_count=2)),
        (lambda: spec.entities(3), conversation(entity_count=3), conversation(entity_count=2)),
        (
            lambda: spec.recent(timedelta(days=7), NOW),
            conversation(captured_at=NOW - timedelta(days=7)),
            conversation(captured_at=NOW - timedelta(days=7) - MOMENT),
        ),
        (lambda: spec.confident(), pattern(0.75), pattern(0.749)),
        (lambda: spec.confident(0.9), pattern(0.9), pattern(0.899)),
        (lambda: spec.relevant(), item(relevance=0.5), item(relevance=0.499)),
        (lambda: spec.relevant(0.1), item(relevance=0.1), item(relevance=0.099)),
        (lambda: spec.in_tier(Tier.RECENT), item(tier=Tier.RECENT), item(tier=Tier.ARCHIVE)),
        (lambda: spec.in_namespace("a.*"), item(namespace="a.b"), item(namespace="a")),
        (lambda: spec.satisfies(lambda i: i.id == "x"), item(id="x"), item(id="y")),
    ],
)
def test_a_condition_holds_from_its_limit_on(
    make: Callable[[], Specification], just: object, not_quite: object
) -> None:
    condition = make()
    assert condition.is_satisfied_by(just) is True
    assert condition.is_satisfied_by(not_quite) is False
    assert (~condition).is_satisfied_by(just) is False
    assert (~condition).is_satisfied_by(not_quite) is True


@pytest.mark.parametrize(
    ("operator", "holds"),
    [
        ("<", "yes no no"),
        ("<=", "yes yes no"),
        ("=", "no yes no"),
        (">=", "no yes yes"),
        (">", "no no yes"),
    ],
)
def test_an_operator_compares_a_field_with_a_value(operator: Any, holds: str) -> None:
    condition = Compares("turn_count", operator, 2)
    found = [condition.is_satisfied_by(conversation(turn_count=n)) for n in (1, 2, 3)]
    assert found == [each == "yes" for each in holds.split()]


def test_a_field_without_a_value_fits_no_comparison() -> None:
    assert not Compares("file_path", ">=", "").is_satisfied_by(conversation())
    assert Compares("file_path", ">=", "").is_satisfied_by(conversation(file_path="f"))


def test_and_or_and_not_combine_what_holds() -> None:
    short, good = spec.turns(2), spec.high_quality(0.8)
    for turns in (1, 2):
        for quality in (0.5, 0.8):
            entity = conversation(turn_count=turns, quality=quality)
            first, second = turns >= 2, quality >= 0.8
            assert (short & good).is_satisfied_by(entity) is (first and second)
            assert (short | good).is_satisfied_by(entity) is (first or second)
            assert (~short | good).is_satisfied_by(entity) is (not first or second)


def test_conditions_of_a_kind_lie_side_by_side_and_one_stays_itself() -> None:
    a, b, c = spec.turns(1), spec.turns(2), spec.turns(3)
    assert a & b & c == a & (b & c) == And((a, b, c))
    assert a | b | c == a | (b | c) == Or((a, b, c))
    assert (a & b) | c == Or((And((a, b)), c))
    assert (a | b) & c == And((Or((a, b)), c))
    assert spec.all_of([a]) is a
    assert spec.any_of([a]) is a
    assert ~~a is a
    assert ~a == Not(a)
    assert set(simple_parts(~(a & b) | c)) == {a, b, c}


def test_a_chain_of_conditions_looks_at_each_once_or_twice() -> None:
    looks = 0

    class Counted(Specification):
        @property
        def depth(self) -> int:  # type: ignore[override]
            nonlocal looks
            looks += 1
            return 1

    for combine in (operator.or_, operator.and_):
        looks = 0
        chain: Specification = Counted()
        for _ in range(100):
            chain = combine(chain, Counted())
        assert chain.depth == 2
        assert looks <= 2 * 101


def test_a_condition_is_as_deep_as_its_deepest_part_and_one() -> None:
    a = spec.turns(1)
    assert a.depth == 1
    assert (~a).depth == 2
    assert (a & ~(a | a)).depth == 4
    deepest: Specification = a
    for level in range(2, DEPTH_MOST + 1):
        deepest = Not(deepest)
        assert deepest.depth == level
    with pytest.raises(InvalidValueError) as raised:
        Not(deepest)
    assert str(raised.value) == (
        "condition: parts: expected conditions at most 100 deep within each other"
    )


@pytest.mark.parametrize("other", [None, True, "turns"])
def test_a_condition_combines_with_conditions_only(other: Any) -> None:
    with pytest.raises(TypeError, match="unsupported operand"):
        spec.turns(1) & other
    with pytest.raises(TypeError, match="unsupported operand"):
        spec.turns(1) | other


def test_a_time_before_all_times_means_any() -> None:
    condition = spec.recent(timedelta(days=999_999), NOW)
    assert condition == Compares("captured_at", ">=", datetime.min.replace(tzinfo=UTC))
    assert condition.is_satisfied_by(conversation(captured_at=datetime(1, 1, 1, tzinfo=UTC)))


def test_a_condition_is_checked_against_the_fields_that_an_entity_has() -> None:
    of_both = spec.in_namespace("a") | Compares("id", "=", "x") | spec.satisfies(bool)
    spec.check_fields(of_both & spec.turns(1), Conversation)
    spec.check_fields(~of_both | spec.confident(), Pattern)
    spec.check_fields(of_both & spec.in_tier(Tier.RECENT), ContextItem)
    with pytest.raises(InvalidValueError, match="condition: turn_count: expected one of id, name"):
        spec.check_fields(of_both & ~spec.turns(1), Pattern)


async def awaited(_: object) -> bool:
    return True


def yielding(_: object) -> Any:
    yield True


async def both(_: object) -> Any:
    yield True


class Called:
    async def __call__(self, _: object) -> bool:
        return True


MESSAGE = (
    "condition: expected a plain function, got one that is async or yields: it would never run"
)


@pytest.mark.parametrize(
    "function", [awaited, yielding, both, Called(), partial(awaited), partial(partial(yielding))]
)
def test_a_function_that_would_not_run_is_no_condition(function: Any) -> None:
    with pytest.raises(TypeError) as raised:
        spec.satisfies(function)
    assert str(raised.value) == MESSAGE


@pytest.mark.parametrize("function", [awaited, yielding, both])
def test_nor_is_one_that_returns_what_would_not_run(function: Any) -> None:
    condition = spec.satisfies(lambda entity: function(entity))
    with pytest.raises(TypeError) as raised:
        condition.is_satisfied_by(item())
    assert str(raised.value) == MESSAGE


def test_what_cannot_be_called_fails_where_it_is_called() -> None:
    condition = spec.satisfies(object())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="not callable"):
        condition.is_satisfied_by(item())


def test_what_a_function_returns_counts_as_true_or_false() -> None:
    assert spec.satisfies(lambda i: i.content).is_satisfied_by(item()) is True
    assert spec.satisfies(lambda i: i.source_id).is_satisfied_by(item()) is False
    assert spec.satisfies(partial(getattr, item(), "content")).depth == 1
