"""A runner whose machine's clock is faster or slower than the session's, in simulated time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from cortex_tui.loads.schedule import ArrivalSchedule
from cortex_tui.loads.staged import Stage, StagedLoad
from cortex_tui.protocol.moments import ClockMap
from cortex_tui.runner.phase import ActivePhase
from cortex_tui.runner.recorder import Recorder
from cortex_tui.runner.timeline import STEP_NS, Pace, Timeline

MS = 1_000_000
SECOND = 1_000 * MS
INTERVAL = 100 * MS
AHEAD = 300 * MS

SPEEDS = pytest.mark.parametrize("gains_ppb", [100_000, -100_000, 40_000, -500_000])


class Simulated:
    """A phase of ten minutes on a machine, from second 1 of the session's clock on."""

    def __init__(self, gains_ppb: int) -> None:
        self.map = ClockMap(0, AHEAD, gains_ppb)
        self.timeline = Timeline()
        self.timeline.map = self.map
        self.now_ns = self.begin_ns = self.map.to_machine(SECOND)
        end_ns = self.begin_ns + 600 * SECOND
        self.recorder = Recorder(0, "measure", self.begin_ns, INTERVAL, end_ns)
        self.phase = ActivePhase(
            "measure", self.recorder, self.begin_ns, end_ns, timeline=self.timeline
        )
        self.phase.clock = lambda: self.now_ns

    def pass_time(self, lasts_ns: int, moved: Callable[[int], None] = lambda by_ns: None) -> None:
        """Time passes on the machine, and ten times a second its pace is kept."""
        until_ns = self.now_ns + lasts_ns
        while self.now_ns < until_ns:
            self.now_ns += INTERVAL
            if by_ns := self.phase.keep_pace():
                moved(by_ns)
            self.recorder.reach(self.now_ns)

    def at(self, own_ns: int) -> int:
        """A moment of the machine's clock, on the session's since the phase began."""
        return self.map.to_session(own_ns) - SECOND


def simulated(gains_ppb: int, test: Callable[[Simulated], None]) -> None:
    async def run() -> None:
        test(Simulated(gains_ppb))

    asyncio.run(run())


@SPEEDS
def test_intervals_are_cut_where_the_session_s_clock_has_them(gains_ppb: int) -> None:
    """After ten minutes, too; they would be 60 ms off at 100 parts in a million."""

    def test(it: Simulated) -> None:
        for _ in range(59):
            it.pass_time(10 * SECOND)
            boundary_ns = it.at(it.recorder.boundary_ns)
            assert boundary_ns == pytest.approx(
                (it.recorder.interval + 1) * INTERVAL, abs=STEP_NS + 100_000
            )

    simulated(gains_ppb, test)


@SPEEDS
def test_a_phase_ends_where_the_session_s_clock_has_its_end(gains_ppb: int) -> None:
    def test(it: Simulated) -> None:
        it.pass_time(599 * SECOND)
        assert it.at(it.phase.end_ns) == pytest.approx(600 * SECOND, abs=STEP_NS + 500_000)
        assert it.phase.end_ns - it.phase.start_ns == 600 * SECOND

    simulated(gains_ppb, test)


@SPEEDS
def test_a_pause_is_as_long_as_on_the_session_s_clock(gains_ppb: int) -> None:
    def test(it: Simulated) -> None:
        it.pass_time(10 * SECOND)
        began_ns = it.now_ns
        it.phase.pause()
        it.pass_time(100 * SECOND)
        it.phase.resume()
        paused_ns = it.at(it.now_ns) - it.at(began_ns)
        it.pass_time(10 * SECOND)
        boundary_ns = it.at(it.recorder.boundary_ns) - paused_ns
        assert boundary_ns == pytest.approx(
            (it.recorder.interval + 1) * INTERVAL, abs=STEP_NS + 100_000
        )

    simulated(gains_ppb, test)


@SPEEDS
def test_arrivals_and_changes_of_load_stay_on_the_session_s_clock(gains_ppb: int) -> None:
    load = StagedLoad("rate", (Stage(50, 20 * SECOND), Stage(100, 580 * SECOND)))

    def test(it: Simulated) -> None:
        schedule = ArrivalSchedule(load, it.begin_ns, it.phase.end_ns)
        taken: list[int] = []

        def moved(by_ns: int) -> None:
            schedule.shift(by_ns, min(it.now_ns, schedule.next_ns or it.now_ns))

        for _ in range(500):
            it.pass_time(INTERVAL, moved)
            taken += schedule.take_due(it.now_ns)
        slow = [n * 20 * MS for n in range(1_000)]
        fast = [20 * SECOND + n * 10 * MS for n in range(len(taken) - 1_000)]
        off_ns = [it.at(at_ns) - meant for at_ns, meant in zip(taken, slow + fast, strict=True)]
        assert max(map(abs, off_ns)) <= STEP_NS + 50_000

    simulated(gains_ppb, test)


def test_a_better_map_is_followed_little_by_little() -> None:
    timeline = Timeline()
    timeline.map = ClockMap(0, AHEAD)
    pace = Pace(timeline, 0)
    assert pace.take_due(SECOND) == 0
    timeline.map = ClockMap(0, AHEAD + 3 * MS)
    moved = [pace.take_due(n * SECOND) for n in range(2, 7)]
    assert moved == [MS, MS, MS, 0, 0]


def test_without_a_map_nothing_is_moved() -> None:
    pace = Pace(Timeline(), 0)
    assert [pace.take_due(n * SECOND) for n in range(1, 100)] == [0] * 99


def test_a_map_that_comes_during_a_phase_does_not_move_what_was() -> None:
    timeline = Timeline()
    pace = Pace(timeline, 0)
    timeline.map = ClockMap(0, AHEAD, 100_000)
    assert pace.take_due(SECOND) == 0
    assert pace.take_due(2 * SECOND) == pytest.approx(100_000, abs=100)
