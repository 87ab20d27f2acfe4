"""All stored sessions as a screen lists them."""

from __future__ import annotations

from typing import NamedTuple

from cortex_tui.store.port import Store
from cortex_tui.store.records import SessionEntry


class Listed(NamedTuple):
    """What is in a store."""

    sessions: tuple[SessionEntry, ...] = ()
    """All but removed ones, the newest first."""
    baselines: frozenset[str] = frozenset()
    """Those of their names that can be pointed at another session."""
    of_runs: frozenset[str] = frozenset()
    """Those of their names that mean one run alone."""
    notice: str = ""
    """What a reader should know of the way in which the store had to be opened."""


async def listed(store: Store) -> Listed:
    """Everything there is to list."""
    names = await store.list_snapshots()
    return Listed(
        tuple(await store.list_sessions()),
        frozenset(each.name for each in names if each.baseline),
        frozenset(each.name for each in names if each.run is not None),
        store.notice,
    )
