"""What the workbench was left with, for when it is opened again in the same folder."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Literal

import msgspec

from cortex_tui.files import write_whole
from cortex_tui.limits import MAX_REMEMBERED_BYTES
from cortex_tui.paths import make_private_folder
from cortex_tui.tui.state.listing import Listing
from cortex_tui.tui.state.sorting import UNSORTED, Sort

LOOK_S = 2.0
"""How often what has changed is written down."""

Part = Literal["", "table", "pane"]


class Remembered(msgspec.Struct, frozen=True):
    """What a person had before them."""

    checked: tuple[str, ...] = ()
    filter: str = ""
    sort: Sort = UNSORTED
    cursor: str = ""
    """The full name of a profile, or the name of a suite."""
    pane: str = ""
    """The name of the one that was open."""
    maximised: Part = ""
    theme: str = ""

    def with_selection(self) -> Remembered:
        """The same for somebody who has named the profiles that are wanted now."""
        return msgspec.structs.replace(self, checked=(), filter="", cursor="")

    def with_cursor(self, key: str) -> Remembered:
        """The same for somebody who has named what is to be seen first."""
        return msgspec.structs.replace(self, filter="", cursor=key)


NOTHING = Remembered()


def remember(listing: Listing, pane: str, maximised: Part, theme: str) -> Remembered:
    """What is before a person now."""
    return Remembered(
        checked=tuple(sorted(listing.checked)),
        filter=listing.filter,
        sort=listing.sort,
        cursor=listing.cursor_key,
        pane=pane,
        maximised=maximised,
        theme=theme,
    )


def restore(listing: Listing, was: Remembered) -> None:
    """Has the listing as it was, as far as its profiles are still there."""
    if was.sort.column:
        # There are no numbers yet: all are as good as unknown, and stay in the suites' order.
        names = [profile.full_name for profile in listing.catalog.profiles]
        by_name = sorted(names, reverse=was.sort.descending)
        listing.arrange(was.sort, names if was.sort.is_flat else by_name)
    if was.filter:
        listing.set_filter(was.filter)
    if was.cursor:
        listing.move_to_key(was.cursor)


class Memory:
    """A file with what the workbench was left with. Several workbenches may write it: each writes
    all of it, and the last one counts."""

    def __init__(self, folder: Path, working_folder: Path) -> None:
        """The file is in `folder`, and named after the working folder. Never raises."""
        place = os.path.realpath(working_folder)
        name = hashlib.sha256(os.fsencode(place)).hexdigest()[:16]
        self.file = folder / f"{name}.json"
        self.found = NOTHING
        """What was there to begin with."""
        self.notice = ""
        """Why what was there is not used."""
        self._written: Remembered | None = None
        self._read()

    def _read(self) -> None:
        try:
            with self.file.open("rb") as file:
                data = file.read(MAX_REMEMBERED_BYTES + 1)
            if len(data) > MAX_REMEMBERED_BYTES:
                raise ValueError("it is too long")
            self.found = self._written = msgspec.json.decode(data, type=Remembered)
        except FileNotFoundError:
            pass
        except (OSError, ValueError) as error:
            self.notice = f"What was open the last time is not known: {self.file}: {error}"

    def has(self, now: Remembered) -> bool:
        """Whether this is what was written last."""
        return now == self._written

    def keep(self, now: Remembered) -> None:
        """Writes it, if it is not what was written last. Raises OSError. On any thread."""
        if self.has(now):
            return
        data = msgspec.json.encode(now)
        if len(data) > MAX_REMEMBERED_BYTES:
            return
        make_private_folder(self.file.parent)
        write_whole(self.file, data)
        self._written = now
