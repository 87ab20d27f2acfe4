"""Time limits for operations, watched from outside so that they cost the operations nothing.

`asyncio.timeout` around each would add some 3 us to what is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cortex_tui.isolation import asyncio
from cortex_tui.runner.phase import CANCEL_NS, ActivePhase
from cortex_tui.runner.timer import ArrivalTimer

_CHECK_SHARE = 50
"""Checking thousands of operations may take one in this number of parts of the loop's time."""


class Deadlines:
    """Cancels the operations of one phase whose time is up, and counts those as failures.

    One that could not be cancelled, because it blocked the loop or would not have it, counts as
    one all the same, when it ends.
    """

    def __init__(
        self,
        timeout_ns: int,
        phase: ActivePhase,
        timer: ArrivalTimer,
        starts: Callable[[], Iterable[tuple[int, int]]],
        record: Callable[..., None],
    ) -> None:
        """`starts` gives a key and the start of each operation under way, or 0 for none; `record`
        is given what `settle` is of those that have ended in time."""
        self.timeout_ns = timeout_ns
        self._phase = phase
        self._timer = timer
        self._starts = starts
        self._record = record
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._cancelled: set[asyncio.Task[None]] = set()

    def begin(self) -> None:
        self._timer.at(self._phase.clock() + self.timeout_ns, self._phase.guarded(self._check))

    def watch(self, key: int, task: asyncio.Task[None]) -> None:
        """The operation of that key runs in `task`."""
        self._tasks[key] = task

    def forget(self, key: int) -> None:
        self._cancelled.discard(self._tasks.pop(key))

    def settle(self, start_ns: int, end_ns: int, *more: int) -> None:
        """Records an operation that has returned: in time, or as a failure."""
        if end_ns - start_ns < self.timeout_ns:
            self._record(start_ns, end_ns, *more)
        else:
            self._take_back()
            self._phase.fail(self._late(None), start_ns, end_ns)

    def fail(self, error: BaseException, start_ns: int, end_ns: int) -> bool:
        """Counts a failed operation; see `ActivePhase.fail`."""
        return self._phase.fail(self._late(error) if self._take_back() else error, start_ns, end_ns)

    def _late(self, cause: BaseException | None) -> TimeoutError:
        error = TimeoutError(f"not finished after {self.timeout_ns / 1e9:g} s")
        error.__cause__ = cause
        return error

    def _take_back(self) -> bool:
        """Whether the caller's task had been cancelled; it has not, from now on."""
        task = asyncio.current_task()
        if task not in self._cancelled:
            return False
        self._cancelled.discard(task)
        task.uncancel()
        return True

    def _check(self) -> None:
        """Comes when the oldest operation may be overdue."""
        if self._phase.recorder.sealed:
            return
        now_ns = self._phase.clock()
        next_ns, overdue = now_ns + self.timeout_ns, []
        for key, start_ns in self._starts():
            due_ns = start_ns + self.timeout_ns
            if start_ns and due_ns > now_ns:
                next_ns = min(next_ns, due_ns)
            elif start_ns:
                overdue.append(self._tasks[key])
        took_ns = self._phase.clock() - now_ns
        for task in overdue:
            if task not in self._cancelled:
                self._cancelled.add(task)
                task.cancel()
        soonest_ns = now_ns + min(_CHECK_SHARE * took_ns, CANCEL_NS // 2)
        self._timer.at(max(next_ns, soonest_ns), self._phase.guarded(self._check))
