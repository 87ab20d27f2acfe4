"""Specifications as SQL, as far as SQL can say them."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import Enum
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from cortex_core.domain.specification import (
    And,
    Compares,
    InNamespace,
    Not,
    Or,
    Specification,
)
from cortex_core.sqlite.moments import to_us

T = TypeVar("T")


class Condition(NamedTuple):
    """An expression for WHERE. If it is not `exact`, it lets more through than the
    specification does, never less."""

    sql: str
    parameters: tuple[Any, ...]
    exact: bool


_ANYTHING = Condition("TRUE", (), False)


def compiled(specification: Specification, columns: Mapping[str, str]) -> Condition:
    """The condition for a table; `columns` names the column of each field that it may use."""
    match specification:
        case And(left, right):
            return _joined("AND", compiled(left, columns), compiled(right, columns))
        case Or(left, right):
            return _joined("OR", compiled(left, columns), compiled(right, columns))
        case Not(inner):
            condition = compiled(inner, columns)
            # The negation of too much is too little: what is not exact cannot be negated.
            if not condition.exact:
                return _ANYTHING
            return Condition(f"(NOT {condition.sql})", condition.parameters, True)
        case Compares(field, operator, value) if field in columns:
            return Condition(f"({columns[field]} {operator} ?)", (_bound(value),), True)
        case InNamespace(pattern):
            return Condition("(namespace GLOB ?)", (glob(pattern),), True)
        case _:
            return _ANYTHING


def _joined(word: str, left: Condition, right: Condition) -> Condition:
    return Condition(
        f"({left.sql} {word} {right.sql})",
        left.parameters + right.parameters,
        left.exact and right.exact,
    )


def _bound(value: float | str | datetime) -> float | str:
    if isinstance(value, datetime):
        return to_us(value)
    return value.value if isinstance(value, Enum) else value


def glob(pattern: str) -> str:
    """A namespace pattern for SQLite's GLOB, which also knows brackets."""
    return pattern.replace("[", "[[]")


def satisfying(
    entities: Iterable[T], specification: Specification, condition: Condition, most: int
) -> Iterator[T]:
    """The first `most` of the entities that a query with this condition found."""
    if not condition.exact:
        entities = (e for e in entities if specification.is_satisfied_by(e))
    return islice(entities, most)
