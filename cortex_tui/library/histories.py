"""The history of a profile, read from a store: for the command and the screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from cortex_tui.analysis.series import History, HistoryError, history_of
from cortex_tui.isolation import asyncio
from cortex_tui.results.stored import from_stored
from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.library import MeasuredRun, RunFacts
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
    program, are found anew. Of a session that cannot be read, the reason is found."""
    runs = await opened.measured(profile)
    sessions = dict.fromkeys(run.session for run in runs if _lacks(run))
    known = {session: await _facts_of(opened, session) for session in sessions}
    return [_with_facts(run, known[run.session]) if _lacks(run) else run for run in runs]


async def _facts_of(opened: Store, session: str) -> Mapping[int, RunFacts | None] | str:
    """Those of its runs, or why they cannot be read."""
    try:
        return {run.run: run.facts for run in from_stored(await opened.load(session)).runs}
    except SnapshotError as error:
        if error.retryable:
            raise
        return str(error)


def _with_facts(run: MeasuredRun, known: Mapping[int, RunFacts | None] | str) -> MeasuredRun:
    if isinstance(known, str):
        return msgspec.structs.replace(run, unreadable=known)
    return msgspec.structs.replace(run, facts=known.get(run.run))


def _lacks(run: MeasuredRun) -> bool:
    if run.unreadable:
        return False
    return run.facts is None or bool(run.facts.operations and not run.facts.statistics)
