"""Conditions on entities, as values: combined with `&`, `|` and `~`, and understood by stores.

A condition that compares a field can be read by a store and made part of its query. One that
calls a function cannot; a store then fetches what the rest of the condition allows, and asks
the condition itself about each entity.
"""

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from types import UnionType
from typing import Any, Literal, get_args, get_type_hints

from cortex_core.domain import rules
from cortex_core.domain.context_item import ContextItem, Tier
from cortex_core.domain.conversation import Conversation
from cortex_core.domain.namespace import NAMESPACE_MOST, Namespace
from cortex_core.domain.pattern import Pattern
from cortex_core.domain.plain import check_plain, returned
from cortex_core.domain.violations import InvalidValueError, Violation

Operator = Literal["<", "<=", "=", ">=", ">"]

DEPTH_MOST = 100
"""How deep conditions may lie within each other. Those of `a | b | c` lie side by side."""

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}

_EARLIEST = datetime.min.replace(tzinfo=UTC)


@lru_cache
def _comparable(entity: type) -> Mapping[str, type]:
    """The fields that have an order, each with what it holds: float stands for all numbers."""
    kinds: dict[str, type] = {}
    for name, hint in get_type_hints(entity).items():
        for kind in get_args(hint) if isinstance(hint, UnionType) else (hint,):
            if isinstance(kind, type) and issubclass(kind, int | float | str | datetime):
                kinds[name] = float if issubclass(kind, int) else kind
    return kinds


class Specification:
    """A condition that an entity satisfies or not."""

    __slots__ = ()

    depth = 1
    """How deep conditions lie within this one, itself included."""

    def is_satisfied_by(self, entity: Any) -> bool:
        """Whether it holds. Raises AttributeError where the entity has no such field."""
        raise NotImplementedError  # each kind of condition says it itself

    def __and__(self, other: "Specification") -> "Specification":
        return all_of((self, other)) if isinstance(other, Specification) else NotImplemented

    def __or__(self, other: "Specification") -> "Specification":
        return any_of((self, other)) if isinstance(other, Specification) else NotImplemented

    def __invert__(self) -> "Specification":
        return Not(self)


@dataclass(frozen=True, slots=True)
class And(Specification):
    """All of the parts hold; `all_of` makes one."""

    parts: tuple[Specification, ...]
    depth: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "depth", _depth_over(self.parts))

    def is_satisfied_by(self, entity: Any) -> bool:
        return all(part.is_satisfied_by(entity) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Or(Specification):
    """At least one of the parts holds; `any_of` makes one."""

    parts: tuple[Specification, ...]
    depth: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "depth", _depth_over(self.parts))

    def is_satisfied_by(self, entity: Any) -> bool:
        return any(part.is_satisfied_by(entity) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Not(Specification):
    inner: Specification
    depth: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "depth", _depth_over((self.inner,)))

    def is_satisfied_by(self, entity: Any) -> bool:
        return not self.inner.is_satisfied_by(entity)

    def __invert__(self) -> Specification:
        return self.inner


@dataclass(frozen=True, slots=True)
class Compares(Specification):
    """A field compared with a value. Where the entity has none in this field, it does not hold.

    Raises InvalidValueError for a field that no entity has, for an operator that is none, and for
    a value of another type than the field's. Texts are compared by their code points.
    """

    field: str
    operator: Operator
    value: float | str | datetime

    def __post_init__(self) -> None:
        found: list[Violation] = []
        kind = _KINDS.get(self.field) if isinstance(self.field, str) else None
        if kind is None:
            found.append(
                Violation("field", f"expected one of {_names(_KINDS)}, got {_shown(self.field)}")
            )
        if not isinstance(self.operator, str) or self.operator not in _COMPARE:
            operators = _names(_COMPARE)
            found.append(
                Violation("operator", f"expected one of {operators}, got {_shown(self.operator)}")
            )
        if kind is not None:
            _check_value(found, self.value, kind)
        if found:
            raise InvalidValueError("condition", found)

    def is_satisfied_by(self, entity: Any) -> bool:
        value = getattr(entity, self.field)
        return value is not None and _COMPARE[self.operator](value, self.value)


