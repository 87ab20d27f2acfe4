"""The list of suites and profiles: what is visible, where the cursor is, what is checked.

Knows nothing of runs or of Textual.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from cortex_tui.profiles.model import Catalog, Profile, Suite
from cortex_tui.tui.state.sorting import UNSORTED, Sort


class Entry(NamedTuple):
    """A row: a profile, or the head of a suite (`profile` is None)."""

    suite: Suite
    profile: Profile | None
    edited: bool = False
    """Whether it is another than in its file, for this launch only."""

    @property
    def key(self) -> str:
        return self.profile.full_name if self.profile else self.suite.name


def matches(profile: Profile, words: Iterable[str]) -> bool:
    """Whether every word occurs in the full name or the workload, whatever the case; one behind an
    `@` must begin a tag, since it is typed letter by letter."""
    text = f"{profile.full_name} {profile.workload}".lower()
    tags = [f"@{tag}".lower() for tag in profile.tags]
    return all(
        any(tag.startswith(word) for tag in tags) if word.startswith("@") else word in text
        for word in words
    )


def _row_of(entry: Entry) -> tuple[str, bool]:
    """What tells it from others: a suite may be called like a profile."""
    return entry.key, entry.profile is None


class Listing:
    """The rows under the present filter, a cursor on one of them, and the checked profiles."""

    def __init__(self, catalog: Catalog, checked: Iterable[str] = ()) -> None:
        self.catalog = catalog
        self._names = {profile.full_name for profile in catalog.profiles}
        self.checked = self._names.intersection(checked)
        """By full name; of profiles that are gone, too: their files may come back."""
        self._lost: tuple[str, bool] | None = None
        """The row that the cursor was on when it went, until somebody moves the cursor."""
        self.filter = ""
        self.edited: frozenset[str] = frozenset()
        """The families of the profiles that are others than in their files."""
        self.sort = UNSORTED
        self._places: dict[str, int] = {}
        """Where each profile stands in a list that is sorted."""
        self.entries = self._listed()
        places = [at for at, entry in enumerate(self.entries) if entry.profile]
        chosen = [at for at in places if self.entries[at].key in self.checked]
        self.cursor = (chosen or places or [0])[0]

    def _listed(self) -> tuple[Entry, ...]:
        words = self.filter.lower().split()
        heads = not self.sort.is_flat
        entries: list[Entry] = []
        for suite in self.catalog.suites:
            shown = [
                Entry(suite, each, each.family in self.edited)
                for each in suite.profiles
                if matches(each, words)
            ]
            if heads and (shown or not words):
                entries.append(Entry(suite, None))
            entries.extend(sorted(shown, key=self._place) if heads else shown)
        return tuple(entries if heads else sorted(entries, key=self._place))

    def _place(self, entry: Entry) -> int:
        return self._places.get(entry.key, len(self._places))

    @property
    def gone(self) -> list[str]:
        """The checked profiles that no file has now."""
        return sorted(self.checked - self._names)

    @property
    def cursor_key(self) -> str:
        """Of the row under the cursor; of the one that it comes back to, while that is gone."""
        if self._lost is not None:
            return self._lost[0]
        return self.current.key if self.current else ""

    def uncheck_gone(self) -> None:
        """Forgets the checks of profiles that are gone."""
        self.checked &= self._names

    def arrange(self, sort: Sort, names: Sequence[str]) -> None:
        """Lists in the order of these full names; the cursor stays on its row, or goes to the first
        of its suite where heads of suites are not listed."""
        current = self.current
        self.sort = sort
        self._places = {name: at for at, name in enumerate(names)} if sort.column else {}
        if not self._relist():
            suite = current.suite.name if current else ""
            rows = [at for at, entry in enumerate(self.entries) if entry.suite.name == suite]
            self.move_to(rows[0] if rows else 0)

    @property
    def current(self) -> Entry | None:
        return self.entries[self.cursor] if self.entries else None

    @property
    def shown(self) -> list[Profile]:
        """The profiles that the filter lets through."""
        return [entry.profile for entry in self.entries if entry.profile]

    def set_filter(self, text: str) -> None:
        """Lists anew; the cursor stays on its row if that is still there."""
        self.filter, self._lost = text.strip(), None
        if not self._relist() or self.entries[self.cursor].profile is None:
            places = [at for at, entry in enumerate(self.entries) if entry.profile]
            self.cursor = places[0] if places else 0

    def take(self, catalog: Catalog, edited: frozenset[str] = frozenset()) -> None:
        """Lists another catalog; filter and checks stay, and so does the cursor. From a row that is
        gone it goes to the nearest one, and back once that row is there again."""
        current, lost = self.current, self._lost
        self.catalog, self.edited = catalog, edited
        self._names = {profile.full_name for profile in catalog.profiles}
        if not self._relist():
            self.move_to(self.cursor)
            lost = lost or (_row_of(current) if current else None)
        self._lost = None if lost and self._go_to(lost) else lost

    def _relist(self) -> bool:
        """Whether the row under the cursor is still there, and the cursor on it."""
        current = self.current
        self.entries = self._listed()
        return current is not None and self._go_to(_row_of(current))

    def _go_to(self, row: tuple[str, bool]) -> bool:
        """Puts the cursor there, if there is such a row."""
        rows = list(map(_row_of, self.entries))
        if row in rows:
            self.cursor = rows.index(row)
        return row in rows

    def move_to_key(self, key: str) -> None:
        """To the row of a profile or of a suite, if there is one."""
        self._lost = None
        rows = [at for at, entry in enumerate(self.entries) if entry.key == key]
        if rows:
            self.cursor = rows[0]

    def move_to(self, row: int) -> None:
        self._lost = None
        self.cursor = max(0, min(row, len(self.entries) - 1))

    def move_to_chosen(self) -> None:
        """To the first row of what is chosen, unless the cursor is on such a row."""
        self._lost = None
        names = {profile.full_name for profile in self.chosen()}
        rows = [at for at, entry in enumerate(self.entries) if entry.profile and entry.key in names]
        if rows and self.cursor not in rows:
            self.cursor = rows[0]

    def _toggle(self, profiles: Iterable[Profile]) -> None:
        names = {profile.full_name for profile in profiles}
        if names <= self.checked:
            self.checked -= names
        else:
            self.checked |= names

    def toggle(self, entry: Entry) -> None:
        """A profile's check; for the head of a suite, that of all its shown profiles."""
        self._toggle([entry.profile] if entry.profile else self._of(entry.suite))

    def toggle_suite(self, suite: Suite) -> None:
        self._toggle(self._of(suite))

    def toggle_all(self) -> None:
        self._toggle(self.shown)

    def _of(self, suite: Suite) -> list[Profile]:
        return [profile for profile in self.shown if profile.suite == suite.name]

    def check_state(self, entry: Entry) -> Literal["all", "some", "none"]:
        """Of a profile or of a whole suite, hidden profiles included."""
        profiles = (entry.profile,) if entry.profile else entry.suite.profiles
        count = sum(profile.full_name in self.checked for profile in profiles)
        return "none" if not count else "all" if count == len(profiles) else "some"

    def chosen(self) -> list[Profile]:
        """What `run` means now: the checked profiles, without those that are gone; where none is
        checked, the one or the suite at the cursor."""
        if self.checked:
            return [p for p in self.catalog.profiles if p.full_name in self.checked]
        if self.current is None:
            return []
        return [self.current.profile] if self.current.profile else self._of(self.current.suite)
