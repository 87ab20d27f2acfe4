"""Conversations as rows."""

from collections.abc import Iterable
from typing import Any

from cortex_core.domain.conversation import Conversation, restore_conversation
from cortex_core.domain.specification import Specification
from cortex_core.search import Check
from cortex_core.sqlite.finding import Finder
from cortex_core.sqlite.moments import from_us, to_us
from cortex_core.sqlite.schema import CAPTURED_UNIT_BITS
from cortex_core.sqlite.unit import Execute

_COLUMNS = (
    "id, title, content, quality, turn_count, entity_count, file_path, namespace, "
    "captured_at_us, created_at_us, updated_at_us"
)
_GET = f"SELECT {_COLUMNS} FROM conversations WHERE id = ?"
_RECENT = f"SELECT {_COLUMNS} FROM conversations ORDER BY captured_at_us DESC, key DESC LIMIT ?"
_RECENT_IN = (
    f"SELECT {_COLUMNS} FROM conversations WHERE namespace = ? "
    "ORDER BY captured_at_us DESC, key DESC LIMIT ?"
)
_FIELDS = {
    "quality": "quality",
    "turn_count": "turn_count",
    "entity_count": "entity_count",
    "captured_at": "captured_at_us",
    "created_at": "created_at_us",
    "updated_at": "updated_at_us",
}
_TIES_WITHIN = 3_600 * 1_000_000 >> CAPTURED_UNIT_BITS

# The key is in the order of capture (see CAPTURED_UNIT_BITS): behind those of the same moment, and
# where that place is taken, behind those of the same hour.
SAVE = f"""
    INSERT INTO conversations (key, {_COLUMNS})
    SELECT
        CASE WHEN EXISTS (SELECT 1 FROM conversations WHERE key = place) THEN (
            SELECT max(key) + 1 FROM conversations
            WHERE key >= place AND key < place + {_TIES_WITHIN}
        ) ELSE place END,
        ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11
    FROM (
        SELECT coalesce(
            (SELECT max(key) + 1 FROM conversations WHERE captured_at_us = ?9),
            ?9 >> {CAPTURED_UNIT_BITS}
        ) AS place
    )
    WHERE true
    ON CONFLICT (id) DO UPDATE SET
        key = iif(captured_at_us = excluded.captured_at_us, key, excluded.key),
        title = excluded.title, content = excluded.content, quality = excluded.quality,
        turn_count = excluded.turn_count, entity_count = excluded.entity_count,
        file_path = excluded.file_path, namespace = excluded.namespace,
        captured_at_us = excluded.captured_at_us, updated_at_us = excluded.updated_at_us
"""
"""What is replaced keeps its `created_at`: it is when the id was first stored."""


def to_row(conversation: Conversation) -> tuple[Any, ...]:
    """The parameters of SAVE."""
    return (
        conversation.id,
        conversation.title,
        conversation.content,
        conversation.quality,
        conversation.turn_count,
        conversation.entity_count,
        conversation.file_path,
        conversation.namespace,
        to_us(conversation.captured_at),
        to_us(conversation.created_at),
        to_us(conversation.updated_at),
    )


def _from_row(row: tuple[Any, ...]) -> Conversation:
    *values, captured_at_us, created_at_us, updated_at_us = row
    return restore_conversation(
        (*values, from_us(captured_at_us), from_us(created_at_us), from_us(updated_at_us))
    )


def _all(rows: Iterable[tuple[Any, ...]]) -> tuple[Conversation, ...]:
    return tuple(_from_row(row) for row in rows)


_FINDER = Finder(
    Conversation,
    "conversations",
    _COLUMNS,
    _FIELDS,
    "captured_at_us",
    "conversations_recent",
    _from_row,
)


class SqliteConversations:
    """The conversations that one transaction sees; on its connection's thread."""

    __slots__ = ("_check", "_execute")

    def __init__(self, execute: Execute, check: Check | None = None) -> None:
        self._execute = execute
        self._check = check

    def get(self, conversation_id: str, /, *, for_update: bool = False) -> Conversation | None:
        row = self._execute(_GET, (conversation_id,)).fetchone()
        return None if row is None else _from_row(row)

    def recent(self, max_results: int, namespace: str | None = None) -> tuple[Conversation, ...]:
        if namespace is None:
            return _all(self._execute(_RECENT, (max_results,)))
        return _all(self._execute(_RECENT_IN, (namespace, max_results)))

    def find(self, specification: Specification, max_results: int) -> tuple[Conversation, ...]:
        return _FINDER.find(self._execute, specification, max_results, self._check)

    def count(self) -> int:
        found: int = self._execute("SELECT count(*) FROM conversations").fetchone()[0]
        return found

    def save(self, conversation: Conversation) -> None:
        self._execute(SAVE, to_row(conversation))

    def delete(self, conversation_id: str) -> bool:
        deleted = self._execute("DELETE FROM conversations WHERE id = ?", (conversation_id,))
        return deleted.rowcount > 0
