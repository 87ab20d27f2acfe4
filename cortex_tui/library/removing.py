"""Takes several names or sessions out of the lists of a store, to be restored together."""

from __future__ import annotations

from collections.abc import Iterable

from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.library import Removed
from cortex_tui.store.port import Store


async def remove_all(store: Store, refs: Iterable[str]) -> list[Removed | SnapshotError]:
    """Removes each as one removal, and returns what came of it, in their order."""
    found: list[Removed | SnapshotError] = []
    removal = None
    for ref in dict.fromkeys(refs):
        try:
            removed = await store.remove(ref, within=removal)
        except SnapshotError as error:
            found.append(error)
        else:
            removal = removed.removal
            found.append(removed)
    return found
