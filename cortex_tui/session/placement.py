"""Where a session runs: behind one small interface, so that placements are interchangeable.

A placement opens a plan as a stream: batches of messages come out, commands go in. All of it
happens on the intake's loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, redirect_stdout
from typing import Literal, Protocol

from cortex_tui.protocol import (
    Command,
    LogLine,
    Message,
    RunnerDied,
    SessionFinished,
    SessionPlan,
)
from cortex_tui.runner.session import Session

PlacementName = Literal["process", "in-process"]

Deliver = Callable[[list[Message]], None]


class Stream:
    """One session under way: an async iterator of batches that ends with the session.

    Whatever becomes of the runner, the last message is a SessionFinished or a RunnerDied.
    """

    def __init__(self, send: Callable[[Command], None], kill: Callable[[str], None]) -> None:
        """`send` delivers a command; `kill` ends the session at once and tells the reason."""
        self.send = send
        self.kill = kill
        self._batches: asyncio.Queue[list[Message]] = asyncio.Queue()

    def deliver(self, batch: list[Message]) -> None:
        """Puts a batch in; to be called on the intake's loop."""
        self._batches.put_nowait(batch)

    async def __aiter__(self) -> AsyncIterator[list[Message]]:
        while True:
            batch = await self._batches.get()
            yield batch
            if any(isinstance(message, SessionFinished | RunnerDied) for message in batch):
                return


class Placement(Protocol):
    """Opens sessions, one after the other."""

    @property
    def name(self) -> PlacementName: ...

    def open(self, plan: SessionPlan) -> AbstractAsyncContextManager[Stream]:
        """Starts the plan; leaving the context leaves nothing of the session behind."""

    def prepare(self) -> None:
        """Makes ready for the next session, where that saves time; not to be called during one."""

    async def aclose(self) -> None:
        """Gives up what `prepare` made."""


class InProcess:
    """Runs sessions on a loop of this program, in whose thread the workloads run then."""

    name: PlacementName = "in-process"

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    @asynccontextmanager
    async def open(self, plan: SessionPlan) -> AsyncIterator[Stream]:
        intake = asyncio.get_running_loop()
        sessions: list[Session] = []
        killed: list[str] = []

        def deliver(batch: list[Message]) -> None:
            with contextlib.suppress(RuntimeError):  # the intake's loop may be closed by now
                intake.call_soon_threadsafe(stream.deliver, batch)

        def send(command: Command) -> None:
            self._loop.call_soon_threadsafe(obey, command)

        def obey(command: Command) -> None:
            for session in sessions:
                session.obey(command)

        async def run_session() -> None:
            try:
                with redirect_stdout(_Lines(deliver)):
                    session = Session(plan, deliver)
                    sessions.append(session)
                    await session.run()
            except BaseException as error:
                reason = killed[0] if killed else f"the session broke: {error!r}"
                deliver([RunnerDied(reason, time.perf_counter_ns())])
                if not isinstance(error, Exception | asyncio.CancelledError):
                    raise

        def kill(reason: str) -> None:
            killed.append(reason)
            running.cancel()

        stream = Stream(send, kill)
        running = asyncio.run_coroutine_threadsafe(run_session(), self._loop)
        try:
            yield stream
        finally:
            running.cancel()

    def prepare(self) -> None:
        """Nothing to prepare: the loop is there."""

    async def aclose(self) -> None:
        """Nothing to give up."""


class _Lines(io.TextIOBase):
    """What a workload prints while it shares our process: standard output is for results."""

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver
        self._rest = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        if lines:
            self._deliver([LogLine(-1, "stdout", line) for line in lines])
        return len(text)
