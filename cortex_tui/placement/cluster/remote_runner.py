"""A runner on another machine: a stream whose messages come over a link."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from cortex_tui.placement.cluster.link import Ended, LinkState
from cortex_tui.placement.cluster.link_server import LinkServer
from cortex_tui.placement.cluster.moving import decode_from
from cortex_tui.placement.cluster.probing import MachineClock
from cortex_tui.placement.port import Stream
from cortex_tui.protocol.commands import Start, ToRunner
from cortex_tui.protocol.frames import (
    FrameReader,
    ProtocolError,
    encode_requests,
)
from cortex_tui.protocol.messages import RunnerDied
from cortex_tui.protocol.plan import SessionPlan


class RemoteRunner:
    """On the intake's loop. What it sends and receives has the times of this program's clock."""

    def __init__(
        self,
        server: LinkServer,
        channel: str,
        *,
        clock: MachineClock,
        code: str,
        kill: Callable[[str], None],
    ) -> None:
        """`code` is the folder of the user's code on its machine, "" for none."""
        self.stream = Stream(self._send, kill)
        self.ended = asyncio.Event()
        """Set when nothing of the runner is left on its machine, or nobody can tell any more."""
        self._frames = FrameReader()
        self._clock = clock
        self._unwatch: Callable[[], None] = lambda: None
        self._kill = kill
        self._code = code
        self._link = server.expect(channel, self._receive, self._changed)

    def start(self, plan: SessionPlan) -> None:
        """Sends the plan; raises ProtocolError for one that is too long."""
        self._link.send(encode_requests([Start(plan)]))
        self._unwatch = self._clock.watch(lambda clock: self._link.send(encode_requests([clock])))

    def note_ended(self) -> None:
        """The agent reports that nothing of it is left."""
        self.end("the runner was ended")

    def end(self, reason: str) -> None:
        """Nothing will come from it any more, for that reason unless its own end has come."""
        self.ended.set()
        self._finish(reason)
        self.close()

    def close(self) -> None:
        """Nothing is taken from it any more."""
        self._unwatch()
        self._link.close()

    def _finish(self, reason: str) -> None:
        self.stream.deliver([RunnerDied(reason, time.perf_counter_ns())])

    def _send(self, request: ToRunner) -> None:
        self._link.send(encode_requests([self._clock.for_machine(request)]))

    def _receive(self, body: bytes) -> None:
        try:
            for frame in self._frames.feed(body):
                self.stream.deliver(self._clock.from_machine(decode_from(frame, self._code)))
        except ProtocolError as error:
            self._kill(f"the runner sent {error}")

    def _changed(self, state: LinkState) -> None:
        if isinstance(state, Ended):
            self._finish(f"its connection has ended: {state.reason}")
