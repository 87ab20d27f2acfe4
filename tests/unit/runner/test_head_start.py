"""Arrivals that are made ready before their moment, in simulated time."""

from __future__ import annotations

import asyncio
import heapq
import random
from array import array
from collections.abc import Awaitable, Callable
from itertools import count
from statistics import median

import pytest

from cortex_tui.loads.open import OpenLoad
from cortex_tui.loads.port import Load
from cortex_tui.loads.share import WHOLE
from cortex_tui.loads.staged import Stage, StagedLoad
from cortex_tui.profiles.model import Length, Profile
from cortex_tui.runner.clock import CLOCK, NEVER_NS
from cortex_tui.runner.driver import Driver, DriverTask, make_driver
from cortex_tui.runner.loops import LoopTurns
from cortex_tui.runner.operations import Operations
from cortex_tui.runner.phase import ActivePhase
from cortex_tui.runner.recorder import Recorder
from cortex_tui.runner.timer import ArrivalTimer, HeadStart
from cortex_tui.workloads.operation import Operation

US = 1_000
MS = 1_000_000
SECOND = 1_000 * MS


class Machine(ArrivalTimer):
    """Whose timer wakes the loop 20 to 50 us late, or at the very moment of a precise arrival, and
    on which a callback takes 8 us."""

    def __init__(self) -> None:
        self.head_start = HeadStart()
        self.now_ns = 0
        self._alarms: list[tuple[int, int, int, Callable[[], None]]] = []
        self._number = count()
        self._rng = random.Random(1)

    def read_ns(self) -> int:
        self.now_ns += 100
        return self.now_ns

    def at(self, when_ns: int, callback: Callable[[], None], *, precise: bool = False) -> None:
        late_ns = 0 if precise else self._rng.randint(20 * US, 50 * US)
        heapq.heappush(self._alarms, (when_ns, next(self._number), late_ns, callback))

    def pass_time(self, lasts_ns: int) -> None:
        self.now_ns += lasts_ns

    async def run(self, until_ns: int) -> None:
        alarms = self._alarms
        while self.now_ns < until_ns:
            if alarms and alarms[0][0] > self.now_ns:
                self.now_ns = alarms[0][0] + alarms[0][2]
            while alarms and alarms[0][0] <= self.now_ns:
                heapq.heappop(alarms)[3]()
            self.pass_time(8 * US)
            for _ in range(4):
                await asyncio.sleep(0)


class Driven:
    """A load that starts an operation, given its index, on such a machine."""

    def __init__(
        self, load: Load, operation: Callable[[int], Awaitable[None]], phase_ns: int = NEVER_NS
    ) -> None:
        self.machine = Machine()
        self.recorder = Recorder(0, "measure", 0, NEVER_NS)
        self.phase = ActivePhase("measure", self.recorder, 0, phase_ns)
        self.phase.clock = self.machine.read_ns
        profile = Profile(
            suite="simulated",
            name="arrivals",
            workload="none:none",
            load=load,
            stop=Length(duration_ns=phase_ns),
        )
        self.driver: Driver = make_driver(
            DriverTask(
                load=load,
                share=WHOLE,
                phase=self.phase,
                operations=Operations(profile, Operation(operation, True, True), WHOLE),
                indices=count(),
                iterations=None,
                seed=1,
                timeout_ns=None,
                turns=LoopTurns(asyncio.get_running_loop()),
                timer=self.machine,
            )
        )

    async def run(self, until_ns: int) -> array[int]:
        """How late the operations began that have ended well by then."""
        self.driver.begin()
        await self.machine.run(until_ns)
        late_ns = array("q", self.recorder.lateness_ns)
        await self.driver.finish()
        self.phase.cut()
        await asyncio.gather(*self.phase.tasks, return_exceptions=True)
        return late_ns

    async def wake_at(self, when_ns: int) -> None:
        """Suspends an operation."""
        reached = asyncio.Event()
        self.machine.at(when_ns, reached.set)
        await reached.wait()


async def test_nothing_far_ahead_is_made_ready_behind_a_crowd() -> None:
    """As many as one turn may start were due at once, and the next is half a second away: for that
    time the loop belongs to others."""
    seen: list[object] = []

    async def operation(i: int) -> None:
        if i == 0:
            held_ns = 300 * MS
            asyncio.get_running_loop().call_soon(it.machine.pass_time, held_ns)
        if i == 1_000:
            it.machine.at(it.machine.now_ns + 20 * MS, lambda: seen.append("another"))
        if i >= 1_000:
            seen.append(i)

    stages = (Stage(20, 50 * MS), Stage(0, 50 * MS), Stage(5_000, 200 * MS))
    load = StagedLoad("rate", (*stages, Stage(0, 500 * MS), Stage(1_000, 2 * MS)))
    it = Driven(load, operation, SECOND)
    await it.run(900 * MS)
    assert seen == [1_000, "another", 1_001, 1_002]


@pytest.mark.parametrize("precise", [False, True])
async def test_an_arrival_has_the_place_that_is_free_at_its_moment(precise: bool) -> None:
    """The operation before it ends while it could be made ready already."""

    async def operation(i: int) -> None:
        await it.wake_at((i + 1) * MS - 60 * US)

    it = Driven(OpenLoad(rate_per_s=1_000.0, max_in_flight=1, precise=precise), operation)
    assert len(await it.run(500 * MS)) >= 499
    assert it.recorder.unstarted == 0


@pytest.mark.parametrize("kind", ["fails", "overlaps", "adjusts"])
async def test_arrivals_keep_their_head_start_whatever_the_operations_do(kind: str) -> None:
    """The way to an operation takes 28 to 58 us here: without a head start each is as late."""

    async def operation(i: int) -> None:
        if kind == "fails" and i % 50:
            raise ValueError("it fails, and is no sign of how late arrivals are")
        if kind == "overlaps":
            await it.wake_at(it.machine.now_ns + MS)
        if kind == "adjusts":
            it.driver.put_off(0, it.machine.now_ns)

    poisson = OpenLoad(rate_per_s=5_000.0, arrivals="poisson")
    it = Driven(poisson if kind == "overlaps" else OpenLoad(rate_per_s=1_000.0), operation)
    assert median(await it.run(2 * SECOND)) < 25 * US


async def test_precise_arrivals_begin_at_their_moment() -> None:
    """Where others are late by the way from the timer to the operation, or by a part of it."""

    async def operation(i: int) -> None:
        pass

    late_ns: dict[bool, int] = {}
    for precise in (False, True):
        it = Driven(OpenLoad(rate_per_s=1_000.0, precise=precise), operation)
        late = await it.run(SECOND)
        assert min(late) >= 0
        late_ns[precise] = int(median(late))
    assert late_ns[True] <= 100  # as long as it takes to read the clock there
    assert late_ns[False] > 50 * late_ns[True]


@pytest.mark.parametrize("reading_ns", [50, 2 * US])
async def test_who_waits_with_a_slow_clock_is_not_late(
    monkeypatch: pytest.MonkeyPatch, reading_ns: int
) -> None:
    """Or the timer would be set ever earlier, and nearly all arrivals wait."""
    monkeypatch.setattr(CLOCK, "read_ns", count(0, reading_ns).__next__)
    timer = ArrivalTimer(asyncio.get_running_loop())
    head_start = timer.head_start
    timer.close()
    if head_start is None:
        pytest.skip("this system has no timer that is exact enough")
    before_ns = head_start.ns
    head_start.learn(3 * US)
    assert (head_start.ns < before_ns) is (reading_ns == 2 * US)
