"""Where a session runs: behind one small interface, so that placements are interchangeable.

A placement opens a plan as a stream: batches of messages come out, commands go in. All of it
happens on the intake's loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Literal, Protocol

from cortex_tui.protocol.commands import ToRunner
from cortex_tui.protocol.messages import Message, RunnerDied, SessionFinished
from cortex_tui.protocol.plan import SessionPlan

PlacementName = Literal["process", "in-process"]

Deliver = Callable[[list[Message]], None]


class Stream:
    """One session under way: an async iterator of batches that ends with the session.

    Whatever becomes of the runner, the last message is a SessionFinished or a RunnerDied.
    """

    def __init__(self, send: Callable[[ToRunner], None], kill: Callable[[str], None]) -> None:
        """`send` delivers a command, which is answered with a message; `kill` ends the session at
        once, for the reason that it is given."""
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

    @property
    def has_fleets(self) -> bool:
        """Whether several runners can share a run here."""

    def open(self, plan: SessionPlan) -> AbstractAsyncContextManager[Stream]:
        """Starts the plan; leaving the context leaves nothing of the session behind."""

    def prepare(self) -> None:
        """Makes ready for the next session, where that saves time; not to be called during one."""

    async def aclose(self) -> None:
        """Gives up what `prepare` made."""
