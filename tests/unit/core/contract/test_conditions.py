"""Conditions of any size and shape select the same in every store."""

import asyncio
import pickle
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import reduce
from operator import and_, or_
from typing import Any

import msgspec
import pytest

from cortex_core import InvalidValueError, PatternType
from cortex_core.domain import specification as spec
from cortex_core.domain.specification import Compares, Specification
from cortex_core.ports import Store
from tests.patience import PATIENCE_S
from tests.unit.core.contract.entities import NOW, conversation, finding, item, pattern, save

CONVERSATIONS = [
    conversation(
        f"c{number}",
        turn_count=1 + number,
        entity_count=number % 3,
        quality=number / 10,
        namespace=("a", "b.c", "workspace")[number % 3],
        captured_at=NOW - timedelta(days=number),
        file_path=None if number % 2 else f"{number}.py",
    )
    for number in range(10)
]
"""The newest first, as `find` gives them."""


def either(count: int) -> Specification:
    """One of `count` conditions, of which three select anything."""
    return reduce(or_, (Compares("turn_count", "=", 3 * number) for number in range(count)))


def in_turns(depth: int, innermost: Specification) -> Specification:
    """A condition within others, so that each `&` lies in an `|` and the other way round."""
    found = innermost
    for number in range(depth):
        other = Compares("turn_count", "=" if number % 2 else "<", 3 if number % 2 else 9)
        found = (found | other) if number % 2 else (found & other)
    return found


CONDITIONS: dict[str, Callable[[], Specification]] = {
    "one of 100": lambda: either(100),
    "one of 1,200": lambda: either(1_200),
    "one of 12,000": lambda: spec.any_of([either(1_200)] * 10),
    "all of 1,200": lambda: reduce(
        and_, (Compares("turn_count", ">=", number % 5) for number in range(1_200))
    ),
    "not one of 1,200": lambda: ~either(1_200),
    "40 deep": lambda: in_turns(40, spec.entities(1)),
    "90 deep": lambda: in_turns(90, spec.entities(1)),
    "not 90 deep": lambda: ~in_turns(90, spec.entities(1)),
    "90 deep with a function": lambda: in_turns(90, spec.satisfies(lambda c: c.id > "c4")),
    "negated 1,001 times": lambda: reduce(lambda s, _: ~s, range(1_001), spec.turns(4)),
    "infinity": lambda: Compares("quality", "<", float("inf")),
    "a large number": lambda: Compares("turn_count", "<", 2**63 - 1),
    "a text": lambda: Compares("namespace", ">", "a.b"),
    "a text that most lack": lambda: Compares("file_path", ">=", ""),
    "not a text that most lack": lambda: ~Compares("file_path", ">=", ""),
    "another time zone": lambda: Compares(
        "captured_at", ">", (NOW - timedelta(days=3)).astimezone(timezone(timedelta(hours=9)))
    ),
    "a time before the first": lambda: spec.recent(timedelta(days=999_999), NOW),
    "an intricate pattern": lambda: spec.in_namespace("*" + "?*" * 90),
}


async def test_a_store_selects_what_the_condition_says(store: Store) -> None:
    await save(store, *CONVERSATIONS)
    for name, make in CONDITIONS.items():
        condition = make()
        found = await store.read(finding(condition, 20))
        expected = [c for c in CONVERSATIONS if condition.is_satisfied_by(c)]
        assert list(found) == expected, f"the condition {name}"


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_condition_is_a_value_whatever_its_size(name: str) -> None:
    condition, again = CONDITIONS[name](), CONDITIONS[name]()
    if "function" not in name:
        assert condition == again
        assert hash(condition) == hash(again)
        assert pickle.loads(pickle.dumps(condition)) == condition
        assert msgspec.json.encode(condition) == msgspec.json.encode(again)
    assert repr(condition)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        (("quality", ">= 0 OR 1 =", 0.5), "operator"),
        (("quality", "!=", 0.5), "operator"),
        (("quality", None, 0.5), "operator"),
        (("quality", ["<"], 0.5), "operator"),
        (("speed", "=", 1), "field"),
        (("tags", "=", "x"), "field"),
        (("quality) OR (1", "=", 1), "field"),
        ((None, "=", 1), "field"),
        (("quality", ">", "high"), "value"),
        (("quality", ">", None), "value"),
        (("quality", ">", True), "value"),
        (("quality", ">", float("nan")), "value"),
        (("turn_count", ">", 2**63), "value"),
        (("turn_count", ">", -(10**6000)), "value"),
        (("title", "=", 5), "value"),
        (("title", "=", "a\0b"), "value"),
        (("title", "=", "\ud800"), "value"),
        (("captured_at", ">", 5), "value"),
        (("captured_at", ">", datetime(2024, 1, 1)), "value"),
    ],
)
def test_a_comparison_that_no_store_could_make_is_refused(
    fields: tuple[Any, Any, Any], named: str
) -> None:
    with pytest.raises(InvalidValueError, match="condition") as raised:
        Compares(*fields)
    assert [violation.field for violation in raised.value.violations] == [named]


async def also(_: object) -> bool:
    return False


@pytest.mark.parametrize(
    "make",
    [
        lambda: spec.in_namespace("x" * 201),
        lambda: spec.in_namespace("\0"),
        lambda: spec.any_of([]),
        lambda: spec.Or((spec.turns(1), "x")),  # type: ignore[arg-type]
        lambda: in_turns(200, spec.turns(1)),
        lambda: spec.recent(timedelta(days=1), datetime(2024, 1, 1)),
    ],
)
def test_a_condition_that_is_none_is_refused(make: Callable[[], Specification]) -> None:
    with pytest.raises(InvalidValueError, match="condition"):
        make()


def test_an_async_function_is_no_condition() -> None:
    with pytest.raises(TypeError, match="plain function"):
        spec.satisfies(also)  # type: ignore[arg-type]


async def test_a_function_that_returns_a_coroutine_does_not_count_as_true(store: Store) -> None:
    await save(store, conversation("c"))
    condition = spec.satisfies(lambda c: also(c))  # type: ignore[arg-type,return-value]
    with pytest.raises(TypeError, match="plain function"):
        await store.read(lambda tx: tx.conversations.find(condition, 10))


@pytest.mark.parametrize("stored", [True, False])
async def test_a_field_that_the_entities_lack_is_refused(store: Store, stored: bool) -> None:
    if stored:
        await save(store, conversation("c"), pattern("p"), item("i"))
    for unit in (
        lambda tx: tx.conversations.find(spec.turns(1) & spec.confident(), 1),
        lambda tx: tx.patterns.find(~spec.high_quality(), 1),
        lambda tx: tx.context_items.find(spec.recent(timedelta(days=1), NOW), 1),
    ):
        with pytest.raises(InvalidValueError, match=r"condition: (confidence|quality|captured_at)"):
            await store.read(unit)


async def test_what_ends_a_chain_of_conditions_early_is_quick(store: Store) -> None:
    """A pattern that could match in very many ways is tried in few of them."""
    await save(store, conversation("c", namespace="a" * 200))
    condition = spec.in_namespace("*a" * 60 + "b")
    async with asyncio.timeout(PATIENCE_S):
        assert await store.read(lambda tx: tx.conversations.find(condition, 1)) == ()
    assert not condition.is_satisfied_by(conversation("c", namespace="a" * 200))


def test_a_type_is_compared_as_its_text() -> None:
    assert Compares("type", "=", PatternType.BUG_FIX).is_satisfied_by(pattern("p"))
