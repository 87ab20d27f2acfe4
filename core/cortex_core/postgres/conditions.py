"""Specifications as SQL, as far as SQL can say them with the meaning that they have in Python."""

from collections.abc import Iterable, Iterator
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
    simple_parts,
)
from cortex_core.postgres.tables import KIND, TIER, Table
from cortex_core.postgres.values import MOMENT, REAL, TEXT, WHOLE, wanted

T = TypeVar("T")

SIMPLE_MOST = 10_000
"""A condition of more parts is left to Python: the server takes 65,535 parameters."""


class Condition(NamedTuple):
    """An expression for WHERE. If it is not `exact`, it lets more through than the
    specification does, never less."""

    sql: str
    parameters: tuple[bytes, ...]
    exact: bool


class _Compiler:
    """Numbers the parameters while it goes."""

    def __init__(self, table: Table[Any]) -> None:
        self._columns = table.columns
        self._parameters: list[bytes] = []

    def compiled(self, specification: Specification) -> Condition:
        sql, exact = self._part(specification)
        return Condition(sql, tuple(self._parameters), exact)

    def _part(self, specification: Specification) -> tuple[str, bool]:
        match specification:
            case And(parts):
                return self._joined(" AND ", parts)
            case Or(parts):
                return self._joined(" OR ", parts)
            case Not(inner):
                before = len(self._parameters)
                sql, exact = self._part(inner)
                if exact:
                    return f"(NOT {sql})", True
                # The negation of too much is too little: what is not exact cannot be negated.
                del self._parameters[before:]
                return "TRUE", False
            case Compares(field, operator, value):
                return self._compared(field, operator, value)
            case InNamespace(pattern):
                return f"(namespace LIKE {self._parameter(wanted(like(pattern)))}::text)", True
            case _:
                return "TRUE", False

    def _joined(self, word: str, parts: Iterable[Specification]) -> tuple[str, bool]:
        joined = [self._part(part) for part in parts]
        return f"({word.join(sql for sql, _ in joined)})", all(exact for _, exact in joined)

    def _compared(self, field: str, operator: str, value: object) -> tuple[str, bool]:
        kind = self._columns.get(field)
        if isinstance(value, Enum):
            value = value.value
        if kind in (REAL, WHOLE, TIER) and isinstance(value, int | float):
            # Whole numbers of 64 bits and real ones compare as double precision does.
            number = self._parameter(REAL.encode(value))
            return f"({field} {operator} {number}::double precision)", True
        if kind is MOMENT and isinstance(value, datetime) and value.tzinfo is not None:
            return (
                f"({field} {operator} {self._parameter(MOMENT.encode(value))}::timestamptz)",
                True,
            )
        if kind is KIND and isinstance(value, str):
            return f"({field} {operator} {self._parameter(TEXT.encode(value))}::text)", True
        return "TRUE", False

    def _parameter(self, value: bytes) -> str:
        self._parameters.append(value)
        return f"${len(self._parameters)}"


def compiled(specification: Specification, table: Table[Any]) -> Condition:
    """The condition for the rows of a table."""
    if sum(1 for _ in islice(simple_parts(specification), SIMPLE_MOST + 1)) > SIMPLE_MOST:
        return Condition("TRUE", (), False)
    return _Compiler(table).compiled(specification)


def like(pattern: str) -> str:
    """A namespace pattern for LIKE, to which other characters are special."""
    escaped = pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return escaped.replace("*", "%").replace("?", "_")


def satisfying(
    entities: Iterable[T], specification: Specification, condition: Condition, most: int
) -> Iterator[T]:
    """The first `most` of the entities that a query with this condition found."""
    if not condition.exact:
        entities = (e for e in entities if specification.is_satisfied_by(e))
    return islice(entities, most)
