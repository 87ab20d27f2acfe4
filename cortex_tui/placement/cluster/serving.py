"""What an agent does: starts runners when it is asked to, and relays between them and the program.

Each runner has a link of its own. What it sends is kept until the program has it, so that a broken
connection costs nothing but time.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from collections.abc import Sequence

from cortex_tui.freed import keep_little_freed_memory
from cortex_tui.placement.cluster.agent_setup import AgentSetup
from cortex_tui.placement.cluster.control import (
    CodePiece,
    Describe,
    EndRunner,
    FromAgent,
    KillRunner,
    OfferCode,
    Probe,
    ProbeAnswer,
    Ready,
    Report,
    RunnerEnded,
    StartRunner,
    agent_channel,
    decode_to_agent,
    encode,
)
from cortex_tui.placement.cluster.link import Ended, Link, LinkState
from cortex_tui.placement.cluster.link_client import connect
from cortex_tui.placement.cluster.relay import Relay
from cortex_tui.placement.cluster.ticket import Ticket
from cortex_tui.placement.cluster.timing import link_timing
from cortex_tui.placement.cluster.versions import installed
from cortex_tui.placement.local_process import InRunnerProcess
from cortex_tui.scheduling import never_preempt


def serve(ticket: Ticket, folder: str, lifelines: Sequence[int]) -> None:
    """Serves the program of the ticket until one of the lifelines or the link ends.

    Exits with the reason where that is not an end of stdin.
    """
    keep_little_freed_memory()
    never_preempt()
    reason = asyncio.run(_Agent(ticket, folder).run(lifelines))
    if reason:
        sys.exit(reason)


class _Agent:
    def __init__(self, ticket: Ticket, folder: str) -> None:
        self._ticket = ticket
        self._folder = folder
        self._timing = link_timing(ticket.lost_after_ns)
        self._placement = InRunnerProcess()
        self._relays: dict[str, tuple[Relay, asyncio.Task[None]]] = {}
        self._setup = AgentSetup(folder, self._send)
        self._link: Link | None = None

    async def run(self, lifelines: Sequence[int]) -> str:
        """Until its end; the reason, "" where it was asked to end."""
        loop = asyncio.get_running_loop()
        self._over: asyncio.Future[str] = loop.create_future()
        for lifeline in lifelines:
            loop.add_reader(lifeline, self._read, lifeline)
        connecting = asyncio.ensure_future(self._connect())
        try:
            return await self._over
        finally:
            if self._link is not None:
                self._link.close("its agent has ended with what had started it")
            connecting.cancel()
            tasks = [connecting, *(task for _, task in self._relays.values())]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._setup.close()
            await self._placement.aclose()

    def _read(self, lifeline: int) -> None:
        if not os.read(lifeline, 4_096):
            asyncio.get_running_loop().remove_reader(lifeline)
            self._end("")

    def _end(self, reason: str) -> None:
        if not self._over.done():
            self._over.set_result(reason)

    async def _connect(self) -> None:
        found = await asyncio.to_thread(installed)
        try:
            self._link = await connect(
                self._ticket,
                agent_channel(self._ticket.machine),
                self._receive,
                self._changed,
                timing=self._timing,
            )
        except OSError as error:
            self._end(str(error))
            return
        self._send(
            Ready(
                installed=found,
                host=socket.gethostname(),
                pid=os.getpid(),
                folder=self._folder,
            )
        )

    def _changed(self, state: LinkState) -> None:
        if isinstance(state, Ended):
            self._end(state.reason)

    def _send(self, message: FromAgent) -> None:
        if self._link is not None:
            self._link.send(encode(message))

    def _receive(self, body: bytes) -> None:
        received_ns = time.perf_counter_ns()
        match decode_to_agent(body):
            case Probe(id):
                self._send(ProbeAnswer(id, received_ns, time.perf_counter_ns()))
            case StartRunner(channel):
                relay = Relay(
                    self._ticket, channel, folder=self._folder, placement=self._placement,
                    timing=self._timing,
                )  # fmt: skip
                self._relays[channel] = relay, asyncio.ensure_future(self._run(relay))
            case KillRunner(channel, reason):
                if channel in self._relays:
                    self._relays[channel][0].kill(reason)
            case EndRunner(channel):
                if channel in self._relays:
                    relay, running = self._relays[channel]
                    relay.wanted = False
                    running.cancel()
                else:
                    self._send(RunnerEnded(channel))
            case OfferCode() | CodePiece() | Describe() as message:
                self._setup.take(message)

    async def _run(self, relay: Relay) -> None:
        try:
            await relay.run()
        except Exception as error:
            self._send(Report(f"a runner could not be started: {error!r}"))
            self._send(RunnerEnded(relay.channel))
        finally:
            self._relays.pop(relay.channel, None)
            if not relay.wanted:
                self._send(RunnerEnded(relay.channel))
