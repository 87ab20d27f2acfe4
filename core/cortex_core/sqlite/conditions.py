"""Specifications as SQL, as far as SQL can say them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from itertools import islice
from typing import Any, NamedTuple

from cortex_core.domain.specification import (
    And,
    Compares,
    InNamespace,
    Not,
    Or,
    Specification,
    simple_parts,
)
from cortex_core.sqlite.moments import to_us

SIMPLE_MOST = 10_000
"""A condition of more parts is left to Python: SQLite has 32,766 parameters in a statement."""

_SIDE_BY_SIDE = 10
_LEVELS_MOST = 25
"""SQLite's parser has room for a hundred open parentheses and operators, three to a level here,
and its expressions may be a thousand operators deep. What would be more is left to Python."""


class Condition(NamedTuple):
    """An expression for WHERE. If it is not `exact`, it lets more through than the
    specification does, never less. `levels` counts the parentheses within each other."""

    sql: str
    parameters: tuple[Any, ...]
    exact: bool
    levels: int = 1


_ANYTHING = Condition("TRUE", (), False)


def compiled(specification: Specification, columns: Mapping[str, str]) -> Condition:
    """The condition for a table; `columns` names the column of each field that it may use."""
    if sum(1 for _ in islice(simple_parts(specification), SIMPLE_MOST + 1)) > SIMPLE_MOST:
        return _ANYTHING
    return _compiled(specification, columns)


def _compiled(specification: Specification, columns: Mapping[str, str]) -> Condition:
    match specification:
        case And(parts):
            return _joined(" AND ", [_compiled(part, columns) for part in parts])
        case Or(parts):
            return _joined(" OR ", [_compiled(part, columns) for part in parts])
        case Not(inner):
            condition = _compiled(inner, columns)
            # The negation of too much is too little: what is not exact cannot be negated.
            if not condition.exact or condition.levels == _LEVELS_MOST:
                return _ANYTHING
            return condition._replace(sql=f"(NOT {condition.sql})", levels=condition.levels + 1)
        case Compares(field, operator, value) if field in columns:
            return Condition(f"({columns[field]} {operator} ?)", (_bound(value),), True)
        case InNamespace(pattern):
            return Condition("(namespace GLOB ?)", (glob(pattern),), True)
        case _:
            return _ANYTHING


def _joined(word: str, parts: Sequence[Condition]) -> Condition:
    """The parts with a word between them, as a tree: a chain is as deep as it is long."""
    while len(parts) > _SIDE_BY_SIDE:
        groups = range(0, len(parts), _SIDE_BY_SIDE)
        parts = [_chain(word, parts[start : start + _SIDE_BY_SIDE]) for start in groups]
    return _chain(word, parts)


def _chain(word: str, parts: Sequence[Condition]) -> Condition:
    levels = 1 + max(part.levels for part in parts)
    if levels > _LEVELS_MOST:
        return _ANYTHING
    return Condition(
        f"({word.join(part.sql for part in parts)})",
        tuple(parameter for part in parts for parameter in part.parameters),
        all(part.exact for part in parts),
        levels,
    )


def _bound(value: float | str | datetime) -> float | str:
    if isinstance(value, datetime):
        return to_us(value)
    return value.value if isinstance(value, Enum) else value


def glob(pattern: str) -> str:
    """A namespace pattern for SQLite's GLOB, which also knows brackets."""
    return pattern.replace("[", "[[]")
