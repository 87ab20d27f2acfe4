"""The history of a profile, read from a store: for the command and the screen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from cortex_tui.analysis.series import History, HistoryError, history_of
from cortex_tui.isolation import asyncio
from cortex_tui.results.stored import from_stored
from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.library import MeasuredRun
from cortex_tui.store.port import Store, open_store


def history_in(store: str | Path, profile: str, statistic: str) -> History:
    """Blocks until it is read. Raises SnapshotError, whose text says why there is none."""
    return asyncio.run(_open_and_read(store, profile, statistic))


async def _open_and_read(store: str | Path, profile: str, statistic: str) -> History:
    async with await open_store(store, "read") as opened:
        runs = await measured_runs(opened, profile)
        known = await opened.acknowledgements(profile)
    try:
        return history_of(profile, runs, statistic=statistic, known=known)
    except HistoryError as error:
        raise SnapshotError(str(error)) from None


async def measured_runs(opened: Store, profile: str) -> Sequence[MeasuredRun]:
    """With the facts of each: those of runs that an older version wrote, or that came from another
    program, are found anew."""
    runs = await opened.measured(profile)
    known_facts = {
        session: {run.run: run.facts for run in from_stored(await opened.load(session)).runs}
        for session in dict.fromkeys(run.session for run in runs if _lacks(run))
    }
    return [
        msgspec.structs.replace(run, facts=known_facts[run.session].get(run.run))
        if _lacks(run)
        else run
        for run in runs
    ]


def _lacks(run: MeasuredRun) -> bool:
    return run.facts is None or bool(run.facts.operations and not run.facts.statistics)
