"""Context items as rows."""

from typing import Any

from cortex_core.domain.context_item import ContextItem, Tier, restore_context_item
from cortex_core.domain.specification import Specification
from cortex_core.search import Check
from cortex_core.sqlite.finding import Finder
from cortex_core.sqlite.moments import from_us, to_us
from cortex_core.sqlite.unit import Execute

_COLUMNS = "id, content, relevance, namespace, tier, source_id, relevance_reason, created_at_us"
GET_ITEM = f"SELECT {_COLUMNS} FROM context_items WHERE id = ?"
_FIELDS = {"relevance": "relevance", "tier": "tier", "created_at": "created_at_us"}
SAVE_ITEM = f"""
    INSERT INTO context_items ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET
        content = excluded.content, relevance = excluded.relevance,
        namespace = excluded.namespace, tier = excluded.tier, source_id = excluded.source_id,
        relevance_reason = excluded.relevance_reason
"""
"""What is replaced keeps its `created_at`: it is when the id was first stored."""


def item_to_row(item: ContextItem) -> tuple[Any, ...]:
    """The parameters of SAVE_ITEM."""
    return (
        item.id,
        item.content,
        item.relevance,
        item.namespace,
        int(item.tier),
        item.source_id,
        item.relevance_reason,
        to_us(item.created_at),
    )


def _from_row(row: tuple[Any, ...]) -> ContextItem:
    id_, content, relevance, namespace, tier, source_id, reason, created_at_us = row
    return restore_context_item(
        (id_, content, relevance, namespace, Tier(tier), source_id, reason, from_us(created_at_us))
    )


_FINDER = Finder(
    ContextItem,
    "context_items",
    _COLUMNS,
    _FIELDS,
    "relevance",
    "context_items_relevant",
    _from_row,
)


class SqliteContextItems:
    """The context items that one transaction sees; on its connection's thread."""

    __slots__ = ("_check", "_execute")

    def __init__(self, execute: Execute, check: Check | None = None) -> None:
        self._execute = execute
        self._check = check

    def get(self, context_id: str, /, *, for_update: bool = False) -> ContextItem | None:
        row = self._execute(GET_ITEM, (context_id,)).fetchone()
        return None if row is None else _from_row(row)

    def find(self, specification: Specification, max_results: int) -> tuple[ContextItem, ...]:
        return _FINDER.find(self._execute, specification, max_results, self._check)

    def count(self) -> int:
        found: int = self._execute("SELECT count(*) FROM context_items").fetchone()[0]
        return found

    def save(self, item: ContextItem) -> None:
        self._execute(SAVE_ITEM, item_to_row(item))

    def delete(self, context_id: str) -> bool:
        deleted = self._execute("DELETE FROM context_items WHERE id = ?", (context_id,))
        return deleted.rowcount > 0