@dataclass(frozen=True, slots=True)
class InNamespace(Specification):
    """The namespace fits a pattern in which `*` and `?` are special."""

    pattern: str

    def __post_init__(self) -> None:
        found: list[Violation] = []
        rules.text(found, "pattern", self.pattern, least=1, most=NAMESPACE_MOST)
        if found:
            raise InvalidValueError("condition", found)

    def is_satisfied_by(self, entity: Any) -> bool:
        return Namespace(entity.namespace).matches(self.pattern)


@dataclass(frozen=True, slots=True)
class Satisfies(Specification):
    """A function of the entity says so. It is called on a thread of the store."""

    predicate: Callable[[Any], bool]

    def __post_init__(self) -> None:
        check_plain("condition", self.predicate)

    def is_satisfied_by(self, entity: Any) -> bool:
        return bool(returned("condition", self.predicate(entity)))


_KINDS = {
    name: kind
    for entity in (Conversation, Pattern, ContextItem)
    for name, kind in _comparable(entity).items()
}


def all_of(conditions: Iterable[Specification]) -> Specification:
    """The condition that all of these hold; at least one must be given."""
    return _side_by_side(And, tuple(conditions))


def any_of(conditions: Iterable[Specification]) -> Specification:
    """The condition that at least one of these holds; at least one must be given."""
    return _side_by_side(Or, tuple(conditions))


def simple_parts(specification: Specification) -> Iterator[Specification]:
    """The conditions that a condition is combined of."""
    waiting = [specification]
    while waiting:
        match waiting.pop():
            case And(parts) | Or(parts):
                waiting.extend(parts)
            case Not(inner):
                waiting.append(inner)
            case simple:
                yield simple


def check_fields(specification: Specification, entity: type) -> None:
    """Raise InvalidValueError where it compares a field that such an entity does not have."""
    known = _comparable(entity)
    compared = {s.field: None for s in simple_parts(specification) if isinstance(s, Compares)}
    unknown = [
        Violation(name, f"expected one of {_names(known)} of a {entity.__name__}")
        for name in compared
        if name not in known
    ]
    if unknown:
        raise InvalidValueError("condition", unknown)


def _side_by_side(
    kind: type[And] | type[Or], conditions: tuple[Specification, ...]
) -> Specification:
    parts: list[Specification] = []
    new: list[Specification] = []
    depth = 0
    for condition in conditions:
        if isinstance(condition, kind):
            parts.extend(condition.parts)
            depth = max(depth, condition.depth)
        else:
            parts.append(condition)
            new.append(condition)
    if len(parts) == 1 and isinstance(parts[0], Specification):
        return parts[0]
    if not depth:
        return kind(tuple(parts))
    # What one of them is made of was checked when that was made: to look at all of it again with
    # each `|` of a long chain would take time with the square of its length.
    if new:
        depth = max(depth, _depth_over(tuple(new)))
    combined = object.__new__(kind)
    object.__setattr__(combined, "parts", tuple(parts))
    object.__setattr__(combined, "depth", depth)
    return combined


def _depth_over(parts: object) -> int:
    """The depth of a condition with these parts, which are checked."""
    if not isinstance(parts, tuple) or not all(isinstance(each, Specification) for each in parts):
        raise InvalidValueError("condition", [Violation("parts", "expected a tuple of conditions")])
    if not parts:
        raise InvalidValueError(
            "condition", [Violation("parts", "expected at least one condition")]
        )
    depth: int = 1 + max(each.depth for each in parts)
    if depth > DEPTH_MOST:
        message = f"expected conditions at most {DEPTH_MOST} deep within each other"
        raise InvalidValueError("condition", [Violation("parts", message)])
    return depth


def _check_value(found: list[Violation], value: object, kind: type) -> None:
    if kind is datetime:
        rules.aware(found, "value", value)
    elif kind is float:
        rules.number(found, "value", value)
    else:
        rules.text(found, "value", value)


def _names(names: Iterable[str]) -> str:
    return ", ".join(names)


def _shown(value: object) -> str:
    return repr(value[:80]) if isinstance(value, str) else type(value).__name__


def high_quality(least: float = 0.85) -> Specification:
    """Conversations of at least this quality; excellent ones by default."""
    return Compares("quality", ">=", least)


def recent(within: timedelta, now: datetime) -> Specification:
    """Conversations captured at most `within` before `now`, an aware time."""
    try:
        since = now - within
    except OverflowError:
        since = _EARLIEST
    return Compares("captured_at", ">=", since)


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
