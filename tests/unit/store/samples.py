"""Sessions to store in tests."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Any

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.loads.open import OpenLoad
from cortex_tui.profiles.model import Length, Profile
from cortex_tui.protocol.messages import Health
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.store.records import (
    EncodedHistogram,
    IntervalRecord,
    LogRecord,
    MarkRecord,
    RunRecord,
    SessionBatch,
    SessionRecord,
)
from cortex_tui.store.writer import this_process

CLOSED = Profile(
    suite="search",
    name="simple-text",
    workload="cortex.search",
    params={"conversations": 30, "text": "Performance"},
    load=ClosedLoad(workers=2),
    stop=Length(duration_ns=2_000_000_000),
    targets=("p95 < 200ms", "errors == 0"),
)
OPEN = Profile(
    suite="search",
    name="steady",
    workload="cortex.search",
    load=OpenLoad(rate_per_s=500),
    stop=Length(duration_ns=2_000_000_000),
)


def session(name: str = "s1", **fields: Any) -> SessionRecord:
    fields = {"started_at": "2025-01-01T10:00:00Z", "writer": this_process(), **fields}
    return SessionRecord(id=name, **fields)


def histogram(values: Iterable[int]) -> IntervalHistogram:
    return IntervalHistogram.of(array("q", values))


def encoded(values: Iterable[int]) -> EncodedHistogram:
    counted = histogram(values)
    return EncodedHistogram(counted.encode(), counted.moments)


def slices(run: int, count: int, size: int = 50) -> list[list[int]]:
    """The service times of the intervals of a run, all different."""
    return [
        [10_000 * (run + 1) + 100 * slot + value for value in range(size)] for slot in range(count)
    ]


def total(values: list[list[int]]) -> Histogram:
    whole = Histogram()
    for part in values:
        whole.fold(array("q", part))
    return whole


def batch(
    name: str = "s1", *, runs: int = 2, count: int = 4, state: Any = "running"
) -> SessionBatch:
    """Runs with `count` intervals each; an odd run has an open load."""
    records, intervals = [], []
    for run in range(runs):
        values, is_open = slices(run, count), run % 2 == 1
        late = [[value // 100 for value in part] for part in values]
        records.append(
            RunRecord(
                run=run,
                profile=OPEN if is_open else CLOSED,
                neighbours=("search.other",),
                state=state,
                round=run + 1,
                phase="measure",
                level=500.0 if is_open else 2.0,
                marks=(MarkRecord(5, "paused"),),
                warmup_ns=1_000_000_000,
                warmup_iterations=77,
                measured_ns=count * 100_000_000,
                errors={"TimeoutError": 2},
                tracebacks={"TimeoutError": "Traceback: late"},
                unfinished_ns=(7_000_000,),
                unstarted=3,
                warnings=("tmpfs",),
                service=total(values).moments,
                response=total(values).moments if is_open else None,
                lateness=total(late).moments if is_open else None,
                failure=total([[5_000, 6_000]]).moments,
                confidence_ns={"service": {"p50": (10_100, 10_400)}},
                slowest="2 of the 5 slowest intervals had a GC pause",
            )
        )
        for slot, part in enumerate(values):
            intervals.append(
                IntervalRecord(
                    run=run,
                    first=slot,
                    service=encoded(part),
                    response=encoded(part) if is_open else None,
                    lateness=encoded(late[slot]) if is_open else None,
                    failure=encoded([5_000, 6_000]) if slot == 0 else None,
                    errors={"TimeoutError": 2} if slot == 0 else {},
                    in_flight=1,
                    oldest_ns=12_345,
                    unstarted=3 if slot == 0 else 0,
                    neighbours=1,
                    level=500.0 if is_open else 2.0,
                    drained=1,
                    failed_in_batches=1,
                    health=Health(
                        loop_lag_ns=30_000_000,
                        gc_pause_ns=6,
                        gc_pauses=1,
                        cpu_ns=9,
                        block_cause="at prices.py:21 in lookup",
                    ),
                )
            )
    log = (LogRecord(0, 0, "stdout", "hello", 1_204_000_000),)
    return SessionBatch(session=name, runs=tuple(records), intervals=tuple(intervals), log=log)
