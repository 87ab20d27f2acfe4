"""What is left out of a stored session, since others used the machine meanwhile."""

from __future__ import annotations

from array import array

import pytest

from cortex_tui.analysis.stored_arms import stored_arms
from cortex_tui.protocol.messages import Health
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.store.records import (
    EncodedHistogram,
    IntervalRecord,
    RunRecord,
    SessionRecord,
    StoredSession,
)
from tests.unit.analysis.sides import profile

EACH_NS = 100_000_000
OPERATIONS = 10
"""In each interval; their time is its number in ms, so that it is seen which were left out."""


def kept(*foreign_ms: int, steal_ms: int = 0) -> set[int]:
    """The numbers of the intervals that are kept, of a run in which other processes used so much
    CPU in each of its intervals."""
    parts = [
        IntervalHistogram.of(array("q", [(at + 1) * 1_000_000] * OPERATIONS))
        for at in range(len(foreign_ms))
    ]
    whole = Histogram.of_intervals(parts).moments
    run = RunRecord(run=0, profile=profile(), state="finished", service=whole, measured_ns=10**9)
    intervals = tuple(
        IntervalRecord(
            run=0,
            first=at,
            service=EncodedHistogram(part.encode(), part.moments),
            health=Health(
                wall_ns=EACH_NS,
                foreign_ns=foreign_ms[at] * 1_000_000,
                steal_ns=steal_ms * 1_000_000 if at == 0 else 0,
            ),
        )
        for at, part in enumerate(parts)
    )
    session = SessionRecord(id="x", started_at="")
    stored = StoredSession(session=session, state="finished", runs=(run,), intervals=intervals)
    ((one,),) = (arm.rounds for arm in stored_arms(stored).values())
    assert one.dropped + one.times.total == OPERATIONS * len(foreign_ms)
    return {
        at
        for at in range(len(foreign_ms))
        if one.times.count_at_least((at + 1) * 1_000_000 - 1_000)
        > one.times.count_at_least((at + 1) * 1_000_000 + 100_000)
    }


def test_a_second_in_which_others_used_more_than_a_tenth_of_a_core_is_left_out() -> None:
    assert kept(*[0] * 10, *[20] * 10, *[0] * 10) == {*range(10), *range(20, 30)}
    assert kept(*[5] * 30) == set(range(30))


def test_a_single_step_of_the_clock_decides_nothing() -> None:
    assert kept(*([0] * 9 + [30]) * 2) == set(range(20))


def test_what_is_left_at_the_end_belongs_to_the_last_second() -> None:
    assert kept(*[0] * 10, *[20] * 15) == set(range(10))
    assert kept(*[0] * 18, 40, 0) == set(range(20))
    assert kept(90, 0, 0) == set()


def test_stolen_time_is_left_out_by_the_interval() -> None:
    assert kept(*[0] * 10, steal_ms=10) == set(range(1, 10))


@pytest.mark.parametrize("count", [0, 1])
def test_a_run_without_health_is_kept(count: int) -> None:
    assert kept(*[0] * count or [0]) == {0}
