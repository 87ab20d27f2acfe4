"""Sessions in the store of the working folder, to be compared."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cortex_tui.analysis.noise import noise_of
from cortex_tui.profiles.model import Profile
from cortex_tui.protocol.messages import Health
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.stats.moments import EMPTY, merged
from cortex_tui.store.library import NoiseRecord
from cortex_tui.store.records import (
    EncodedHistogram,
    IntervalRecord,
    RunRecord,
    SessionBatch,
    SessionRecord,
)
from cortex_tui.store.sqlite.store import SqliteStore
from cortex_tui.store.writer import this_process
from tests.unit.analysis.sides import Times, profile

FACTS = {"system": "Linux", "cpu": "x", "cores": 2, "python": "3.11.7", "implementation": "CPython"}


def stored(
    name: str,
    sides: dict[str, Sequence[Times]],
    *,
    environment: dict[str, Any] | None = None,
    of: Profile | None = None,
    health: Health | None = None,
    disturbed: int = 1,
    **fields: Any,
) -> None:
    """A session in the store, with a run for each variant ("" for none) and round."""
    runs: list[RunRecord] = []
    intervals: list[IntervalRecord] = []
    for variant, rounds in sides.items():
        for number, times in enumerate(rounds, 1):
            moments, run = EMPTY, len(runs)
            for slot, part in enumerate(np.array_split(times, 4)):
                one = IntervalHistogram.of(part.astype(np.int64).tobytes())
                moments = merged(moments, one.moments)
                # The first intervals were disturbed, if any were.
                intervals.append(
                    IntervalRecord(
                        run=run,
                        first=slot,
                        service=EncodedHistogram(one.encode(), one.moments),
                        health=health if health and slot < disturbed else Health(),
                    )
                )
            runs.append(
                RunRecord(
                    run=run,
                    profile=of or profile(),
                    state="finished",
                    round=number,
                    variant=variant,
                    measured_ns=int(times.sum()),
                    service=moments,
                )
            )

    async def write() -> None:
        async with await SqliteStore.open(Path(".cortex-tui/snapshots.db")) as store:
            record = SessionRecord(
                id=f"id-{name}",
                started_at="2026-01-01T10:00:00Z",
                environment=FACTS if environment is None else environment,
                writer=this_process(),
                **fields,
            )
            await store.begin_session(record)
            batch = SessionBatch(session=record.id, runs=tuple(runs), intervals=tuple(intervals))
            await store.write(batch)
            await store.finish_session(record.id, "finished")
            await store.name_snapshot(name, record.id)

    Path(".cortex-tui").mkdir(exist_ok=True)
    asyncio.run(write())


def with_noise(*names: str, deviation: float | None = None) -> list[NoiseRecord]:
    """Keeps the noise between those sessions, or one that is given, as that of their profile."""

    async def keep() -> list[NoiseRecord]:
        async with await SqliteStore.open(Path(".cortex-tui/snapshots.db")) as store:
            records = noise_of([await store.load(name) for name in names], "now")
            if deviation is not None:
                (one,) = records
                changed = dict.fromkeys(one.deviations, deviation)
                records = [
                    NoiseRecord(
                        profile=one.profile, machine=one.machine, deviations=changed, sessions=20
                    )
                ]
            await store.put_noise(records)
            return records

    return asyncio.run(keep())
