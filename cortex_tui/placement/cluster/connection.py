"""One TCP connection of a link, plain or with TLS: frames in, frames out."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from cortex_tui.placement.cluster import wire
from cortex_tui.protocol.frames import FrameReader, ProtocolError

_HIGH_WATER = 256 * 1024
"""Bytes that wait for the system to take them, from which `writable` is false."""
_CLOSING_S = 2.0
"""How long what was written last is waited for."""


class Connection(asyncio.Protocol):
    """First its messages are taken one by one with `next`; then a link has it."""

    def __init__(self, longest: int = wire.LONGEST_FRAME) -> None:
        """`longest` bounds frames until a link has it: before, a peer may be anybody."""
        self.writable = True
        """Whether what is written will soon be sent."""
        self.received = self.written = 0
        """Calls that brought or took bytes: whether anything came or went is seen by a change."""
        self._transport: asyncio.Transport | None = None
        self._frames = FrameReader(longest)
        self._waiting: deque[wire.WireMessage] = deque()
        self._arrived = asyncio.Event()
        self._lost = ""
        """The reason, once it is lost."""
        self._take: Callable[[wire.WireMessage], None] | None = None
        self._on_lost: Callable[[str, bool], None] | None = None
        self._closed_there = False
        self._on_writable: Callable[[], None] | None = None

    async def next(self) -> wire.WireMessage:
        """The next message; ConnectionError where none will come."""
        while not self._waiting:
            if self._lost:
                raise ConnectionError(self._lost)
            self._arrived.clear()
            await self._arrived.wait()
        return self._waiting.popleft()

    def hand_over(
        self,
        take: Callable[[wire.WireMessage], None],
        lost: Callable[[str, bool], None],
        writable: Callable[[], None],
    ) -> None:
        """From now on messages are given to `take`, those that wait at once. `lost` is called
        once, with the reason and whether the other side has closed it; not where this side has."""
        self._frames.longest = wire.LONGEST_FRAME
        self._take, self._on_lost, self._on_writable = take, lost, writable
        try:
            while self._waiting and self._take is not None:
                self._take(self._waiting.popleft())
        except ProtocolError as error:
            self._fail(error)
        if self._lost:
            self._report_loss()

    def write(self, message: wire.WireMessage) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self.written += 1
            self._transport.write(wire.encode(message))

    def close(self) -> None:
        """Ends it after what was written; nothing that still comes is reported."""
        self._let_go()
        if self._transport is not None:
            self._transport.close()
            # Where nobody reads, what was written is never sent.
            asyncio.get_running_loop().call_later(_CLOSING_S, self._transport.abort)

    def abort(self) -> None:
        """Ends it at once; nothing that still comes is reported."""
        self._let_go()
        if self._transport is not None:
            self._transport.abort()

    def _let_go(self) -> None:
        self._take = self._on_lost = self._on_writable = None
        self._lost = self._lost or "it was closed"
        self._waiting.clear()

    def _fail(self, error: ProtocolError) -> None:
        self._lost = self._lost or f"it sent {error}"
        if self._transport is not None:
            self._transport.abort()

    def _report_loss(self) -> None:
        report, self._on_lost = self._on_lost, None
        if report is not None:
            report(self._lost, self._closed_there)

    # --- asyncio.Protocol ---------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=_HIGH_WATER)
        if self._lost:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        self.received += 1
        try:
            for body in () if self._lost else self._frames.feed(data):
                message = wire.decode(body)
                if self._lost:
                    return
                if self._take is not None:
                    self._take(message)
                else:
                    self._waiting.append(message)
        except ProtocolError as error:
            self._fail(error)
        self._arrived.set()

    def connection_lost(self, error: Exception | None) -> None:
        self._closed_there = not self._lost and isinstance(error, ConnectionError | None)
        reason = str(error) if error else ""
        self._lost = self._lost or reason or "it was closed by the other side"
        self._arrived.set()
        self._report_loss()

    def pause_writing(self) -> None:
        self.writable = False

    def resume_writing(self) -> None:
        self.writable = True
        if self._on_writable is not None:
            self._on_writable()
