"""Between a runner on this machine and its link to the program."""

from __future__ import annotations

import asyncio
import os
import shutil
import time

from cortex_tui.placement.cluster.link import Ended, Link, LinkState, Timing
from cortex_tui.placement.cluster.link_client import connect
from cortex_tui.placement.cluster.resumable import LONGEST_BODY, Outgoing
from cortex_tui.placement.cluster.spool import Spool
from cortex_tui.placement.cluster.ticket import Ticket
from cortex_tui.placement.local_process import InRunnerProcess
from cortex_tui.placement.port import Stream
from cortex_tui.protocol.commands import Start, ToRunner
from cortex_tui.protocol.frames import (
    FrameReader,
    ProtocolError,
    decode_requests,
    encode_messages,
)
from cortex_tui.protocol.messages import Message, RunnerDied
from cortex_tui.protocol.plan import SessionPlan


class Relay:
    """Of one runner, from its start to its end."""

    def __init__(
        self,
        ticket: Ticket,
        channel: str,
        *,
        folder: str,
        placement: InRunnerProcess,
        timing: Timing,
    ) -> None:
        """What waits to be sent and has no place in memory is kept in the folder."""
        self.channel = channel
        self._ticket = ticket
        self._folder = folder
        self._placement = placement
        self._timing = timing
        self._frames = FrameReader()
        self._plan: asyncio.Future[SessionPlan] = asyncio.get_running_loop().create_future()
        self._early: list[ToRunner] = []
        self._stream: Stream | None = None
        self._killed = ""
        self.wanted = True
        """False when the program has asked for its end."""

    async def run(self) -> None:
        """Until all has been sent and it is cancelled, or its link has ended."""
        link = await connect(
            self._ticket,
            self.channel,
            self._receive,
            self._changed,
            outgoing=Outgoing(Spool(self._folder)),
            timing=self._timing,
        )
        try:
            plan = await self._plan
            try:
                for folder in (plan.scratch, plan.cache):
                    os.makedirs(folder, mode=0o700, exist_ok=True)
                await self._relay(plan, link)
            except Exception as error:
                _send(link, [RunnerDied(str(error), time.perf_counter_ns())])
            await asyncio.Event().wait()
        finally:
            if self._plan.done() and not self._plan.exception():
                scratch = self._plan.result().scratch
                await asyncio.to_thread(shutil.rmtree, scratch, ignore_errors=True)
            # An agent that ends says nothing here: whoever started it knows why.
            if not self.wanted:
                link.close()

    def kill(self, reason: str) -> None:
        """Ends the runner for that reason, or does not let it begin."""
        self._killed = reason
        if self._stream is not None:
            self._stream.kill(reason)

    async def _relay(self, plan: SessionPlan, link: Link) -> None:
        async with self._placement.open(plan) as stream:
            self._stream = stream
            if self._killed:
                stream.kill(self._killed)
            for request in self._early:
                stream.send(request)
            async for batch in stream:
                _send(link, batch)
        self._stream = None

    def _receive(self, body: bytes) -> None:
        for frame in self._frames.feed(body):
            for request in decode_requests(frame):
                if isinstance(request, Start):
                    if not self._plan.done():
                        self._plan.set_result(request.plan)
                elif self._stream is not None:
                    self._stream.send(request)
                else:
                    self._early.append(request)

    def _changed(self, state: LinkState) -> None:
        if isinstance(state, Ended) and not self._plan.done():
            self._plan.set_exception(ProtocolError(state.reason))


def _send(link: Link, batch: list[Message]) -> None:
    frames = encode_messages(batch)
    for start in range(0, len(frames), LONGEST_BODY):
        link.send(frames[start : start + LONGEST_BODY])
