"""What wakes the arrivals of an open load, and what that does to the subject.

The subject is a point read through aiosqlite. The same runner code starts it on the same schedule,
woken by a timerfd (ours), by `asyncio.sleep`, and by turning the loop until the moment has come.

A whole session with its hand-over is measured, too: ten times a second the runner hands on what it
has recorded, and the first operation of each interval must not be slower for that than the others.

The goals are those of asyncio's own loop, which rounds sleeps up to whole milliseconds. uvloop's
figures are shown, too, without a goal: it rounds to the nearest millisecond, so that a sleep of
less than half of one does not sleep at all, and the loop turns until the moment has come.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from array import array
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

import aiosqlite
import numpy as np

from cortex_tui.loads.open import OpenLoad
from cortex_tui.loads.share import WHOLE
from cortex_tui.profiles.model import Length, Profile
from cortex_tui.protocol.messages import Health, Message, Samples
from cortex_tui.protocol.plan import LoopName, RunPlan, SessionPlan
from cortex_tui.runner.health import HealthReport
from cortex_tui.runner.loops import LoopTurns
from cortex_tui.runner.operations import Operations
from cortex_tui.runner.run import Run
from cortex_tui.runner.serving import new_event_loop
from cortex_tui.runner.session import Session
from cortex_tui.runner.timer import ArrivalTimer
from cortex_tui.workloads.operation import Operation
from tests.performance._measure import Measurements
from tests.performance._reads import READS

ROWS = 1_000


class SleepTimer(ArrivalTimer):
    """Sleeps until the next arrival, as a hand-written load generator does."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def at(self, when_ns: int, callback: Callable[[], None], *, precise: bool = False) -> None:
        task = asyncio.get_running_loop().create_task(self._wait(when_ns, callback))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _wait(self, when_ns: int, callback: Callable[[], None]) -> None:
        await asyncio.sleep((when_ns - time.perf_counter_ns()) / 1e9)
        callback()

    def close(self) -> None:
        pass


class TurningTimer(SleepTimer):
    """Turns the loop until the moment has come."""

    async def _wait(self, when_ns: int, callback: Callable[[], None]) -> None:
        while time.perf_counter_ns() < when_ns:  # noqa: ASYNC110
            await asyncio.sleep(0)
        callback()


TIMERS: dict[str, type[ArrivalTimer]] = {
    "timerfd": ArrivalTimer,
    "sleep": SleepTimer,
    "turning": TurningTimer,
}


class Round(NamedTuple):
    lateness_p50_ns: float
    lateness_p99_ns: float
    service_p99_ns: float


async def measure(timer_type: type[ArrivalTimer], rate_per_s: float, seconds: float) -> Round:
    with tempfile.TemporaryDirectory() as folder:
        async with aiosqlite.connect(Path(folder) / "subject.db") as connection:
            await connection.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, text TEXT)")
            await connection.executemany(
                "INSERT INTO item VALUES (?, ?)", [(i, f"item {i}") for i in range(ROWS)]
            )
            await connection.commit()

            async def read(i: int) -> None:
                rows = await connection.execute_fetchall(
                    "SELECT text FROM item WHERE id = ?", (i % ROWS,)
                )
                assert list(rows)

            return await drive(Operation(read, True, True), timer_type, rate_per_s, seconds)


async def drive(
    operation: Operation, timer_type: type[ArrivalTimer], rate_per_s: float, seconds: float
) -> Round:
    loop = asyncio.get_running_loop()
    timer = timer_type(loop)
    profile = Profile(
        suite="performance",
        name="arrivals",
        workload="none:none",
        load=OpenLoad(rate_per_s=rate_per_s),
        warmup=Length(duration_ns=200_000_000),
        stop=Length(duration_ns=round(seconds * 1e9)),
    )
    # One interval as long as the run: nothing is handed on meanwhile.
    run = Run(RunPlan(0, profile), turns=LoopTurns(loop), timer=timer, interval_ns=1 << 50)
    operations = Operations(profile, operation, WHOLE)
    try:
        run.change(run.life.to("setup").to("set_up"))
        await run.warm_up(operations, time.perf_counter_ns())
        run.finish_samples(0, HealthReport(Health()))
        run.change(run.life.to("warm").to("measure"))
        await run.measure(operations, time.perf_counter_ns())
        messages = run.finish_samples(0, HealthReport(Health()))
    finally:
        timer.close()
    samples = [message for message in messages if isinstance(message, Samples)]
    service = np.array([v for s in samples for v in array("q", s.service)])
    lateness = np.array([v for s in samples for v in array("q", s.lateness)])
    assert len(service) == round(rate_per_s * seconds)
    return Round(
        float(np.percentile(lateness, 50)),
        float(np.percentile(lateness, 99)),
        float(np.percentile(service, 99)),
    )


