"""The profiles of a stored session, as they were: what `run --again` runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import click

from cortex_tui.cli.options import StoreError
from cortex_tui.profiles.model import Catalog, Profile, Suite
from cortex_tui.profiles.selection import SelectionError, select


class Again(NamedTuple):
    """What a stored session ran, each profile once, and how."""

    profiles: tuple[Profile, ...]
    one_by_one: bool
    rounds: int


def stored_profiles(store: Path, ref: str, words: Sequence[str]) -> Again:
    """The profiles of a snapshot or session that the words mean, all of them without words.

    A warm-up that ended by itself takes the length that it had.
    """
    import asyncio

    from cortex_tui.session.decisions import replayed
    from cortex_tui.store.errors import SnapshotError
    from cortex_tui.store.port import open_store
    from cortex_tui.store.records import IMPORTED, StoredSession

    async def load() -> StoredSession:
        async with await open_store(store, "read") as opened:
            return await opened.load(ref)

    try:
        stored = asyncio.run(load())
    except SnapshotError as error:
        raise StoreError(f"--again: {error}") from None
    if stored.session.placement == IMPORTED:
        raise StoreError(f"--again: {ref} was imported: its code is not here")
    # A profile that was repeated has a run in each round.
    profiles = {run.profile.full_name: replayed(run.profile, run) for run in stored.runs}
    of_one_run = stored.snapshot is not None and stored.snapshot.run is not None
    rounds = 1 if of_one_run else stored.session.rounds
    if not words:
        return Again(tuple(profiles.values()), stored.session.one_by_one, rounds)
    try:
        selected = select(_catalog_of(profiles.values()), words)
    except SelectionError as error:
        raise click.UsageError(f"--again {ref}: {error}") from None
    return Again(selected.profiles, stored.session.one_by_one, rounds)


def _catalog_of(profiles: Iterable[Profile]) -> Catalog:
    """The profiles as if they had just been read, so that words mean the same."""
    suites: dict[str, list[Profile]] = {}
    for profile in profiles:
        suites.setdefault(profile.suite, []).append(profile)
    return Catalog(
        tuple(Suite(name, found[0].source, tuple(found)) for name, found in suites.items())
    )
