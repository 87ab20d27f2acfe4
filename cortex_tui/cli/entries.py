"""Lists of what is stored, as a table or as JSON."""

from __future__ import annotations

from collections.abc import Sequence

from cortex_tui.cli.documents import json_of
from cortex_tui.library.texts import SHORT_COMMIT, profiles_text
from cortex_tui.quantities import format_count
from cortex_tui.store.library import RemovedEntry
from cortex_tui.store.records import SessionEntry, SnapshotEntry
from cortex_tui.tables import table_lines

Entry = SessionEntry | SnapshotEntry | RemovedEntry

SCHEMA = "cortex-tui/snapshots@1"
_MEASURED = ("state", "operations", "commit", "tags")
_TITLES: dict[type[Entry], tuple[str, ...]] = {
    SessionEntry: ("session", "started", *_MEASURED, "names", "profiles", "note"),
    SnapshotEntry: ("name", "kind", "saved", *_MEASURED, "profiles", "note"),
    RemovedEntry: ("removed", "name", "session", "started", "profiles"),
}
_OPTIONAL = ("kind", "commit", "tags")


def as_document(entries: Sequence[Entry]) -> bytes:
    """JSON that ends with a line feed; the fields are those of the entries."""
    return json_of({"schema": SCHEMA, "entries": entries})


def lines_of(entries: Sequence[Entry]) -> list[str]:
    """A table of entries of one kind; no lines for none."""
    if not entries:
        return []
    titles = _TITLES[type(entries[0])]
    return table_lines(titles, map(_cells, entries), right=("operations",), optional=_OPTIONAL)


def _cells(entry: Entry) -> tuple[str, ...]:
    profiles = profiles_text(entry.profiles)
    if isinstance(entry, RemovedEntry):
        return entry.removed_at, entry.name or "–", entry.session, entry.started_at, profiles
    operations = format_count(entry.operations)
    measured = (entry.state, operations, entry.revision[:SHORT_COMMIT], " ".join(entry.tags))
    if isinstance(entry, SessionEntry):
        names = ", ".join(entry.names) or "–"
        return entry.id, entry.started_at, *measured, names, profiles, entry.note
    kind = "baseline" if entry.baseline else ""
    return entry.name, kind, entry.created_at, *measured, profiles, entry.note
