"""Lists of what is stored, as a table or as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from cortex_tui.cli.tables import table_lines
from cortex_tui.quantities import format_count

if TYPE_CHECKING:
    from cortex_tui.store.library import RemovedEntry
    from cortex_tui.store.records import SessionEntry, SnapshotEntry

    Entry: TypeAlias = SessionEntry | SnapshotEntry | RemovedEntry

SCHEMA = "cortex-tui/snapshots@1"
SHORT_COMMIT = 10
"""Digits of a commit that are shown."""

_OPTIONAL = ("kind", "commit", "tags")


def as_document(entries: Sequence[Entry]) -> bytes:
    """JSON that ends with a line feed; the fields are those of the entries."""
    document = {"schema": SCHEMA, "entries": entries}
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def lines_of(entries: Sequence[Entry]) -> list[str]:
    """A table of entries of one kind; no lines for none."""
    from cortex_tui.store.records import SessionEntry, SnapshotEntry

    rows = [
        _session(entry)
        if isinstance(entry, SessionEntry)
        else _snapshot(entry)
        if isinstance(entry, SnapshotEntry)
        else _removed(entry)
        for entry in entries
    ]
    if not rows:
        return []
    return table_lines(
        tuple(rows[0]), (tuple(row.values()) for row in rows),
        right=("operations",), optional=_OPTIONAL,
    )  # fmt: skip


def _session(entry: SessionEntry) -> dict[str, str]:
    return {
        "session": entry.id,
        "started": entry.started_at,
        **_measured(entry),
        "names": ", ".join(entry.names) or "–",
        "profiles": profiles_text(entry.profiles),
        "note": entry.note,
    }


def _snapshot(entry: SnapshotEntry) -> dict[str, str]:
    return {
        "name": entry.name,
        "kind": "baseline" if entry.baseline else "",
        "saved": entry.created_at,
        **_measured(entry),
        "profiles": profiles_text(entry.profiles),
        "note": entry.note,
    }


def _measured(entry: SessionEntry | SnapshotEntry) -> dict[str, str]:
    return {
        "state": entry.state,
        "operations": format_count(entry.operations),
        "commit": entry.revision[:SHORT_COMMIT],
        "tags": " ".join(entry.tags),
    }


def _removed(entry: RemovedEntry) -> dict[str, str]:
    return {
        "removed": entry.removed_at,
        "name": entry.name or "–",
        "session": entry.session,
        "started": entry.started_at,
        "profiles": profiles_text(entry.profiles),
    }


def profiles_text(names: Sequence[str]) -> str:
    """Of the names of all runs: those of several rounds have the same one."""
    runs = Counter(names)
    profiles = next(iter(runs)) if len(runs) == 1 else f"{len(runs)} profiles"
    rounds = max(runs.values(), default=1)
    return profiles if rounds == 1 else f"{profiles}, {rounds} rounds"
