"""Profiles that a person has edited for this launch only."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from cortex_tui.profiles.model import Catalog, Profile, Suite

if TYPE_CHECKING:
    from cortex_tui.profiles.drafts import Changes

Profiles = tuple[Profile, ...]
"""A profile, or all cells of its matrix."""


class Edit(NamedTuple):
    changes: Changes
    """What differs from the file."""
    profiles: Profiles
    """What it comes to."""
    of: Profiles
    """What the file had."""
    written: bool = False
    """Whether it stands in the file by now, which has not been read again yet."""


class Edits:
    """By family, the full name without the coordinates of a matrix."""

    def __init__(self) -> None:
        self._edits: dict[str, Edit] = {}

    @property
    def unsaved(self) -> frozenset[str]:
        return frozenset(family for family, edit in self._edits.items() if not edit.written)

    def of(self, family: str) -> Edit | None:
        return self._edits.get(family)

    def put(self, family: str, edit: Edit | None) -> None:
        """Edits a profile, or takes that back."""
        self._edits.pop(family, None)
        if edit is not None:
            self._edits[family] = edit

    def applied(self, read: Catalog) -> Catalog:
        """What was read from files, with what was edited."""
        suites = tuple(self._applied_to(suite) for suite in read.suites)
        return msgspec.structs.replace(read, suites=suites)

    def _applied_to(self, suite: Suite) -> Suite:
        profiles: list[Profile] = []
        for profile in suite.profiles:
            edit = self._edits.get(profile.family)
            profiles.append(profile if edit is None else edit.profiles[edit.of.index(profile)])
        return msgspec.structs.replace(suite, profiles=tuple(profiles))

    def drop_outdated(self, read: Catalog) -> list[str]:
        """Forgets edits of what the files have otherwise now; those that are lost by that. One of a
        profile that is gone stays, as its file may come back."""
        lost: list[str] = []
        for family, edit in list(self._edits.items()):
            now = family_of(read, family)
            if now != edit.of and (now or edit.written):
                del self._edits[family]
                if not edit.written:
                    lost.append(family)
        return lost


def family_of(catalog: Catalog, family: str) -> Profiles:
    """The profile of that name, or the cells of its matrix."""
    return tuple(profile for profile in catalog.profiles if profile.family == family)
