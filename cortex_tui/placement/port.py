"""Where a session runs: behind one small interface, so that placements are interchangeable.

A placement opens a plan as a stream: batches of messages come out, commands go in. All of it
happens on the intake's loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol

from cortex_tui.protocol.commands import ToRunner
from cortex_tui.protocol.messages import Message, RunnerDied, SessionFinished
from cortex_tui.protocol.plan import SessionPlan

Deliver = Callable[[list[Message]], None]


BLOCKED = "its event loop is blocked"


class Stream:
    """One session under way: an async iterator of batches that ends with the session.

    A batch has everything that waits: who reads slowly is given much at once.

    Whatever becomes of the runner, the last message is a SessionFinished or a RunnerDied.
    """

    def __init__(self, send: Callable[[ToRunner], None], kill: Callable[[str], None]) -> None:
        """`send` delivers a command, which is answered with a message; `kill` ends the session at
        once, for the reason that it is given."""
        self.send = send
        self.kill = kill
        self.blocked = BLOCKED
        """Why it is silent, when it is."""
        self._batches: asyncio.Queue[list[Message]] = asyncio.Queue()
        self._ended = False
        """Whether the last message is in; the reason for an end that comes after it is another."""

    def deliver(self, batch: list[Message]) -> None:
        """Puts a batch in, unless the last one is; to be called on the intake's loop."""
        if not self._ended:
            self._batches.put_nowait(batch)
            self._ended = any(isinstance(each, SessionFinished | RunnerDied) for each in batch)

    async def __aiter__(self) -> AsyncIterator[list[Message]]:
        while True:
            batch = list(await self._batches.get())
            while not self._batches.empty():
                batch += self._batches.get_nowait()
            yield batch
            if self._ended and self._batches.empty():
                return


class Placement(Protocol):
    """Opens sessions, one after the other."""

    def open(self, plan: SessionPlan) -> AbstractAsyncContextManager[Stream]:
        """Starts the plan; leaving the context leaves nothing of the session behind."""

    def prepare(self) -> None:
        """Makes ready for the next session, where that saves time; not to be called during one."""

    async def aclose(self) -> None:
        """Gives up what `prepare` made."""


class Place(NamedTuple):
    """A placement as all others know it: by what it can do, never by its name."""

    name: str
    words: str
    """Where its sessions run: `in a process of its own`."""
    make: Callable[[asyncio.AbstractEventLoop | None], Placement]
    """Given the loop on which a session of this process would be measured; ValueError where that
    is needed and missing."""
    own_process: bool = False
    """Whether what it measures and this program have a process each."""
    can_be_killed: bool = False
    """Whether `Stream.kill` ends a session whatever its workloads do."""
    shares_loop: bool = False
    """Whether it measures on the loop of the screen or the report."""
    has_fleets: bool = False
    """Whether several runners can share a session."""
    has_machines: bool = False
    """Whether sessions are measured on machines that have to be reached first."""
    cluster: str = ""
    """What a person names it by behind `--cluster`."""
    slots: int = 1
    """Among how many runners a load is shared for which nobody gave a number."""
