"""A machine's clock over a simulated link: the machine's truth is known."""

from __future__ import annotations

import asyncio
import random
import time
import tracemalloc
from collections.abc import Callable, Coroutine

import pytest

from cortex_tui.placement.cluster import probing
from cortex_tui.placement.cluster.probing import LEAD_NS, LEAD_TRIPS, MAX_LEAD_NS, MachineClock
from cortex_tui.protocol.commands import Pause, Release, Request
from cortex_tui.protocol.messages import LogLine, Pulse
from cortex_tui.protocol.moments import ClockMap
from tests.patience import PATIENCE_S

MS = 1_000_000


class Machine:
    """Answers probes after a while, by a clock that is ahead and too fast."""

    def __init__(self, *, slow_s: float = 0.0) -> None:
        self.truth = ClockMap(time.perf_counter_ns(), 300 * MS, 100_000)
        self.slow_s = slow_s
        self.jumped: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.clock = MachineClock(self._asked, self.jumped.set_result)
        self._draw = random.Random(3)

    def now_ns(self) -> int:
        return self.truth.to_machine(time.perf_counter_ns())

    def _asked(self, probe: int) -> None:
        delay_s = self.slow_s + self._draw.random() / 1_000
        asyncio.get_running_loop().call_later(delay_s, self._answer, probe)

    def _answer(self, probe: int) -> None:
        received_ns = self.now_ns()
        asyncio.get_running_loop().call_soon(self.clock.answered, probe, received_ns, self.now_ns())


def run(test: Callable[[], Coroutine[None, None, None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), PATIENCE_S))


async def known(machine: Machine) -> None:
    keeping = asyncio.ensure_future(machine.clock.keep())
    await machine.clock.known
    keeping.cancel()


def off_ns(machine: Machine) -> int:
    """How wrong the map is now."""
    now_ns = time.perf_counter_ns()
    return abs(machine.clock.map.to_machine(now_ns) - machine.truth.to_machine(now_ns))


def test_probes_that_nobody_answers_take_the_same_after_any_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(probing, "APART_S", 0.0)
    sizes: dict[int, int] = {}

    async def test() -> None:
        enough = asyncio.Event()

        def ask(probe: int) -> None:
            if probe in (4_000, 16_000):
                sizes[probe] = tracemalloc.get_traced_memory()[0]
            if probe == 16_000:
                enough.set()

        asking = asyncio.ensure_future(MachineClock(ask).sharpen(-1, PATIENCE_S))
        tracemalloc.start()
        try:
            await enough.wait()
        finally:
            tracemalloc.stop()
            asking.cancel()

    run(test)
    assert sizes[16_000] < sizes[4_000] + 100_000


def test_a_clock_is_known_within_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "APART_S", 0.001)

    async def test() -> None:
        machine = Machine()
        assert machine.clock.bound_ns is None
        await known(machine)
        assert off_ns(machine) <= (machine.clock.bound_ns or 0)

    run(test)


def test_times_go_to_the_machine_and_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "APART_S", 0.001)

    async def test() -> None:
        machine = Machine()
        await known(machine)
        now_ns = time.perf_counter_ns()
        there_ns = machine.clock.map.to_machine(now_ns)
        assert abs(there_ns - now_ns - 300 * MS) < 100 * MS
        assert machine.clock.for_machine(Release("begin", now_ns)) == Release("begin", there_ns)
        assert machine.clock.for_machine(Request(1, Pause())) == Request(1, Pause())
        pulse, line = machine.clock.from_machine([Pulse(there_ns), LogLine(0, "stdout", "text")])
        assert isinstance(pulse, Pulse)
        assert abs(pulse.at_ns - now_ns) <= 1
        assert line == LogLine(0, "stdout", "text")

    run(test)


def test_whoever_watches_is_given_each_better_map(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "APART_S", 0.001)

    async def test() -> None:
        machine, maps = Machine(), list[ClockMap]()
        end = machine.clock.watch(maps.append)
        assert maps == [ClockMap()]
        await known(machine)
        assert len(maps) > 2
        assert maps[-1] == machine.clock.map
        end()
        end()
        seen = len(maps)
        await known(machine)
        assert len(maps) == seen

    run(test)


def test_a_clock_that_was_set_is_reported_and_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "APART_S", 0.001)

    async def test() -> None:
        machine = Machine()
        await known(machine)
        assert not machine.jumped.done()
        machine.truth = ClockMap(machine.truth.session_ns, 20_300 * MS, 100_000)
        keeping = asyncio.ensure_future(machine.clock.keep())
        assert await machine.jumped > 10_000 * MS
        assert off_ns(machine) <= (machine.clock.bound_ns or 0)
        keeping.cancel()

    run(test)


def test_the_lead_follows_the_longest_round_trip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "APART_S", 0.001)

    async def test() -> None:
        machine = Machine(slow_s=0.1)
        assert machine.clock.lead_ns == LEAD_NS
        await known(machine)
        assert machine.clock.lead_ns >= LEAD_TRIPS * 100 * MS
        assert machine.clock.lead_ns <= MAX_LEAD_NS

    run(test)


def test_an_answer_that_nobody_asked_for_counts_for_nothing() -> None:
    async def test() -> None:
        machine = Machine()
        for probe in range(100):
            machine.clock.answered(probe, 1, 2)
        assert machine.clock.bound_ns is None

    run(test)
