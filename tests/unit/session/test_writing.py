"""What the store has of a run while it is measured, and once it has ended."""

from __future__ import annotations

from pathlib import Path

from cortex_tui.limits import MAX_INTERVALS
from cortex_tui.protocol.messages import RunFinished
from cortex_tui.results.interval_file import IntervalFile
from cortex_tui.results.session_fold import SessionFold
from cortex_tui.session.writer import SessionWriter
from cortex_tui.store.records import StoredSession
from cortex_tui.store.sqlite.store import SqliteStore
from tests.unit.session.messages import (
    SECOND_NS,
    at_stage,
    plan,
    planned,
    profile,
    samples,
    started,
)

EACH_WRITE = 25
"""Intervals between two writes."""


async def stored_at(path: Path, session: str) -> StoredSession:
    store = await SqliteStore.open_for_reading(path)
    try:
        return await store.load(session)
    finally:
        await store.close()


async def test_intervals_are_of_one_length_once_their_run_has_ended(tmp_path: Path) -> None:
    path, count = tmp_path / "s.db", MAX_INTERVALS + 3 * EACH_WRITE
    profiles = profile("one"), profile("two")
    fold = SessionFold(plan(*profiles), "process", "", file=IntervalFile(tmp_path))
    fold.apply(started())
    for run, each in enumerate(profiles):
        fold.apply(planned(each, run))
        fold.apply(at_stage(run, "measure", 0))
    writer = SessionWriter(path)
    await writer.begin()
    try:
        for number in range(count):
            for run in (0, 1):
                fold.apply(samples(number, [1_000 + number], run))
            if number % EACH_WRITE == EACH_WRITE - 1:
                await writer.write(fold)
        fold.apply(RunFinished(run=0, state="finished", at_ns=SECOND_NS, measured_ns=SECOND_NS))
        await writer.write(fold)
        assert writer.error == ""
        stored = await stored_at(path, fold.plan.session)
    finally:
        await writer.close()
    lengths = [{each.length for each in stored.intervals if each.run == run} for run in (0, 1)]
    # The other run lasts: the slots that merged are stored a few at a time.
    assert lengths == [{2}, {1, 2}]
    for run in (0, 1):
        own = [each for each in stored.intervals if each.run == run]
        assert sum(each.service.moments.count for each in own if each.service) == count
        covered = [at for each in own for at in range(each.first, each.first + each.length)]
        assert covered[:count] == list(range(count))
