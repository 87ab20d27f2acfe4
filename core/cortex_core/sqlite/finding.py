"""Finds the entities of a table that satisfy a condition."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, TypeVar

from cortex_core.domain.specification import Specification, check_fields
from cortex_core.search import Check
from cortex_core.sqlite.conditions import compiled
from cortex_core.sqlite.unit import Execute

E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Finder(Generic[E]):
    """What a search by condition needs to know of a table.

    `columns` are those that `restore` makes an entity of; `fields` are the columns, by the names
    of fields, that a condition may use in SQL. The highest value of `order` comes first, which
    `index` has in order.
    """

    entity: type[E]
    table: str
    columns: str
    fields: Mapping[str, str]
    order: str
    index: str
    restore: Callable[[tuple[Any, ...]], E]

    def find(
        self, execute: Execute, specification: Specification, most: int, check: Check | None
    ) -> tuple[E, ...]:
        """The first `most` that satisfy it. Raises InvalidValueError where it compares fields
        that the entities do not have, and what `check` raises, which is called for each row that
        Python looks at."""
        check_fields(specification, self.entity)
        condition = compiled(specification, self.fields)
        ordered = f"ORDER BY {self.order} DESC, key DESC"
        if condition.exact:
            rows = execute(
                f"SELECT {self.columns} FROM {self.table} WHERE {condition.sql} {ordered} LIMIT ?",
                (*condition.parameters, most),
            )
            return tuple(map(self.restore, rows))
        # In the order of the index, so that nothing is sorted: SQLite would keep every row for
        # that, with its text, and could not be stopped meanwhile.
        rows = execute(
            f"SELECT {self.columns} FROM {self.table} INDEXED BY {self.index} "
            f"WHERE {condition.sql} {ordered}",
            condition.parameters,
        )
        entities = map(self.restore, rows if check is None else _checked(rows, check))
        return tuple(islice(filter(specification.is_satisfied_by, entities), most))


def _checked(rows: Iterable[tuple[Any, ...]], check: Check) -> Iterable[tuple[Any, ...]]:
    for row in rows:
        check()
        yield row
