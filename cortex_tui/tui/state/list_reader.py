"""Reads the list of stored sessions, not more often than it takes time, and never what is over."""

from __future__ import annotations

import time

from cortex_tui.library.listing import Listed, listed
from cortex_tui.store.background import BackgroundStore
from cortex_tui.tui.background import done

REST = 20
"""How many times as long as reading the list took it is at least left as it is: reading 10,000
sessions takes 50 ms, and a session that is measured writes every second."""


class ListReader:
    """Of one store; on the loop of the screen that shows the list."""

    def __init__(self, store: BackgroundStore) -> None:
        self._store = store
        self._state: object = None
        """That of the store when the list was read."""
        self._reading = False
        self._rests_until_s = 0.0
        self._removals = 0

    @property
    def rests(self) -> bool:
        """Whether it is too early to read the list again."""
        return self._reading or time.monotonic() < self._rests_until_s

    def note_removal(self) -> None:
        """Sessions were taken out of the list before the store has removed them."""
        self._removals += 1

    async def has_changed(self) -> bool:
        """Whether anybody has written to the store since the list was read."""
        return await done(self._store.state()) != self._state

    async def read(self) -> Listed | None:
        """The list; None for one from before a removal, which has it read again. Raises
        SnapshotError."""
        self._reading = True
        try:
            removals, began_s = self._removals, time.monotonic()
            # Before the list is read: what is written meanwhile is read the next time.
            self._state = await done(self._store.state())
            found = await done(self._store.read(listed))
            if removals != self._removals:
                return None
            self._rests_until_s = time.monotonic() + REST * (time.monotonic() - began_s)
            return found
        finally:
            self._reading = False
