"""Sessions in a store, to be compared: made from numbers in a moment."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np

from cortex_tui.analysis.noise import noise_of
from cortex_tui.profiles.model import Profile
from cortex_tui.protocol.messages import Health
from cortex_tui.protocol.plan import Variant
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.stats.moments import EMPTY, merged
from cortex_tui.store.port import open_store
from cortex_tui.store.records import (
    EncodedHistogram,
    IntervalRecord,
    RunRecord,
    SessionBatch,
    SessionRecord,
)
from cortex_tui.store.writer import this_process
from tests.unit.analysis.sides import Times, latencies, profile

FACTS = {"system": "Linux", "cpu": "x", "cores": 2, "python": "3.11.7", "implementation": "CPython"}

Measured = Sequence[tuple[Profile, str, int, Times]]
"""A run each: its profile, variant and round, and its times in ns; in the order of the runs."""


async def write_session(
    store: Path,
    name: str,
    runs: Measured,
    *,
    health: Health | None = None,
    slices: int = 1,
    **fields: Any,
) -> None:
    """Stores a session under a name; its id is `id-NAME`. `health` is that of all intervals, of
    which each run has as many as `slices`."""
    records: list[RunRecord] = []
    intervals: list[IntervalRecord] = []
    for run, (of, variant, number, times) in enumerate(runs):
        parts = np.array_split(times, slices)
        found = [IntervalHistogram.of(part.astype(np.int64).tobytes()) for part in parts]
        for at, part in enumerate(found):
            encoded = EncodedHistogram(part.encode(), part.moments)
            intervals.append(
                IntervalRecord(run=run, first=at, service=encoded, health=health or Health())
            )
        records.append(
            RunRecord(
                run=run,
                profile=of,
                state="finished",
                round=number,
                variant=variant,
                measured_ns=int(times.sum()),
                service=reduce(merged, (part.moments for part in found), EMPTY),
            )
        )
    fields = {"started_at": "2026-01-01T10:00:00Z", "environment": FACTS, **fields}
    record = SessionRecord(id=f"id-{name}", writer=this_process(), **fields)
    async with await open_store(store) as opened:
        await opened.begin_session(record)
        await opened.write(
            SessionBatch(session=record.id, runs=tuple(records), intervals=tuple(intervals))
        )
        await opened.finish_session(record.id, "finished")
        await opened.name_snapshot(name, record.id)


SLOWER = {"search.worst": 1.084, "search.list-recent": 1.025, "get.by-id": 1.0, "get.many": 0.93}
"""By profile, how many times as slow `work` is."""


def profiles(slower: Mapping[str, float] = SLOWER) -> dict[str, Profile]:
    return {name: profile(name.partition(".")[2], suite=name.partition(".")[0]) for name in slower}


def variants(rounds: int = 8, slower: Mapping[str, float] = SLOWER) -> Measured:
    """`main` and `work` in alternating rounds."""
    found: list[tuple[Profile, str, int, Times]] = []
    known = profiles(slower)
    sides = {
        name: latencies(seed, rounds, slower=factor, own=0.03 if "recent" in name else 0.005)
        for seed, (name, factor) in enumerate(slower.items())
    }
    for number in range(rounds):
        order = (0, 1) if number % 2 == 0 else (1, 0)
        for side in order:
            for name, both in sides.items():
                times = both[side][number]
                if "worst" in name and side:  # the slowest are slower still
                    times = np.where(times > np.quantile(times, 0.9), times * 1.1, times)
                found.append((known[name], ("main", "work")[side], number + 1, times))
    return found


def one_side(seed: int, slower: Mapping[str, float], rounds: int = 6) -> Measured:
    """A session of one version."""
    known = profiles(slower)
    return [
        (known[name], "", number, times)
        for name, factor in slower.items()
        for number, times in enumerate(latencies(seed, rounds, slower=factor, drift=0.01)[1], 1)
    ]


def stalled(runs: Measured) -> Measured:
    """The same in which all takes five times as long in the second tenth of each run."""

    def slow(times: Times) -> Times:
        share = np.arange(times.size) / times.size
        return np.where((share >= 0.1) & (share < 0.2), times * 5, times)

    return [(of, variant, number, slow(times)) for of, variant, number, times in runs]


async def write_samples(store: Path) -> None:
    """`both` of two variants; `before`, `after` and `later` of which the noise is known; `other`
    from another machine, `partial` with one of two profiles, and `unknown` with one of its own;
    `calm` and `stalled`, of a third profile, of which each run has 40 intervals."""
    store.parent.mkdir(parents=True, exist_ok=True)
    two = (Variant(name="main", revision="a" * 40), Variant(name="work", revision="b" * 40))
    await write_session(store, "both", variants(), variants=two, rounds=8)
    speeds = {"before": 1.0, "after": 1.3, "later": 0.8}
    for at, (name, slower) in enumerate(speeds.items()):
        runs = one_side(at, {"search.worst": slower, "get.by-id": 1.0})
        facts = FACTS | {"git_commit": f"{at}" * 40}
        day = f"2026-01-0{at + 1}T10:00:00Z"
        await write_session(store, name, runs, rounds=6, environment=facts, started_at=day)
    await write_session(
        store, "other", one_side(5, {"search.worst": 1.0}), environment=FACTS | {"cpu": "y"}
    )
    await write_session(store, "partial", one_side(7, {"get.by-id": 1.0}))
    await write_session(store, "unknown", one_side(6, {"get.else": 1.0}))
    still = one_side(8, {"orders.list": 1.0})
    await write_session(store, "calm", still, slices=40)
    again = one_side(9, {"orders.list": 1.0})
    await write_session(store, "stalled", stalled(again), slices=40)
    names = [f"noise-{number}" for number in range(5)]
    for number, name in enumerate(names):
        runs = one_side(20 + number, {"search.worst": 1.0})
        await write_session(store, name, runs, rounds=6)
    async with await open_store(store) as opened:
        await opened.put_noise(noise_of([await opened.load(name) for name in names], "now"))


def make_store(store: Path) -> None:
    """For callers without a running loop."""
    asyncio.run(write_samples(store))
