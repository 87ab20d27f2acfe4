"""The list of stored sessions: what is visible and in which order, the cursor, what is checked.

Knows nothing of the store or of Textual.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, NamedTuple

from cortex_tui.library.filtering import filter_of
from cortex_tui.library.listing import Listed
from cortex_tui.store.filters import Filter
from cortex_tui.store.records import SessionEntry
from cortex_tui.tui.state.sorting import Sort, turned

ORDERS: dict[str, tuple[Callable[[SessionEntry], Any], bool]] = {
    "when": (lambda each: each.started_at, True),
    "names": (lambda each: (not each.names, each.names), False),
    "profiles": (lambda each: each.profiles, False),
    "state": (lambda each: each.state, False),
    "operations": (lambda each: each.operations, True),
    "tags": (lambda each: (not each.tags, each.tags), False),
    "note": (lambda each: (not each.note, each.note), False),
    "revision": (lambda each: each.revision, False),
}
"""By column: what sessions are sorted by, and whether the greatest comes first."""


def _sort_by(column: str) -> Sort:
    return Sort(column, ORDERS[column][1])


class LeftOut(NamedTuple):
    """What the list was before sessions were left out of it."""

    sessions: tuple[SessionEntry, ...]
    """Those."""
    checked: frozenset[str]
    cursor: str
    """The session under the cursor, and where that is without them; "" for none."""
    goes_to: str


class LibraryList:
    """The rows under the present filter, in the present order."""

    def __init__(self) -> None:
        self.all = Listed()
        self.rows: list[SessionEntry] = []
        self.checked: set[str] = set()
        """The ids of sessions."""
        self.cursor = 0
        self.filter = ""
        self.sort = _sort_by("when")
        self._filter = Filter()

    @property
    def current(self) -> SessionEntry | None:
        """The session under the cursor."""
        return self.rows[self.cursor] if self.rows else None

    @property
    def chosen(self) -> list[SessionEntry]:
        """What an action on several is about: the checked sessions, hidden ones included, else the
        one under the cursor."""
        if self.checked:
            return [each for each in self.all.sessions if each.id in self.checked]
        return [self.current] if self.current else []

    def take(self, listed: Listed) -> None:
        """Lists what is stored now; the cursor stays on its session, or near."""
        self.all = listed
        self.checked.intersection_update(each.id for each in listed.sessions)
        self._list()

    def hide(self) -> None:
        """Lists nothing while the store cannot be read; what is checked stays so."""
        self.all, self.rows = Listed(), []

    def drop(self, sessions: Collection[str]) -> LeftOut:
        """Leaves out sessions that are being removed."""
        out = tuple(each for each in self.all.sessions if each.id in sessions)
        left = tuple(each for each in self.all.sessions if each.id not in sessions)
        checked, cursor = frozenset(self.checked), self._at
        self.take(self.all._replace(sessions=left))
        return LeftOut(out, checked, cursor, self._at)

    def put_back(self, before: LeftOut, refused: Collection[str]) -> None:
        """Lists those that are not removed after all, checked as before. So does the cursor return
        to where it was, unless it has been moved since."""
        back = {each.id: each for each in before.sessions if each.id in refused}
        if not back:
            return
        to = before.cursor if self._at == before.goes_to else ""
        back.update((each.id, each) for each in self.all.sessions)
        newest = sorted(back.values(), key=lambda each: (each.started_at, each.id), reverse=True)
        self.take(self.all._replace(sessions=tuple(newest)))
        self.checked |= before.checked.intersection(refused)
        self.move_to(
            next((row for row, each in enumerate(self.rows) if each.id == to), self.cursor)
        )

    @property
    def _at(self) -> str:
        return self.current.id if self.current else ""

    def set_filter(self, text: str) -> None:
        """Lists what the words mean. Raises ValueError for a word that means nothing: what is
        listed stays."""
        self._filter = filter_of(text)
        self.filter = text.strip()
        self._list()

    def sort_next(self, *, back: bool = False) -> None:
        """By the next column, or the one before."""
        columns = list(ORDERS)
        at = columns.index(self.sort.column) + (-1 if back else 1)
        self._sort(_sort_by(columns[at % len(columns)]))

    def sort_by(self, column: str) -> None:
        """By a column; by the same one again, the other way round."""
        self._sort(turned(self.sort) if column == self.sort.column else _sort_by(column))

    def turn(self) -> None:
        """The other way round."""
        self._sort(turned(self.sort))

    def _sort(self, sort: Sort) -> None:
        self.sort = sort
        self._list()

    def move_to(self, row: int) -> None:
        self.cursor = max(0, min(row, len(self.rows) - 1))

    def toggle(self, entry: SessionEntry) -> None:
        """Checks or unchecks a session."""
        self.checked ^= {entry.id}

    def toggle_all(self) -> None:
        """Checks all that are listed, or unchecks them where all are."""
        ids = {each.id for each in self.rows}
        if ids <= self.checked:
            self.checked -= ids
        else:
            self.checked |= ids

    def _list(self) -> None:
        current, at = self.current, self.cursor
        key, _ = ORDERS[self.sort.column]
        rows: Iterable[SessionEntry] = self.all.sessions
        if self._filter != Filter():
            rows = filter(self._filter.accepts, rows)
        self.rows = list(rows)
        if self.sort != _sort_by("when"):  # they come the newest first
            self.rows.sort(key=key, reverse=self.sort.descending)
        if current is not None:
            same = (row for row, each in enumerate(self.rows) if each.id == current.id)
            at = next(same, at)
        self.move_to(at)
