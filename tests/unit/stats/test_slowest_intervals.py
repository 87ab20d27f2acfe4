"""What the slowest intervals have in common is said, and nothing else."""

from __future__ import annotations

import random
from typing import Any

from cortex_tui.stats.slowest_intervals import MIN_INTERVALS, Slice, slowest_intervals

MS = 1_000_000


def ordinary(count: int = 55) -> list[Slice]:
    noise = random.Random(1)
    return [
        Slice(
            slowest_ns=noise.randrange(100_000, 200_000),
            loop_lag_ns=noise.randrange(2 * MS),
            involuntary_switches=noise.randrange(4),
            wall_ns=100 * MS,
        )
        for _ in range(count)
    ]


def slow(**facts: Any) -> Slice:
    return Slice(**{"slowest_ns": 10 * MS, "loop_lag_ns": MS, "wall_ns": 100 * MS, **facts})


def test_pauses_and_a_stall_are_named_with_how_many_had_them() -> None:
    pause = slow(gc_pauses=1, gc_pause_ns=3 * MS)
    slices = [*ordinary(45), pause, pause, pause, slow(loop_lag_ns=12 * MS), slow()]
    assert slowest_intervals(slices) == (
        "3 of the 5 slowest intervals had a GC pause, 1 had the event loop blocked for 12.0ms"
    )


def test_several_stalls_are_reported_by_their_longest() -> None:
    slices = [*ordinary(), *(slow(loop_lag_ns=lag * MS) for lag in (7, 30, 9)), slow(), slow()]
    assert slowest_intervals(slices) == (
        "3 of the 5 slowest intervals had the event loop blocked for up to 30.0ms"
    )


def test_what_the_others_have_as_well_explains_nothing() -> None:
    busy = [each._replace(gc_pauses=1, gc_pause_ns=MS, loop_lag_ns=8 * MS) for each in ordinary()]
    assert (
        slowest_intervals([*busy, *[slow(gc_pauses=1, gc_pause_ns=MS, loop_lag_ns=8 * MS)] * 5])
        == ""
    )


def test_a_pause_that_is_far_longer_than_all_others_stands_out() -> None:
    busy = [each._replace(gc_pauses=1, gc_pause_ns=MS) for each in ordinary()]
    slices = [*busy, *[slow(gc_pauses=1, gc_pause_ns=9 * MS)] * 2, *[slow()] * 3]
    assert (
        slowest_intervals(slices) == "2 of the 5 slowest intervals had a GC pause longer than usual"
    )


def test_the_cpu_taken_away_is_reported() -> None:
    slices = [*ordinary(), *[slow(involuntary_switches=90)] * 4, slow(steal_ns=20 * MS)]
    assert slowest_intervals(slices) == (
        "4 of the 5 slowest intervals had the CPU taken away far more often, "
        "1 lost 20.0ms to the hypervisor"
    )


def test_what_other_processes_used_is_named_with_its_length() -> None:
    a_step = [each._replace(foreign_ns=10 * MS) for each in ordinary()]
    slices = [*a_step, *[slow(foreign_ns=80 * MS)] * 3, *[slow(foreign_ns=20 * MS)] * 2]
    assert slowest_intervals(slices) == (
        "3 of the 5 slowest intervals had other processes use 240ms of CPU time"
    )


def test_where_nothing_stands_out_nothing_is_said() -> None:
    assert slowest_intervals(ordinary()) == ""
    assert slowest_intervals([*ordinary(), *[slow()] * 5]) == ""


def test_few_intervals_have_no_slowest() -> None:
    few = [*ordinary(MIN_INTERVALS - 6), *[slow(gc_pauses=1, gc_pause_ns=MS)] * 5]
    assert slowest_intervals(few) == ""
