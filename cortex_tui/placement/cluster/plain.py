"""Agents as child processes of this program: several machines in one, to try things out.

All that other adapters do is here, but for the way to another machine. With a command that runs
others elsewhere, such as `ip netns exec NAME`, it is even that.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from cortex_tui.placement.cluster.agent_process import AgentProcess
from cortex_tui.placement.cluster.port import ClusterError
from cortex_tui.placement.cluster.ticket import Ticket

MAX_AGENTS = 64


class PlainMachine:
    """An agent of this machine, as if it were one."""

    slots = 1
    lost_is_certain = True

    def __init__(self, name: str, prefix: Sequence[str]) -> None:
        self.name = name
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._prefix = prefix
        self._agent: AgentProcess | None = None

    async def start_agent(self, ticket: Ticket) -> None:
        self._agent = await AgentProcess.start(ticket, prefix=self._prefix)
        self.lost = self._agent.lost

    async def close(self) -> None:
        if self._agent is not None:
            await self._agent.close()


class PlainAgents:
    """The adapter `agents:N`."""

    listen = "127.0.0.1"

    def __init__(self, count: int, prefixes: Sequence[Sequence[str]] = ()) -> None:
        """`prefixes` are the commands that run each agent, in turn; none for a plain process."""
        self.name = f"agents:{count}"
        self.words = f"on {count} agents of this machine" if count > 1 else "on an agent"
        self._prefixes = [prefixes[at % len(prefixes)] if prefixes else () for at in range(count)]

    @classmethod
    def read(cls, text: str) -> PlainAgents:
        """What `agents:N` means; raises ClusterError for anything else."""
        number = text.partition(":")[2]
        if not number.isdecimal() or not 1 <= int(number) <= MAX_AGENTS:
            raise ClusterError(f"expected agents:N with N from 1 to {MAX_AGENTS}, got {text!r}")
        return cls(int(number))

    def slots(self) -> int:
        return len(self._prefixes)

    @asynccontextmanager
    async def machines(self) -> AsyncIterator[Sequence[PlainMachine]]:
        machines = [PlainMachine(f"agent-{at}", p) for at, p in enumerate(self._prefixes, 1)]
        try:
            yield machines
        finally:
            await asyncio.gather(*(machine.close() for machine in machines))
