"""Our own runs of the operations of known length, and looks into the runner while it measures."""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from typing import Any

from cortex_tui import workload
from cortex_tui.runner.handover import HandOver
from cortex_tui.runner.health import HealthMeter
from cortex_tui.runner.recorder import Recorder
from cortex_tui.runner.run import Run
from tests.performance import _overhead_subjects as subjects


@workload
async def known(kind: str, out: str) -> AsyncGenerator[object, None]:
    """An operation of known length; what it truly took goes into `out`."""
    operation = subjects.operation(kind)
    if kind == subjects.SHORTEST:
        before_ns = await subjects.in_bulk_awaited_ns(operation)
        yield operation
        subjects.keep(out, (before_ns + await subjects.in_bulk_awaited_ns(operation)) / 2)
    else:
        yield operation
        subjects.keep(out, subjects.recorded_ns())


async def noop() -> None:
    pass


async def doze() -> None:
    await asyncio.sleep(0.01)


@workload
async def sleep() -> AsyncGenerator[object, None]:
    """Half a second, more or less, so that thousands do not wake up at one moment for ever."""

    async def operation(i: int) -> None:
        await asyncio.sleep(0.4 + i % 101 / 500)

    yield operation


class Holds:
    """When the runner's own work blocked the measuring loop, and how long."""

    def __init__(self) -> None:
        self.at_ns = array("q")
        self.held_ns = array("q")
        self.worked_ns = array("q")
        """The processor time in them: a hold is longer where the system lent the core to others."""
        self._depth = 0

    def timed(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """The call, timed where it is not part of another that is."""

        def timing(*args: Any) -> Any:
            start_ns, worked_ns = time.perf_counter_ns(), time.thread_time_ns()
            self._depth += 1
            try:
                return call(*args)
            finally:
                self._depth -= 1
                if not self._depth:
                    self.at_ns.append(start_ns)
                    self.worked_ns.append(time.thread_time_ns() - worked_ns)
                    self.held_ns.append(time.perf_counter_ns() - start_ns)

        return timing

    def stepwise(self, call: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Any]:
        """A coroutine function, each of its steps between two suspensions timed."""

        def timing(*args: Any) -> _Steps:
            return _Steps(call(*args), self)

        return timing


class _Steps:
    def __init__(self, coroutine: Coroutine[Any, Any, Any], holds: Holds) -> None:
        self._coroutine = coroutine
        self._step = holds.timed(coroutine.send)

    def __await__(self) -> Generator[Any, Any, Any]:
        while True:
            try:
                awaited = self._step(None)
            except StopIteration as end:
                return end.value
            yield awaited


@workload
async def watched(out: str, spin_ns: int) -> AsyncGenerator[object, None]:
    """Times, in the runner itself, all that it does between operations: the hand-over of values
    with their encoding and sending, the look at operations under way, closing an interval, and the
    beat that looks after the loop."""
    holds, kept = Holds(), (HandOver._hand_on, Recorder._close, HealthMeter._beaten, Run.look)
    owners: tuple[Any, ...] = HandOver, Recorder, HealthMeter, Run
    HandOver._hand_on = holds.stepwise(kept[0])  # type: ignore[method-assign]
    Recorder._close = holds.timed(kept[1])  # type: ignore[method-assign]
    HealthMeter._beaten = holds.timed(kept[2])  # type: ignore[method-assign]
    Run.look = holds.timed(kept[3])  # type: ignore[method-assign]
    clock = time.perf_counter_ns

    async def operation() -> None:
        until_ns = clock() + spin_ns
        while clock() < until_ns:
            pass

    yield operation if spin_ns else noop
    for owner, function in zip(owners, kept, strict=True):
        setattr(owner, function.__name__, function)
    subjects.keep(
        out,
        {
            "at_ns": list(holds.at_ns),
            "held_ns": list(holds.held_ns),
            "worked_ns": list(holds.worked_ns),
        },
    )