def by_place_ns(rate_per_s: float, seconds: float) -> list[float]:
    """The median service time of the first operation of each interval, the second, and so on."""
    batches: list[Samples] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "first.py").write_text(READS)
        profile = Profile(
            suite="performance",
            name="first",
            workload="first:read",
            source=str(folder / "suite.toml"),
            params={"rows": ROWS},
            load=OpenLoad(rate_per_s=rate_per_s),
            warmup=Length(duration_ns=200_000_000),
            stop=Length(duration_ns=round(seconds * 1e9)),
        )
        plan = SessionPlan(session="first", runs=(RunPlan(0, profile),), scratch=name, cache=name)

        def emit(messages: list[Message]) -> None:
            batches.extend(m for m in messages if isinstance(m, Samples) and m.phase == "measure")

        async def session() -> None:
            await Session(plan, emit).run()

        with contextlib.chdir(folder):
            asyncio.run(session())
    services = [array("q", batch.service) for batch in batches]
    whole = [each for each in services if len(each) == round(rate_per_s * plan.interval_ns / 1e9)]
    return [median(values) for values in zip(*whole, strict=True)]


def main() -> None:
    measurements = Measurements("How exactly arrivals start, and what the timer costs the subject.")
    rounds = measurements.rounds(quick=4, full=15)
    seconds = 0.4 if measurements.quick else 2.0
    loops: tuple[LoopName, ...] = ("asyncio", "uvloop")
    for rate_per_s in (500.0, 5_000.0):
        for loop_name in loops:
            medians = measure_timers(loop_name, rate_per_s, seconds, rounds)
            report(measurements, f"at {rate_per_s:,.0f}/s on {loop_name}", medians)
    rate_per_s = 500.0
    first_ns, *others_ns = by_place_ns(rate_per_s, 4.0 if measurements.quick else 20.0)
    measurements.ratio(
        f"service p50 at {rate_per_s:,.0f}/s: the first of each interval against the others",
        first_ns, median(others_ns), unit="ns", goal=1.2,
    )  # fmt: skip
    measurements.exit()


def measure_timers(
    loop_name: LoopName, rate_per_s: float, seconds: float, rounds: int
) -> dict[str, Round]:
    taken: dict[str, list[Round]] = {name: [] for name in TIMERS}
    for _ in range(rounds):
        for name, timer_type in TIMERS.items():
            with asyncio.Runner(loop_factory=new_event_loop(loop_name)) as runner:
                taken[name].append(runner.run(measure(timer_type, rate_per_s, seconds)))
    return {
        name: Round(*(median(values) for values in zip(*of, strict=True)))
        for name, of in taken.items()
    }


def report(measurements: Measurements, at: str, medians: dict[str, Round]) -> None:
    ours, sleep, turning = medians["timerfd"], medians["sleep"], medians["turning"]
    lateness = f"lateness p50 {at}: timerfd against asyncio.sleep"
    service = f"service p99 {at}: timerfd against asyncio.sleep"
    if "asyncio" in at.split():
        better = sleep.lateness_p50_ns / ours.lateness_p50_ns
        measurements.line(
            lateness, ours.lateness_p50_ns, sleep.lateness_p50_ns, better, 8.0,
            met=better >= 8.0, unit="ns",
        )  # fmt: skip
        cost = ours.service_p99_ns / sleep.service_p99_ns
        measurements.line(
            service, ours.service_p99_ns, sleep.service_p99_ns, cost, 1.2,
            met=cost <= 1.2, unit="ns",
        )  # fmt: skip
    else:
        measurements.show(lateness, ours.lateness_p50_ns, sleep.lateness_p50_ns, unit="ns")
        measurements.show(service, ours.service_p99_ns, sleep.service_p99_ns, unit="ns")
    for what, left, right in (
        ("lateness p50", ours.lateness_p50_ns, turning.lateness_p50_ns),
        ("lateness p99", ours.lateness_p99_ns, turning.lateness_p99_ns),
        ("service p99", ours.service_p99_ns, turning.service_p99_ns),
    ):
        measurements.show(f"{what} {at}: timerfd against turning the loop", left, right, unit="ns")


if __name__ == "__main__":
    main()
