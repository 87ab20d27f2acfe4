"""What a session needs in memory does not grow with how long it lasts."""

from __future__ import annotations

import tracemalloc
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import numpy as np

from cortex_tui.limits import MAX_INTERVALS
from cortex_tui.results.interval_file import IntervalFile
from cortex_tui.results.run_fold import RunFold
from cortex_tui.results.session_fold import SessionFold
from cortex_tui.session.writer import SessionWriter
from cortex_tui.store.sqlite.store import SqliteStore
from tests.unit.session.messages import SECOND_NS, at_stage, plan, profile, samples, started

VALUES = 2_000
"""In an interval, most of them in a bucket of their own."""
MORE = 400_000
"""Bytes that may be needed for all intervals beyond what a fourth of them needs: the others have
some 4 MB, and 1.5 as they are stored."""


def fold_of(count: int, folder: Path) -> SessionFold:
    """A run with that number of intervals, each of them large."""
    long = profile(targets=("p95 < 1s", "error_rate < 1%", "throughput > 1/s", "mean < 1s"))
    fold = SessionFold(plan(long), "process", "2026-01-01T00:00:00Z", file=IntervalFile(folder))
    fold.apply(started())
    fold.apply(at_stage(0, "measure", 0))
    chance = np.random.default_rng(1)
    for index in range(count):
        values = chance.integers(1 << 24, 1 << 28, VALUES).tolist()
        fold.apply(samples(index, values, at_ns=(index + 1) * SECOND_NS // 10))
    return fold


async def peak_bytes(action: Callable[[], Awaitable[object]]) -> int:
    tracemalloc.start()
    try:
        await action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


async def test_a_look_over_all_intervals_of_a_run_holds_few_of_them(tmp_path: Path) -> None:
    peaks = []
    for count in (MAX_INTERVALS // 4, MAX_INTERVALS):
        run = fold_of(count, tmp_path).runs[0]
        run.look_again()

        async def look(run: RunFold = run) -> None:
            assert run.findings().confidence_ns["service"]
            assert len(run.spreads()) == 4

        peaks.append(await peak_bytes(look))
    assert peaks[1] < peaks[0] + MORE


async def test_all_intervals_of_a_run_are_written_few_at_a_time(tmp_path: Path) -> None:
    peaks = []
    for count in (MAX_INTERVALS // 4, MAX_INTERVALS):
        path = tmp_path / f"{count}.db"
        fold = fold_of(count, tmp_path)
        writer = SessionWriter(path)
        await writer.begin()
        try:
            await writer.write(fold)
            run = fold.runs[0]
            run.intervals.write_again()
            run.changed = True
            peaks.append(await peak_bytes(partial(writer.write, fold)))
            assert writer.error == ""
        finally:
            await writer.close()
        store = await SqliteStore.open_for_reading(path)
        stored = await store.load(fold.plan.session)
        await store.close()
        assert len(stored.intervals) == count
        found = [each.service.moments.count for each in stored.intervals if each.service]
        assert sum(found) == VALUES * count
    assert peaks[1] < peaks[0] + MORE
