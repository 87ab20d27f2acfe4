"""Patterns as rows. Tags, examples and related ids are JSON arrays in a column each."""

from collections.abc import Iterable
from typing import Any

import msgspec

from cortex_core.domain.pattern import Pattern, PatternType, restore_pattern
from cortex_core.domain.specification import Specification
from cortex_core.search import Check
from cortex_core.sqlite.finding import Finder
from cortex_core.sqlite.moments import from_us, to_us
from cortex_core.sqlite.unit import Execute

PATTERN_COLUMNS = (
    "id, name, type, content, confidence, source_conversation_id, observation_count, "
    "success_rate, tags, examples, related_ids, namespace, learned_at_us, created_at_us, "
    "updated_at_us"
)
GET_PATTERN = f"SELECT {PATTERN_COLUMNS} FROM patterns WHERE id = ?"
_IN_NAMESPACE = (
    f"SELECT {PATTERN_COLUMNS} FROM patterns WHERE namespace = ? AND confidence >= ? "
    "ORDER BY confidence DESC, key DESC LIMIT ?"
)
_LEARNED_FROM = (
    f"SELECT {PATTERN_COLUMNS} FROM patterns WHERE source_conversation_id = ? ORDER BY key"
)
_FIELDS = {
    "type": "type",
    "confidence": "confidence",
    "observation_count": "observation_count",
    "success_rate": "success_rate",
    "learned_at": "learned_at_us",
    "created_at": "created_at_us",
    "updated_at": "updated_at_us",
}
SAVE_PATTERN = f"""
    INSERT INTO patterns ({PATTERN_COLUMNS})
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET
        name = excluded.name, type = excluded.type, content = excluded.content,
        confidence = excluded.confidence,
        source_conversation_id = excluded.source_conversation_id,
        observation_count = excluded.observation_count, success_rate = excluded.success_rate,
        tags = excluded.tags, examples = excluded.examples, related_ids = excluded.related_ids,
        namespace = excluded.namespace, learned_at_us = excluded.learned_at_us,
        updated_at_us = excluded.updated_at_us
"""
"""What is replaced keeps its `created_at`: it is when the id was first stored."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(tuple[str, ...]).decode


def pattern_to_row(pattern: Pattern) -> tuple[Any, ...]:
    """The parameters of SAVE_PATTERN."""
    return (
        pattern.id,
        pattern.name,
        pattern.type.value,
        pattern.content,
        pattern.confidence,
        pattern.source_conversation_id,
        pattern.observation_count,
        pattern.success_rate,
        _encode(pattern.tags).decode(),
        _encode(pattern.examples).decode(),
        _encode(pattern.related_ids).decode(),
        pattern.namespace,
        to_us(pattern.learned_at),
        to_us(pattern.created_at),
        to_us(pattern.updated_at),
    )


def pattern_from_row(row: tuple[Any, ...]) -> Pattern:
    """The pattern in a row of PATTERN_COLUMNS."""
    id_, name, type_, content, confidence, source, count, rate, *rest = row
    tags, examples, related_ids, namespace, learned_at_us, created_at_us, updated_at_us = rest
    return restore_pattern(
        (
            id_,
            name,
            PatternType(type_),
            content,
            confidence,
            source,
            count,
            rate,
            _decode(tags),
            _decode(examples),
            _decode(related_ids),
            namespace,
            from_us(learned_at_us),
            from_us(created_at_us),
            from_us(updated_at_us),
        )
    )


def _all(rows: Iterable[tuple[Any, ...]]) -> tuple[Pattern, ...]:
    return tuple(pattern_from_row(row) for row in rows)


_FINDER = Finder(
    Pattern,
    "patterns",
    PATTERN_COLUMNS,
    _FIELDS,
    "confidence",
    "patterns_trusted",
    pattern_from_row,
)


class SqlitePatterns:
    """The patterns that one transaction sees; on its connection's thread."""

    __slots__ = ("_check", "_execute")

    def __init__(self, execute: Execute, check: Check | None = None) -> None:
        self._execute = execute
        self._check = check

    def get(self, pattern_id: str, /, *, for_update: bool = False) -> Pattern | None:
        row = self._execute(GET_PATTERN, (pattern_id,)).fetchone()
        return None if row is None else pattern_from_row(row)

    def in_namespace(
        self, namespace: str, min_confidence: float, max_results: int
    ) -> tuple[Pattern, ...]:
        return _all(self._execute(_IN_NAMESPACE, (namespace, min_confidence, max_results)))

    def learned_from(self, conversation_id: str) -> tuple[Pattern, ...]:
        return _all(self._execute(_LEARNED_FROM, (conversation_id,)))

    def find(self, specification: Specification, max_results: int) -> tuple[Pattern, ...]:
        return _FINDER.find(self._execute, specification, max_results, self._check)

    def count(self) -> int:
        found: int = self._execute("SELECT count(*) FROM patterns").fetchone()[0]
        return found

    def save(self, pattern: Pattern) -> None:
        self._execute(SAVE_PATTERN, pattern_to_row(pattern))

    def delete(self, pattern_id: str) -> bool:
        deleted = self._execute("DELETE FROM patterns WHERE id = ?", (pattern_id,))
        return deleted.rowcount > 0
