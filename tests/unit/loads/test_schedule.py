"""Arrival schedules and levels."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.loads.open import OpenLoad
from cortex_tui.loads.schedule import ArrivalSchedule
from cortex_tui.loads.staged import Stage, StagedLoad

SECOND_NS = 1_000_000_000


def rates(*stages: tuple[float, float, bool], **fields: Any) -> StagedLoad:
    return StagedLoad(
        of="rate",
        stages=tuple(Stage(level, round(s * SECOND_NS), ramp) for level, s, ramp in stages),
        **fields,
    )


def all_of(schedule: ArrivalSchedule) -> list[int]:
    return schedule.take_due(1 << 62)


@given(
    st.floats(0.01, 1e6, allow_nan=False), st.integers(0, 10**18), st.integers(1, 300), st.data()
)
def test_constant_arrivals_are_exact_however_they_are_taken(
    rate_per_s: float, start_ns: int, limit: int, data: st.DataObject
) -> None:
    arrivals = ArrivalSchedule(OpenLoad(rate_per_s=rate_per_s), start_ns, limit=limit)
    taken: list[int] = []
    while arrivals.next_ns is not None:
        step_ns = data.draw(st.integers(0, round(3e9 / rate_per_s)))
        taken += arrivals.take_due(arrivals.next_ns + step_ns)
    period_ns = Fraction(10**9) / Fraction(rate_per_s)
    assert taken == [start_ns + int(k * period_ns) for k in range(limit)]


def test_arrivals_end_before_the_phase_does() -> None:
    arrivals = ArrivalSchedule(OpenLoad(rate_per_s=10.0), 0, SECOND_NS)
    assert len(arrivals.take_due(5 * SECOND_NS)) == 10
    assert arrivals.next_ns is None


def test_nothing_is_due_before_its_time() -> None:
    arrivals = ArrivalSchedule(OpenLoad(rate_per_s=10.0), 0)
    assert arrivals.take_due(99_999_999) == [0]
    assert arrivals.take_due(99_999_999) == []
    assert arrivals.take_due(100_000_000) == [100_000_000]


def test_poisson_arrivals_have_the_gaps_of_their_process_and_are_repeatable() -> None:
    load = OpenLoad(rate_per_s=1_000.0, arrivals="poisson")
    arrivals = all_of(ArrivalSchedule(load, 0, limit=20_000, seed=7))
    again = all_of(ArrivalSchedule(load, 0, limit=20_000, seed=7))
    other = all_of(ArrivalSchedule(load, 0, limit=20_000, seed=8))
    assert arrivals == again != other
    gaps = np.sort(np.diff(arrivals)) / 1e6
    exact = 1 - np.exp(-gaps)
    rank = np.arange(1, len(gaps) + 1) / len(gaps)
    # Kolmogorov-Smirnov: at the 0.1 % level the greatest distance is 1.95 / sqrt(n).
    assert np.abs(rank - exact).max() < 1.95 / np.sqrt(len(gaps))


def test_stages_follow_each_other() -> None:
    arrivals = all_of(ArrivalSchedule(rates((10, 1, False), (100, 2, False)), 0, 3 * SECOND_NS))
    assert [sum(a // SECOND_NS == second for a in arrivals) for second in range(3)] == [
        10,
        100,
        100,
    ]
    assert arrivals[:3] == [0, 100_000_000, 200_000_000]


def test_a_ramp_has_the_arrivals_of_its_area_ever_closer() -> None:
    arrivals = all_of(ArrivalSchedule(rates((100, 10, True)), 0, 10 * SECOND_NS))
    assert len(arrivals) == pytest.approx(500, abs=1)
    gaps = [b - a for a, b in pairwise(arrivals)]
    assert all(b <= a + 1 for a, b in pairwise(gaps))
    # Half of the area lies below 1/sqrt(2) of the base.
    assert sum(a < 10 * SECOND_NS / 2**0.5 for a in arrivals) == pytest.approx(250, abs=2)


@pytest.mark.parametrize("arrivals", ["constant", "poisson"])
def test_a_ramp_to_nothing_ends(arrivals: str) -> None:
    load = rates((50, 1, False), (0, 2, True), (0, 1, False), arrivals=arrivals)
    taken = all_of(ArrivalSchedule(load, 0, 4 * SECOND_NS))
    assert taken == sorted(taken)
    assert len(taken) == pytest.approx(100, abs=1 if arrivals == "constant" else 40)
    assert taken[-1] < 3 * SECOND_NS


def test_a_pause_puts_off_what_was_not_due() -> None:
    schedule = ArrivalSchedule(OpenLoad(rate_per_s=10.0), 0, SECOND_NS)
    before = schedule.take_due(250_000_000)
    schedule.shift(5 * SECOND_NS, 250_000_000)
    after = all_of(schedule)
    assert before == [0, 100_000_000, 200_000_000]
    assert after == [5 * SECOND_NS + k * 100_000_000 for k in range(3, 10)]


def test_a_new_rate_holds_from_now_on() -> None:
    schedule = ArrivalSchedule(OpenLoad(rate_per_s=10.0), 0, 2 * SECOND_NS)
    schedule.take_due(SECOND_NS - 1)
    schedule.scale(10.0, SECOND_NS)
    arrivals = all_of(schedule)
    assert len(arrivals) == 100
    assert arrivals[:2] == [SECOND_NS, SECOND_NS + 10_000_000]


def test_a_new_rate_loses_nothing_that_is_due() -> None:
    schedule = ArrivalSchedule(OpenLoad(rate_per_s=10.0), 0)
    schedule.scale(0.5, 50_000_000)
    assert schedule.take_due(400_000_000) == [50_000_000, 250_000_000]


def test_a_rate_or_a_pause_before_the_first_arrival_holds_for_all() -> None:
    faster = ArrivalSchedule(OpenLoad(rate_per_s=10.0), SECOND_NS, 2 * SECOND_NS)
    faster.scale(2.0, 0)
    assert all_of(faster) == [SECOND_NS + k * 50_000_000 for k in range(20)]
    later = ArrivalSchedule(OpenLoad(rate_per_s=10.0), 0, SECOND_NS)
    later.shift(5 * SECOND_NS, 0)
    assert all_of(later) == [5 * SECOND_NS + k * 100_000_000 for k in range(10)]


def test_a_pause_without_an_end_puts_off_no_end() -> None:
    schedule = ArrivalSchedule(OpenLoad(rate_per_s=10.0), 0)
    schedule.shift(5 * SECOND_NS, SECOND_NS)
    assert schedule.take_due(7 * SECOND_NS)[-1] == 7 * SECOND_NS


def test_nothing_is_due_from_an_end_on_and_a_later_one_changes_nothing() -> None:
    schedule = ArrivalSchedule(OpenLoad(rate_per_s=10.0), 0)
    schedule.end(250_000_000)
    schedule.end(SECOND_NS)
    assert all_of(schedule) == [0, 100_000_000, 200_000_000]
    bounded = ArrivalSchedule(OpenLoad(rate_per_s=10.0), 0, SECOND_NS)
    bounded.end(5 * SECOND_NS)
    assert len(all_of(bounded)) == 10


def test_a_pause_or_a_rate_after_the_last_stage_brings_nothing_back() -> None:
    schedule = ArrivalSchedule(rates((10, 1, False)), 0, SECOND_NS)
    assert len(all_of(schedule)) == 10
    schedule.shift(SECOND_NS, 2 * SECOND_NS)
    schedule.scale(2.0, 4 * SECOND_NS)
    assert schedule.next_ns is None
    levels = StagedLoad(of="workers", stages=(Stage(2, SECOND_NS),)).levels()
    levels.shift(SECOND_NS, 2 * SECOND_NS)
    assert levels.at(5 * SECOND_NS) == 2


def test_a_ramp_continues_after_a_pause_at_the_level_that_it_had() -> None:
    stages = (Stage(2, SECOND_NS), Stage(10, 2 * SECOND_NS, ramp=True))
    levels = StagedLoad(of="workers", stages=stages).levels(0)
    levels.shift(5 * SECOND_NS, 2 * SECOND_NS)
    seconds = (2, 4, 7, 7.5, 8)
    assert [levels.at(round(s * SECOND_NS)) for s in seconds] == [6, 6, 6, 8, 10]


def test_levels_of_workers_step_ramp_and_scale() -> None:
    load = StagedLoad(
        of="workers",
        stages=(Stage(2, SECOND_NS), Stage(10, 2 * SECOND_NS, ramp=True), Stage(4, SECOND_NS)),
    )
    levels = load.levels()
    assert [levels.at(s * SECOND_NS // 2) for s in (0, 1, 2, 4, 6, 7, 20)] == [2, 2, 2, 6, 4, 4, 4]
    levels.scale(2.0, 2 * SECOND_NS)
    assert [levels.at(s * SECOND_NS) for s in (2, 3)] == [12, 8]


def test_an_unstaged_load_stays_at_its_level() -> None:
    assert ClosedLoad(workers=7).levels().at(1 << 60) == 7
    assert OpenLoad(rate_per_s=2.5).levels().at(0) == 2.5


def test_workers_have_no_schedule() -> None:
    with pytest.raises(ValueError, match="no schedule"):
        ArrivalSchedule(StagedLoad(of="workers", stages=(Stage(1, 1),)), 0)
