"""One channel between two processes, over as many connections as it takes.

Bodies arrive whole, in the order in which they were sent, and once: what the other side has not
acknowledged is kept, and sent again on the next connection (`resumable.py`). Both ends are a Link;
the agent's connects (`link_client.py`), the program's waits for it (`link_server.py`).

A connection on which nothing is received for a time is given up, although TCP may still believe in
it: each side sends something at least once a second. All such times are counted in turns of this
process's own timer, so that one that was suspended, or had a blocked event loop, first reads what
waits for it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cortex_tui.placement.cluster import wire
from cortex_tui.placement.cluster.connection import Connection
from cortex_tui.placement.cluster.resumable import Incoming, Outgoing
from cortex_tui.placement.cluster.spool import Piece, Spool, SpoolError
from cortex_tui.protocol.frames import ProtocolError
from cortex_tui.text import as_reason

_ACK_S = 0.05
"""How long an acknowledgement waits for more to acknowledge."""
_ACK_PIECES = 32
"""With as many it does not wait."""


@dataclass(frozen=True)
class Timing:
    """Both sides of a link have the same, or at least: the silence of one is longer than the beat
    of the other."""

    beat_s: float = 1.0
    """How often something is sent, although there is nothing to send."""
    silence_s: float = 5.0
    """After how long without anything received a connection is given up."""
    patience_s: float = 30.0
    """How long a link waits for the next connection before it ends."""
    start_s: float = 60.0
    """How long it waits for the first."""


@dataclass(frozen=True)
class Connected:
    """There is a connection to the other side."""

    since_ns: int


@dataclass(frozen=True)
class Broken:
    """There is no connection now; what is sent is kept until there is one."""

    since_ns: int
    reason: str
    closed: bool = False
    """Whether the other side has closed the connection, or its system has."""


@dataclass(frozen=True)
class Ended:
    """There will be no connection any more; what was not acknowledged may not have arrived."""

    at_ns: int
    reason: str


LinkState = Connected | Broken | Ended
"""Times are those of `time.perf_counter_ns`."""


class Link:
    """On one event loop, from which alone it may be used."""

    def __init__(
        self,
        channel: str,
        receive: Callable[[bytes], None],
        changed: Callable[[LinkState], None],
        *,
        outgoing: Outgoing | None = None,
        timing: Timing | None = None,
    ) -> None:
        """`receive` is given each body, `changed` each new state; they are never called again after
        an Ended. An exception of `receive` ends the link. What `outgoing` has no memory for is in
        files for temporary data, unless it is given."""
        self.channel = channel
        self.machine = ""
        """The other side's, where that is an agent that has connected."""
        self.state: LinkState = Broken(time.perf_counter_ns(), "nothing has connected yet")
        self.received_ns = 0
        """When something was received last, if only a sign of life; 0 before the first."""
        self._receive = receive
        self._changed = changed
        self._outgoing = outgoing or Outgoing(Spool())
        self._incoming = Incoming()
        self._timing = timing or Timing()
        self._loop = asyncio.get_running_loop()
        self._connection: Connection | None = None
        self._acknowledged = 0
        self._ack: asyncio.TimerHandle | None = None
        self._drained: list[asyncio.Future[None]] = []
        self._begun = False
        """Whether there was a connection."""
        self._turns = 0
        """Of the timer, since the last sign of life or since there is no connection."""
        self._seen = (0, 0)
        self._timer = self._loop.call_later(self._timing.beat_s, self._beat)

    @property
    def unacknowledged(self) -> int:
        """Bytes of what was sent that the other side may not have received."""
        return self._outgoing.unacknowledged

    @property
    def received(self) -> int:
        """The number of the last piece that was received."""
        return self._incoming.received

    @property
    def ended(self) -> bool:
        return isinstance(self.state, Ended)

    def send(self, body: bytes) -> None:
        """Sends a body, now or when there is a connection; nothing happens when the link has ended.

        Raises ValueError for more than `resumable.LONGEST_BODY`.
        """
        if self.ended:
            return
        with self._ending_where_nothing_can_be_kept():
            self._outgoing.add(body)
        self._pump()

    async def drained(self) -> None:
        """Waits until the other side has received everything, or the link has ended."""
        if not self.ended and not self._outgoing.empty:
            waiter = self._loop.create_future()
            self._drained.append(waiter)
            await waiter

    def close(self, reason: str = "it was closed") -> None:
        """Ends the link for both sides. What the other side has not received may be lost: `drained`
        waits for it."""
        if self._connection is not None and not self.ended:
            self._connection.write(wire.Bye(reason))
        self._end(reason)

    # --- connections: for the two modules that make them -----------------------------------------

    def attach(
        self, connection: Connection, received: int, welcome: wire.Welcome | None = None
    ) -> None:
        """Continues on a connection whose other side has received everything up to that number;
        `welcome` is sent first.

        Raises ProtocolError where this link cannot continue there.
        """
        with self._ending_where_nothing_can_be_kept():
            self._outgoing.resume(received)
        if self.ended:
            connection.abort()
            return
        if welcome is not None:
            connection.write(welcome)
        before, self._connection = self._connection, connection
        if before is not None:
            before.abort()
        self._acknowledged = self._incoming.received
        self._begun = True
        self._turns = 0
        self._seen = connection.received, connection.written
        self.received_ns = time.perf_counter_ns()
        self._set(Connected(self.received_ns))
        if self._connection is connection:
            connection.hand_over(self._take, self._break, self._pump)
            self._pump()

    def note_failure(self, reason: str) -> None:
        """Why there is no new connection yet."""
        if isinstance(self.state, Broken):
            self.state = Broken(self.state.since_ns, reason, self.state.closed)

    def _pump(self) -> None:
        """Writes what there is to send, as far as the connection takes it."""
        connection = self._connection
        while connection is not None and connection.writable:
            following = None
            with self._ending_where_nothing_can_be_kept():
                following = self._outgoing.take()
            if following is None:
                return
            number, piece = following
            connection.write(wire.Data(number, piece.more, piece.body))

    @contextmanager
    def _ending_where_nothing_can_be_kept(self) -> Iterator[None]:
        try:
            yield
        except SpoolError as error:
            self.close(f"{error}: the other side has not acknowledged what was sent")

    def _take(self, message: wire.WireMessage) -> None:
        self.received_ns = time.perf_counter_ns()
        match message:
            case wire.Data(number, more, body):
                whole = self._incoming.take(number, Piece(body, more))
                self._acknowledge_soon()
                if whole is not None:
                    self._deliver(whole)
            case wire.Ack(received):
                with self._ending_where_nothing_can_be_kept():
                    self._outgoing.acknowledge(received)
                if self._outgoing.empty:
                    self._wake()
            case wire.Bye(why):
                self._end(as_reason(why))
            case _:
                raise ProtocolError(f"a {type(message).__name__} in the middle of a link")

    def _deliver(self, body: bytes) -> None:
        try:
            self._receive(body)
        except Exception as error:
            self.close(f"what was received could not be taken: {error!r}")

    def _acknowledge_soon(self) -> None:
        if self._incoming.received - self._acknowledged >= _ACK_PIECES:
            self._acknowledge()
        elif self._ack is None:
            self._ack = self._loop.call_later(_ACK_S, self._acknowledge)

    def _acknowledge(self) -> None:
        if self._ack is not None:
            self._ack.cancel()
            self._ack = None
        if self._connection is not None:
            self._acknowledged = self._incoming.received
            self._connection.write(wire.Ack(self._acknowledged))

    def _beat(self) -> None:
        timing = self._timing
        self._timer = self._loop.call_later(timing.beat_s, self._beat)
        self._turns += 1
        passed_s = self._turns * timing.beat_s
        connection = self._connection
        if connection is None:
            allowed_s = timing.patience_s if self._begun else timing.start_s
            if passed_s > allowed_s and isinstance(self.state, Broken):
                self._end(f"no connection for {allowed_s:g} s: {self.state.reason}")
            return
        received, written = self._seen
        self._seen = connection.received, connection.written
        if connection.received != received:
            self._turns = 0
        elif passed_s > timing.silence_s:
            connection.abort()
            self._break(f"nothing was received for {timing.silence_s:g} s", closed=False)
            return
        if connection.written == written:
            self._acknowledge()

    def _break(self, reason: str, closed: bool) -> None:
        self._connection = None
        self._turns = 0
        self._set(Broken(time.perf_counter_ns(), reason, closed))

    def _end(self, reason: str) -> None:
        if self.ended:
            return
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
        self._timer.cancel()
        if self._ack is not None:
            self._ack.cancel()
        self._set(Ended(time.perf_counter_ns(), reason))
        self._outgoing.close()
        self._wake()

    def _set(self, state: LinkState) -> None:
        self.state = state
        self._changed(state)

    def _wake(self) -> None:
        for waiter in self._drained:
            if not waiter.done():
                waiter.set_result(None)
        self._drained.clear()
