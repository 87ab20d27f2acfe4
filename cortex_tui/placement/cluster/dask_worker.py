"""What the program has a Dask worker do: start an agent as its child, and report its end.

Called by Dask with `Client.run`, on the event loop of the worker's process. Neither actors nor
tasks: the scheduler decodes those, too, and need not have this package; and an actor that is lost
is found by asking for it, while a call that has not returned fails at once with its worker.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from cortex_tui.placement.cluster.agent_process import AgentProcess
from cortex_tui.placement.cluster.port import ClusterError
from cortex_tui.placement.cluster.ticket import Ticket

TAKEN_S = 15.0
"""How long the agent of another program is waited for: one whose program was killed ends once its
connection has been broken for some time."""
_LOOK_S = 0.2


class _Seat:
    """Of an agent: a worker's process has one, so that no two programs share its machine."""

    def __init__(self, *, free: bool = False) -> None:
        self.agent: AgentProcess | None = None
        self.free = free
        """Whether the agent could not be started, or was ended by who had it started."""
        self.left = asyncio.Event()

    @property
    def taken(self) -> bool:
        return not self.free and not (self.agent and self.agent.lost.done())

    def leave(self) -> None:
        self.free = True
        self.left.set()


_seat = _Seat(free=True)


async def start_agent(ticket: Ticket) -> str:
    """Why it could not be started; "" where it was."""
    global _seat
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(TAKEN_S):
            await all_ended()
    if is_taken():
        return "another session is running there"
    _seat = seat = _Seat()
    try:
        seat.agent = await AgentProcess.start(ticket)
    except ClusterError as error:
        seat.leave()
        return str(error)
    return ""


async def agent_ended() -> str:
    """Returns when the agent has ended: why, or "" where it was asked to."""
    seat = _seat
    if seat.agent is None:
        return "it was not started"
    left = asyncio.ensure_future(seat.left.wait())
    either: set[asyncio.Future[Any]] = {left, seat.agent.lost}
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    left.cancel()
    return seat.agent.lost.result() if seat.agent.lost.done() else ""


async def end_agent() -> None:
    """Ends the agent and all that it has started."""
    seat = _seat
    if seat.agent is not None and not seat.free:
        await seat.agent.close()
    seat.leave()


def is_taken() -> bool:
    """Whether this process has an agent."""
    return _seat.taken


async def all_ended() -> None:
    """Returns when this process has no agent any more."""
    while _seat.taken:  # noqa: ASYNC110
        await asyncio.sleep(_LOOK_S)
