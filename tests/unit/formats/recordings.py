"""Sessions to write in every format, and their parts."""

from __future__ import annotations

import random
from array import array
from functools import cache
from typing import Any

import msgspec
import numpy as np
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from cortex_tui.formats.importing import ImportedRun, session_of
from cortex_tui.formats.port import Recording
from cortex_tui.results.interval import Interval
from cortex_tui.results.stored import from_stored
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.store.records import StoredSession


@cache
def nanoseconds(seed: int, count: int) -> bytes:
    chance = random.Random(seed)
    return array("q", [int(chance.lognormvariate(12, 1)) for _ in range(count)]).tobytes()


def values(seed: int, count: int = 500) -> IntervalHistogram:
    return IntervalHistogram.of(nanoseconds(seed, count))


def run(name: str = "steady", *, scheduled: bool = False, round_: int = 1) -> ImportedRun:
    """30 intervals; two operations failed."""
    found = ImportedRun("suite", name, round=round_)
    for at in range(30):
        start_ns = at * found.interval_ns
        found.add("service", start_ns, found.interval_ns, values(at + round_))
        if scheduled:
            found.add("response", start_ns, found.interval_ns, values(at + 100))
            found.add("lateness", start_ns, found.interval_ns, values(at + 200))
    found.add("failure", 0, found.interval_ns, values(7, 2))
    found.series.add(0, Interval(errors={"TimeoutError": 2}))
    found.errors = {"TimeoutError": 2}
    return found


def overloaded() -> ImportedRun:
    """An open load that was not kept up with: in the last 10 of 30 intervals all 150 arrivals were
    dropped, as 40 operations were in flight; 20 of those ended after the window, 5 never did. Then
    the run failed."""
    found = ImportedRun("suite", "overloaded")
    for at in range(20):
        start_ns = at * found.interval_ns
        for time in ("service", "response", "lateness"):
            found.add(time, start_ns, found.interval_ns, values(at, 20))
        found.add_facts(start_ns, Interval(in_flight=2 * at, level=200.0))
    for at in range(20, 30):
        found.add_facts(at * found.interval_ns, Interval(unstarted=15, in_flight=40, level=200.0))
    found.add("failure", 0, found.interval_ns, values(3, 2))
    found.add_errors(0, {"TimeoutError": 2})
    found.add_counts(19 * found.interval_ns, drained=20)
    found.measured_ns = 30 * found.interval_ns
    found.facts = msgspec.structs.replace(
        found.facts, state="failed", reason="teardown: no such table", unfinished=5
    )
    return found


def stored(*runs: ImportedRun) -> StoredSession:
    data = repr([(each.suite, each.name, each.round) for each in runs]).encode()
    environment = {"python": "3.11.7", "system": "Linux", "git_commit": "ab" * 20}
    return session_of(data, runs or (run(),), moment=None, environment=environment)


def recording(*runs: ImportedRun) -> Recording:
    session = stored(*runs)
    return Recording(from_stored(session), session.intervals)


def counts(session: StoredSession) -> dict[tuple[str, int, str], tuple[int, int]]:
    """By profile, round and time: how many values, and the sum of their buckets."""
    names = {each.run: (each.profile.full_name, each.round) for each in session.runs}
    found: dict[tuple[str, int, str], tuple[int, int]] = {}
    for interval in session.intervals:
        for time in ("service", "response", "lateness", "failure"):
            encoded = getattr(interval, time)
            if encoded is not None:
                decoded = IntervalHistogram.decode(encoded.blob, encoded.moments)
                key = (*names[interval.run], time)
                total, buckets = found.get(key, (0, 0))
                weighted = int(np.dot(decoded.indices, decoded.counts))
                found[key] = total + decoded.total, buckets + weighted
    return found


def metrics(text: str) -> dict[str, Any]:
    """The families of OpenMetrics text by name, as Prometheus' own parser has them."""
    parsed = text_string_to_metric_families(text)  # type: ignore[no-untyped-call]
    return {each.name: each for each in parsed}
