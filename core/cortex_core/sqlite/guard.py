"""Keeps an event loop from being closed under work that a thread still has."""

import asyncio
from collections.abc import Callable


class Guard:
    """A task that only waits, so that asyncio.run waits for it.

    Hops are driven by callbacks, which nobody awaits when a loop is torn down: the thread would
    report to a loop that is gone. asyncio.run cancels all tasks and waits for them. When this task
    is cancelled, it calls `give_up`, which drops what has not begun, and ends when the rest has
    ended. One task serves all hops until it is released; a task for each would cost each 4 µs.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, name: str, give_up: Callable[[], None]
    ) -> None:
        self._loop = loop
        self._name = name
        self._give_up = give_up
        self._under_way = 0
        self._released = False
        self._wake: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the task before anything begins: a task that is cancelled before its first step
        cannot wait for what is under way."""
        self._start_task()
        await asyncio.sleep(0)

    def begin(self) -> None:
        """Something is under way, until `end` is called for it."""
        self._under_way += 1
        self._start_task()

    def end(self) -> None:
        self._under_way -= 1
        if self._released:
            self._wake_if_idle()

    def release(self) -> None:
        """End as soon as nothing is under way."""
        self._released = True
        self._wake_if_idle()

    async def drained(self) -> None:
        """Return when nothing is under way any more and the task has ended."""
        self.release()
        while self._task is not None:
            await asyncio.wait([self._task])

    def _start_task(self) -> None:
        if self._task is None:
            self._task = self._loop.create_task(self._wait(), name=self._name)
            self._task.add_done_callback(self._ended)

    def _wake_if_idle(self) -> None:
        if not self._under_way and self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def _wait(self) -> None:
        cancelled: asyncio.CancelledError | None = None
        while self._under_way or not self._released:
            self._wake = self._loop.create_future()
            try:
                await self._wake
            except asyncio.CancelledError as error:
                cancelled = error
                self._released = True
                self._give_up()
        # From here on `begin` starts another task: this one will not check again.
        self._task = None
        if cancelled is not None:
            raise cancelled

    def _ended(self, task: asyncio.Task[None]) -> None:
        if self._task is task:
            # Cancelled before its first step: it cannot wait for anything.
            self._task = None
            self._give_up()
