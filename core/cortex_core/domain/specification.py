"""Conditions on entities, as values: combined with `&`, `|` and `~`, and understood by stores.

A condition that compares a field can be read by a store and made part of its query. One that
calls a function cannot; a store then fetches what the rest of the condition allows, and asks
the condition itself about each entity.
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from cortex_core.domain.context_item import Tier
from cortex_core.domain.namespace import Namespace

Operator = Literal["<", "<=", "=", ">=", ">"]

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}


class Specification:
    """A condition that an entity satisfies or not."""

    __slots__ = ()

    def is_satisfied_by(self, entity: Any) -> bool:
        """Whether it holds. Raises AttributeError where the entity has no such field."""
        raise NotImplementedError  # each kind of condition says it itself

    def __and__(self, other: "Specification") -> "Specification":
        return And(self, other)

    def __or__(self, other: "Specification") -> "Specification":
        return Or(self, other)

    def __invert__(self) -> "Specification":
        return Not(self)


@dataclass(frozen=True, slots=True)
class And(Specification):
    left: Specification
    right: Specification

    def is_satisfied_by(self, entity: Any) -> bool:
        return self.left.is_satisfied_by(entity) and self.right.is_satisfied_by(entity)


@dataclass(frozen=True, slots=True)
class Or(Specification):
    left: Specification
    right: Specification

    def is_satisfied_by(self, entity: Any) -> bool:
        return self.left.is_satisfied_by(entity) or self.right.is_satisfied_by(entity)


@dataclass(frozen=True, slots=True)
class Not(Specification):
    inner: Specification

    def is_satisfied_by(self, entity: Any) -> bool:
        return not self.inner.is_satisfied_by(entity)


@dataclass(frozen=True, slots=True)
class Compares(Specification):
    """A field compared with a value."""

    field: str
    operator: Operator
    value: float | str | datetime

    def is_satisfied_by(self, entity: Any) -> bool:
        return _COMPARE[self.operator](getattr(entity, self.field), self.value)


@dataclass(frozen=True, slots=True)
class InNamespace(Specification):
    """The namespace fits a pattern in which `*` and `?` are special."""

    pattern: str

    def is_satisfied_by(self, entity: Any) -> bool:
        return Namespace(entity.namespace).matches(self.pattern)


@dataclass(frozen=True, slots=True)
class Satisfies(Specification):
    """A function of the entity says so. It is called on a thread of the store."""

    predicate: Callable[[Any], bool]

    def is_satisfied_by(self, entity: Any) -> bool:
        return bool(self.predicate(entity))


def high_quality(least: float = 0.85) -> Specification:
    """Conversations of at least this quality; excellent ones by default."""
    return Compares("quality", ">=", least)


def recent(within: timedelta, now: datetime) -> Specification:
    """Conversations captured at most `within` before `now`, an aware time."""
    return Compares("captured_at", ">=", now - within)


def in_namespace(pattern: str) -> Specification:
    """Anything whose whole namespace fits the pattern."""
    return InNamespace(pattern)


def confident(least: float = 0.75) -> Specification:
    """Patterns of at least this confidence."""
    return Compares("confidence", ">=", least)


def turns(least: int) -> Specification:
    """Conversations with at least this number of turns."""
    return Compares("turn_count", ">=", least)


def entities(least: int) -> Specification:
    """Conversations that mention at least this number of entities."""
    return Compares("entity_count", ">=", least)


def relevant(least: float = 0.50) -> Specification:
    """Context items of at least this relevance."""
    return Compares("relevance", ">=", least)


def in_tier(tier: Tier) -> Specification:
    """Context items of this tier."""
    return Compares("tier", "=", int(tier))


def satisfies(predicate: Callable[[Any], bool]) -> Specification:
    """Anything that the function says yes to."""
    return Satisfies(predicate)
