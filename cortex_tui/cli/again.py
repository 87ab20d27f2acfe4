"""The profiles of a stored session, as they were: what `run --again` runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cortex_tui.cli.options import StoreError
from cortex_tui.profiles.selection import SelectionError, select

if TYPE_CHECKING:
    from cortex_tui.library.again import Again
    from cortex_tui.store.records import StoredSession


def stored_profiles(store: Path, ref: str, words: Sequence[str]) -> Again:
    """The profiles of a snapshot or session that the words mean, all of them without words."""
    import asyncio

    from cortex_tui.library.again import again_of, catalog_of
    from cortex_tui.store.errors import SnapshotError
    from cortex_tui.store.port import open_store

    async def load() -> StoredSession:
        async with await open_store(store, "read") as opened:
            return await opened.load(ref)

    try:
        again = again_of(ref, asyncio.run(load()))
    except SnapshotError as error:
        raise StoreError(f"--again: {error}") from None
    if not words:
        return again
    try:
        selected = select(catalog_of(again.profiles), words)
    except SelectionError as error:
        raise click.UsageError(f"--again {ref}: {error}") from None
    return again._replace(profiles=selected.profiles)
