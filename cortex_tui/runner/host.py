"""A workload while it is set up: in a task of its own, from its set-up to its teardown.

What a workload does to its own task (a task group around its `yield` cancels it when a child dies)
then ends its run, with its own cause, and nobody else's. What set-up leaves behind in context
variables is the context in which operations run.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack

from cortex_tui.isolation import asyncio, own_task
from cortex_tui.loads.share import Share
from cortex_tui.profiles.model import Profile
from cortex_tui.runner.operations import Operations
from cortex_tui.workloads.api import Workload
from cortex_tui.workloads.operation import WorkloadError

TEARDOWN_S = 5.0
"""How long a teardown may take before it is given up."""


class WorkloadHost:
    """Sets a workload up, keeps it, and tears it down."""

    def __init__(self, profile: Profile, find: Callable[[], Workload], share: Share) -> None:
        """`find` loads the workload, in the host's task too."""
        loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[Operations] = loop.create_future()
        self._done = asyncio.Event()
        self._task = own_task(self._live(profile, find, share))
        self._failure: BaseException | None = None
        self.lost = asyncio.Event()
        """Set when the workload has ended although nobody asked for that."""

    async def opened(self) -> Operations:
        """What it yields, when it is set up; raises what setting it up raised."""
        await asyncio.wait((self._task, self._ready), return_when=asyncio.FIRST_COMPLETED)
        if self._ready.done():
            return self._ready.result()
        raise self._failure or asyncio.CancelledError

    def cancel(self) -> None:
        """Gives up setting it up."""
        if not self._ready.done():
            self._task.cancel()

    @property
    def failure(self) -> BaseException:
        """Why it was lost."""
        return self._failure or WorkloadError("it ended before its run had")

    async def close(self) -> None:
        """Tears it down; raises what that raises, and WorkloadError where it takes too long."""
        if self._task.done():
            return
        self._done.set()
        await asyncio.wait((self._task,), timeout=TEARDOWN_S)
        if not self._task.done():
            self._task.cancel()
            await asyncio.wait((self._task,), timeout=1.0)
            raise WorkloadError(f"teardown did not end within {TEARDOWN_S:.0f} s")
        if self._failure is not None:
            raise self._failure

    async def _live(self, profile: Profile, find: Callable[[], Workload], share: Share) -> None:
        # Nothing is raised out of the task: SystemExit would end the loop.
        try:
            async with AsyncExitStack() as stack:
                try:
                    found = await stack.enter_async_context(find().opened(profile.params))
                    operations = Operations(profile, found, share)
                    await operations.set_up(stack)
                except BaseException as error:
                    # What is set up by now is torn down like any other.
                    self._failure = error
                    return
                self._ready.set_result(operations)
                await self._done.wait()
        except BaseException as error:
            self._failure = self._failure or error
        finally:
            if not self._done.is_set():
                self.lost.set()
