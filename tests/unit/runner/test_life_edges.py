"""Moments at which a run is between two states."""

from __future__ import annotations

import asyncio

import pytest

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.profiles.model import Length
from cortex_tui.protocol.commands import Stop
from cortex_tui.protocol.messages import Samples, StateChanged
from cortex_tui.runner.session import Session
from tests.unit.runner.bench import NOOP, Bench, Event

HANGING = """
@workload
async def hanging():
    async def operation(i):
        if i == 3:
            await asyncio.Event().wait()
        await asyncio.sleep(0)
    yield operation

async def neighbour():
    await asyncio.sleep(0)
"""


LOST = """
@workload
async def lost():
    reached = asyncio.Event()

    async def connection():
        await reached.wait()
        raise ConnectionError("connection lost")

    async def operation(i):
        if i == 3:
            reached.set()
        await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        group.create_task(connection())
        yield operation

async def neighbour():
    await asyncio.sleep(0.001)
"""
"""Its task group ends it when its fourth operation begins."""


@pytest.mark.parametrize("workers", [1, 2])
async def test_an_operation_that_hangs_in_warm_up_does_not_hold_the_others(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    monkeypatch.setattr("cortex_tui.runner.run.STALL_NS", 20_000_000)
    monkeypatch.setattr("cortex_tui.runner.phase.DRAIN_NS", 20_000_000)
    bench.write(HANGING)
    warmup = Length(iterations=10)
    recorded = await bench.run(
        bench.profile("hanging", warmup=warmup, load=ClosedLoad(workers)),
        bench.profile("neighbour", warmup=warmup),
    )
    assert [recorded.finished(run).state for run in (0, 1)] == ["finished", "finished"]
    assert len(recorded.values("service", 1)) == 50
    (warning,) = recorded.finished(0).warnings
    assert warning.startswith(
        "warm-up: 1 operation had not ended and was cancelled, the oldest after"
    )
    assert not recorded.finished(1).warnings


async def test_a_stop_before_the_first_operation_of_a_calibration(bench: Bench) -> None:
    bench.write(NOOP)

    def stop(session: Session, message: Event) -> None:
        if isinstance(message, StateChanged) and message.life.stage == "warmup":
            # Behind this, the task that calibrates is made, and then cancelled as it begins.
            asyncio.get_running_loop().call_soon(session.execute, Stop())

    recorded = await bench.run(bench.profile("noop", batch=0), on_message=stop)
    assert recorded.finished().state == "stopped"
    assert not recorded.finished().warnings


async def test_nothing_is_recorded_of_a_run_that_has_failed_in_warm_up(bench: Bench) -> None:
    bench.write(LOST)
    recorded = await bench.run(
        bench.profile("lost", warmup=Length(duration_ns=3_600_000_000_000)),
        bench.profile("neighbour", warmup=Length(iterations=5)),
        interval_ns=1_000_000,
    )
    own = [m for m in recorded.messages if isinstance(m, Samples | StateChanged) and m.run == 0]
    over = [isinstance(m, StateChanged) and m.life.is_over for m in own].index(True)
    assert not [m for m in own[over:] if isinstance(m, Samples)]
    assert recorded.finished(0).reason.startswith("warmup: ")
    assert "ConnectionError: connection lost" in recorded.finished(0).reason
    assert recorded.finished(1).state == "finished"


async def test_what_was_measured_before_a_run_failed_is_kept_with_its_time(bench: Bench) -> None:
    bench.write(LOST)
    recorded = await bench.run(
        bench.profile("lost", stop=Length(duration_ns=3_600_000_000_000)),
        bench.profile("neighbour"),
    )
    failed = recorded.finished(0)
    assert failed.reason.startswith("measure: ")
    assert recorded.values("service", 0)
    all_ns = recorded.began_ns("teardown", 0) - recorded.began_ns("measure", 0)
    assert sum(recorded.values("service", 0)) <= failed.measured_ns <= all_ns
    assert len(recorded.values("service", 1)) == 50
