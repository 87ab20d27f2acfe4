"""A phase of a run while it is under way: its clock, its end, its tasks."""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Literal, ParamSpec, TypeVar

from cortex_tui.isolation import asyncio, own_task
from cortex_tui.runner.clock import CLOCK, NEVER_NS
from cortex_tui.runner.recorder import Recorder
from cortex_tui.runner.timeline import Pace, Timeline
from cortex_tui.workloads.failures import describe_error
from cortex_tui.workloads.operation import WorkloadError

DRAIN_NS = 5_000_000_000
"""How long operations in flight are awaited at the end of a phase, where they have no timeout."""
CANCEL_NS = 100_000_000
"""How much longer than their timeout, so that it takes effect on the youngest of them."""

STALL_NS = 30_000_000_000
"""A warm-up by a number of operations is over when none of them has ended for so long."""
MEASURE_STALL_NS = 600_000_000_000
"""The same of measure, where operations have no timeout."""
_LAST_NS = 100_000_000
"""How long before its end a phase waits for exactly that."""

P = ParamSpec("P")
T = TypeVar("T")


class ActivePhase:
    """Warm-up or measure. All times are of the measuring clock; a pause moves those to come."""

    def __init__(
        self,
        name: Literal["warmup", "measure"],
        recorder: Recorder,
        start_ns: int,
        end_ns: int = NEVER_NS,
        timeout_ns: int | None = None,
        context: contextvars.Context | None = None,
        timeline: Timeline | None = None,
    ) -> None:
        self.name: Literal["warmup", "measure"] = name
        self.recorder = recorder
        self.start_ns = start_ns
        self.end_ns = end_ns
        self.over = asyncio.Event()
        """Set when nothing new is to be started, before `end_ns` or in its place."""
        self.resumed = asyncio.Event()
        self.resumed.set()
        self.broken: BaseException | None = None
        """What ended the phase that was not the workload's own failure."""
        self.stalled = False
        """Whether it is over because no operation has ended for too long."""
        self.tasks: set[asyncio.Task[None]] = set()
        self.last_ended_ns = start_ns
        """When the last task ended whose operations count."""
        self._context = context or contextvars.copy_context()
        self.clock: Callable[[], int] = CLOCK.read_ns
        self.drain_ns = DRAIN_NS if timeout_ns is None else timeout_ns + CANCEL_NS
        self._abandoned = asyncio.Event()
        self._ended_all: asyncio.Future[None] | None = None
        """Who waits for the next moment at which all tasks have ended."""
        self._paused_ns: int | None = None
        self._pace = Pace(timeline or Timeline(), start_ns)

    @property
    def paused(self) -> bool:
        return self._paused_ns is not None

    @property
    def abandoned(self) -> bool:
        """Whether what is in flight is not waited for any longer."""
        return self._abandoned.is_set()

    def now_ns(self) -> int:
        """The moment on this phase's clock, which stands still while it is paused."""
        return self.clock() if self._paused_ns is None else self._paused_ns

    def spawn(
        self, coroutine: Coroutine[Any, Any, None], ended: Callable[[], None]
    ) -> asyncio.Task[None]:
        """Runs a worker or an arrival as a task; `ended` is called when it is done."""
        context = self._context.copy()
        task = own_task(coroutine, context=context)
        self.tasks.add(task)

        def done(task: asyncio.Task[None]) -> None:
            self.tasks.discard(task)
            if self._ended_all is not None and not self.tasks:
                wake(self._ended_all)
            if not self.recorder.sealed:
                self.last_ended_ns = self.clock()
            error = None if task.cancelled() else task.exception()
            if error is not None and self.broken is None and not self.recorder.sealed:
                self.broken = error
                self.over.set()
            ended()

        task.add_done_callback(done)
        return task

    def fail(self, error: BaseException, start_ns: int, end_ns: int) -> bool:
        """Counts a failed operation; False for what is no failure of the operation."""
        if isinstance(error, WorkloadError | GeneratorExit) or self.recorder.sealed:
            return False
        task = asyncio.current_task()
        while task is not None and task.cancelling():
            # Only the workload can have cancelled a task of a phase that has not ended.
            task.uncancel()
        self.recorder.reach(end_ns)
        self.recorder.fail(error, end_ns - start_ns)
        return True

    def guarded(self, action: Callable[[], None]) -> Callable[[], None]:
        """The action, for a timer that others use, too: an error of it ends this phase alone."""

        def guarded_action() -> None:
            try:
                action()
            except Exception as error:
                self.broken = self.broken or error
                self.over.set()

        return guarded_action

    def moment_of(self, at_ns: int | None) -> int:
        """When something is done that was to be done at `at_ns`: then, although it is later by now,
        as for all others that do it, too. None is now. A paused phase has no other moment."""
        if self._paused_ns is not None:
            return self._paused_ns
        now_ns = self.clock()
        return now_ns if at_ns is None else max(self.start_ns, min(at_ns, now_ns))

    def end(self, at_ns: int | None = None) -> None:
        """Starts nothing new; what is in flight is awaited."""
        self.end_ns = min(self.end_ns, self.moment_of(at_ns))
        self.recorder.end_window(self.end_ns)
        self.over.set()
        self.resumed.set()

    def abandon(self) -> None:
        """Does not wait for what is in flight any longer."""
        self._abandoned.set()

    def pause(self, at_ns: int | None = None) -> None:
        """Stops the clock. Operations in flight continue, and count."""
        self._paused_ns = self.moment_of(at_ns)
        self.recorder.pause(self._paused_ns)
        self.resumed.clear()

    def resume(self, at_ns: int | None = None) -> int:
        """Starts the clock again; returns for how long it was stopped."""
        if self._paused_ns is None:
            return 0
        resumed_ns = self.clock() if at_ns is None else max(self._paused_ns, at_ns)
        by_ns = resumed_ns - self._paused_ns
        self._pace.skip(self._paused_ns, resumed_ns)
        self._paused_ns = None
        self.recorder.resume(resumed_ns)
        self._put_off(by_ns)
        self.resumed.set()
        return by_ns

    def keep_pace(self) -> int:
        """Moves the moments to come to where the session's clock has them; by how many ns. To be
        called about ten times a second."""
        now_ns = self.clock()
        if self.paused or self.over.is_set() or now_ns >= self.end_ns:
            return 0
        by_ns = self._pace.take_due(now_ns)
        if by_ns:
            self.recorder.shift(by_ns)
            self._put_off(by_ns)
        return by_ns

    def _put_off(self, by_ns: int) -> None:
        self.start_ns += by_ns
        if self.end_ns != NEVER_NS:
            self.end_ns += by_ns

    async def until_over(self, stall_ns: int | None = None) -> None:
        """Waits for the end of the phase, by its clock or because something ended it earlier.

        With `stall_ns` it is over, too, when no operation has ended for that long, and `stalled`.
        """
        ended, since_ns = -1, self.clock()
        while not self.over.is_set():
            if self.paused:
                await self.resumed.wait()
                since_ns = self.clock()
                continue
            wait_ns = self.end_ns - self.clock()
            if stall_ns is not None:
                if self.recorder.ended != ended:
                    ended, since_ns = self.recorder.ended, self.clock()
                left_ns = since_ns + stall_ns - self.clock()
                self.stalled = left_ns <= 0 < wait_ns
                wait_ns = min(wait_ns, left_ns)
            if wait_ns <= 0:
                return
            if wait_ns > _LAST_NS:
                # The end may come a little earlier (`keep_pace`).
                wait_ns -= wait_ns // 100
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(wait_ns / 1e9, 3600.0 if stall_ns is None else 1.0)):
                    await self.over.wait()

    async def until_ended(self) -> None:
        """Waits until all tasks have ended, those of the next arrival if there are none now. One
        may wait at a time."""
        self._ended_all = asyncio.get_running_loop().create_future()
        try:
            await self._ended_all
        finally:
            self._ended_all = None

    async def drain(self, started: Callable[[], Iterable[int]]) -> tuple[int, ...]:
        """Awaits what is in flight, for a time; the ages in ns of what has not ended then.

        `started` returns when the operations under way began.
        """
        if self.tasks and self.broken is None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.drain_ns / 1e9):
                    await _either(self._idle(), self._abandoned.wait())
        now_ns = self.clock()
        unfinished_ns = sorted((now_ns - since for since in started()), reverse=True)
        self.cut()
        if self.tasks:
            # A task may swallow its cancellation; the session does not wait for it for ever.
            await asyncio.wait(set(self.tasks), timeout=1.0)
        return tuple(unfinished_ns)

    def cut(self) -> None:
        """Ends what is in flight, too; nothing of that counts any more."""
        self.over.set()
        self.recorder.seal()
        for task in self.tasks:
            task.cancel()

    async def _idle(self) -> None:
        while self.tasks and self.broken is None:
            await asyncio.wait(self.tasks, return_when=asyncio.FIRST_EXCEPTION)


def wake(waiter: asyncio.Future[None]) -> None:
    """Ends the waiting for it, if it has not ended yet."""
    if not waiter.done():
        waiter.set_result(None)


async def contained(
    function: Callable[P, Coroutine[Any, Any, T]], *args: P.args, **kwargs: P.kwargs
) -> T:
    """What the function returns; what would end the whole process is an error of the workload.

    For whatever runs a workload's code in a task of its own: asyncio lets these two out of tasks.
    The function is called here, so that a task which is cancelled before it begins leaves no
    coroutine behind that nobody awaits.
    """
    try:
        return await function(*args, **kwargs)
    except (SystemExit, KeyboardInterrupt) as error:
        raise WorkloadError(describe_error(error)) from error


async def _either(*waiting: Coroutine[Any, Any, object]) -> None:
    """Waits for the first of some coroutines; the others are cancelled."""
    tasks = [own_task(coroutine) for coroutine in waiting]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
