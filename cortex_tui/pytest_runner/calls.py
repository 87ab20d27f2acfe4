"""How the calls of a test are timed: one after the other, in rounds, or by a timer of its own."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from itertools import count, islice
from typing import Any, TypeVar

from cortex_tui.isolation import asyncio
from cortex_tui.pytest_runner.measuring import Phase, Turn, Work, no_turn
from cortex_tui.runner.clock import CLOCK
from cortex_tui.runner.loops import closed_worker
from cortex_tui.workloads.operation import Operation

T = TypeVar("T")

Arguments = tuple[tuple[Any, ...], dict[str, Any]]


def calls_of(operation: Operation, turn: Turn, at_most: int | None = None) -> Work:
    """One call after the other, no more than `at_most`, timed by the loop of every workload."""

    def work(phase: Phase) -> Coroutine[Any, Any, None]:
        recorder = phase.recorder
        indices: Iterator[int] = count() if at_most is None else islice(count(), at_most)
        worker = closed_worker(operation, batched=recorder.batch > 1)
        return worker(
            0, operation.function, indices, phase.starts, phase.limits, CLOCK.read_ns, recorder,
            phase.settle, phase.fail, phase.checkpoint, turn,
        )  # fmt: skip

    return work


class Rounds:
    """The rounds of `pedantic`."""

    def __init__(
        self,
        target: Callable[..., Any],
        arguments: Callable[[], Arguments],
        teardown: Callable[..., Any] | None,
        iterations: int,
        timer: Callable[[], float] | None,
        *,
        awaits: bool,
    ) -> None:
        """`timer` gives seconds; None for our own clock."""
        self.iterations = iterations
        self._now_ns = CLOCK.read_ns if timer is None else _in_ns(timer)
        self.result: Any = None
        self._target = target
        self._arguments = arguments
        self._teardown = teardown
        self._awaits = awaits

    def work(self, rounds: int) -> Work:
        async def work(phase: Phase) -> None:
            for _ in range(rounds):
                if not phase.checkpoint(0, CLOCK.read_ns()):
                    return
                phase.settle(*await self._timed())

        return work

    async def once(self) -> Any:
        """A call that nobody times."""
        args, kwargs = self._arguments()
        result = self._target(*args, **kwargs)
        if self._awaits:
            result = await result
        if self._teardown is not None:
            self._teardown(*args, **kwargs)
        return result

    async def _timed(self) -> tuple[int, int]:
        args, kwargs = self._arguments()
        target, clock, calls = self._target, self._now_ns, range(self.iterations)
        start_ns = clock()
        if self._awaits:
            for _ in calls:
                result = await target(*args, **kwargs)
        else:
            for _ in calls:
                result = target(*args, **kwargs)
        end_ns = clock()
        ended_ns = CLOCK.read_ns()
        self.result = result
        if self._teardown is not None:
            self._teardown(*args, **kwargs)
        return ended_ns - (end_ns - start_ns), ended_ns


def by_timer(
    timer: Callable[[], float], call: Callable[[], Any], turn: Turn, *, awaits: bool
) -> Work:
    """Calls that are timed by a timer of the user's, which gives seconds."""
    clock = _in_ns(timer)

    async def work(phase: Phase) -> None:
        while phase.checkpoint(0, CLOCK.read_ns()):
            start_ns = clock()
            if awaits:
                await call()
            else:
                call()
            took_ns = clock() - start_ns
            end_ns = CLOCK.read_ns()
            phase.settle(end_ns - took_ns, end_ns)
            await turn()

    return work


def _in_ns(timer: Callable[[], float]) -> Callable[[], int]:
    return lambda: round(timer() * 1e9)


def current_turn() -> Turn:
    """How a test on asyncio lets others have the loop; other event loops are left alone."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return no_turn

    async def turn() -> None:
        await asyncio.sleep(0)

    return turn


def finished(coroutine: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns that awaits nothing: the same code measures async functions and
    others."""
    __tracebackhide__ = True
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
    raise RuntimeError("a function that is not async suspended")
