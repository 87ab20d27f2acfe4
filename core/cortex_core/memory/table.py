"""Entities by id, with a way back to before a transaction."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import count as counter
from typing import Any, Generic, Protocol, TypeVar

from cortex_core.domain.entity import changer
from cortex_core.domain.specification import Specification
from cortex_core.search import Check


class Entity(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def created_at(self) -> datetime: ...


E = TypeVar("E", bound=Entity)

Undo = Callable[[], None]


class Table(Generic[E]):
    """Entities with the number under which each was first stored, as rows have keys."""

    def __init__(self, entity_type: type[E]) -> None:
        self.entity_type = entity_type
        self._changed = changer(entity_type)
        self._rows: dict[str, tuple[int, E]] = {}
        self._keys = counter(1)

    def get(self, entity_id: str) -> E | None:
        row = self._rows.get(entity_id)
        return None if row is None else row[1]

    def put(self, entity: E) -> Undo:
        """Store it, and return what takes that back. What is replaced keeps its `created_at`."""
        before = self._rows.get(entity.id)
        if before is None:
            self._rows[entity.id] = (next(self._keys), entity)
        else:
            key, replaced = before
            kept = self._changed(entity, created_at=replaced.created_at)
            self._rows[entity.id] = (key, kept)
        return lambda: self._put_back(entity.id, before)

    def remove(self, entity_id: str) -> Undo | None:
        """Remove it, and return what takes that back; None where it was not there."""
        before = self._rows.pop(entity_id, None)
        return None if before is None else lambda: self._put_back(entity_id, before)

    def in_order_of_storing(self) -> Iterator[E]:
        return (entity for _, entity in sorted(self._rows.values(), key=lambda row: row[0]))

    def highest(self, field: str) -> Iterator[E]:
        """All of them, the highest of this field first, then the newest stored."""

        def rank(row: tuple[int, E]) -> tuple[Any, int]:
            return getattr(row[1], field), row[0]

        return (entity for _, entity in sorted(self._rows.values(), key=rank, reverse=True))

    def count(self) -> int:
        return len(self._rows)

    def _put_back(self, entity_id: str, before: tuple[int, E] | None) -> None:
        if before is None:
            self._rows.pop(entity_id, None)
        else:
            self._rows[entity_id] = before


def satisfying(entities: Iterable[E], specification: Specification, check: Check) -> Iterator[E]:
    for entity in entities:
        check()
        if specification.is_satisfied_by(entity):
            yield entity
