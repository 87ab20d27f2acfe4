"""What a store has to compare with, read on a thread of the caller's: each call blocks."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from cortex_tui.analysis.baseline import Baseline, baseline_of
from cortex_tui.isolation import asyncio
from cortex_tui.paths import is_missing
from cortex_tui.stats.codec import HistogramFormatError
from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.port import Store, open_store


class Candidate(NamedTuple):
    """A session that could be compared with."""

    ref: str
    """A name, or the id of one without any."""
    session: str
    """Its id."""
    baseline: bool
    """Whether the name is a baseline, which can be pointed at another session."""
    started_at: str
    profiles: tuple[str, ...]
    note: str = ""


def candidates(store: Path) -> list[Candidate]:
    """Baselines first, then other names and sessions without any, the newest first. SnapshotError
    for a store that cannot be read; none where there is no store yet."""
    return [] if is_missing(store) else asyncio.run(_candidates(store))


async def _candidates(store: Path) -> list[Candidate]:
    async with await open_store(store, "read") as opened:
        names, sessions = await opened.list_snapshots(), await opened.list_sessions()
    found = [
        Candidate(each.name, each.session, each.baseline, each.started_at, each.profiles, each.note)
        for each in names
        if each.run is None
    ]
    found += [
        Candidate(each.id, each.id, False, each.started_at, each.profiles, each.note)
        for each in sessions
        if not each.names and each.state != "running"
    ]
    found.sort(key=lambda each: each.started_at, reverse=True)
    return sorted(found, key=lambda each: not each.baseline)


def load_baseline(store: Path, ref: str) -> Baseline:
    """SnapshotError, whose text says why, for one that cannot be compared with."""
    return asyncio.run(_load(store, ref))


async def _load(store: Path, ref: str) -> Baseline:
    async with await open_store(store, "read") as opened:
        return await baseline_in(opened, ref)


async def baseline_in(store: Store, ref: str) -> Baseline:
    """What is compared with, from an open store; SnapshotError as for `load_baseline`."""
    stored, noise = await store.load(ref), await store.noise()
    try:
        return baseline_of(ref, stored, noise)
    except HistogramFormatError as error:
        raise SnapshotError(f"{ref} cannot be read: {error}: it is damaged, remove it") from None
    except ValueError as error:
        raise SnapshotError(str(error)) from None
