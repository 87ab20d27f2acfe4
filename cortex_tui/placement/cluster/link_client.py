"""The agent's end of a link: connects, and connects again where the connection breaks."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from cortex_tui.placement.cluster import tls, wire
from cortex_tui.placement.cluster.addresses import host_and_port
from cortex_tui.placement.cluster.connection import Connection
from cortex_tui.placement.cluster.link import Broken, Ended, Link, LinkState, Timing
from cortex_tui.placement.cluster.resumable import Outgoing
from cortex_tui.placement.cluster.ticket import Ticket
from cortex_tui.protocol.frames import ProtocolError
from cortex_tui.text import as_reason

_ATTEMPT_S = 5.0
"""How long one address may take, from the name to the Welcome."""
_SHORTEST_PAUSE_S, _LONGEST_PAUSE_S = 0.02, 1.0
"""Between attempts; each is twice as long as the one before."""


class _RefusedError(Exception):
    """The other side does not take the connection; the text is its reason."""


async def connect(
    ticket: Ticket,
    channel: str,
    receive: Callable[[bytes], None],
    changed: Callable[[LinkState], None],
    *,
    outgoing: Outgoing | None = None,
    timing: Timing | None = None,
) -> Link:
    """A link on the channel, once it is connected; `receive` may be called before this returns.

    Raises ConnectionError with the reason where it could not be connected.
    """
    client = _Client(ticket, channel, receive, changed, outgoing, timing)
    try:
        await client.settled.wait()
    except BaseException:
        client.link.close()
        raise
    if isinstance(client.link.state, Ended):
        raise ConnectionError(client.link.state.reason)
    return client.link


class _Client:
    """Keeps one link connected until it ends."""

    def __init__(
        self,
        ticket: Ticket,
        channel: str,
        receive: Callable[[bytes], None],
        changed: Callable[[LinkState], None],
        outgoing: Outgoing | None,
        timing: Timing | None,
    ) -> None:
        self.settled = asyncio.Event()
        """Set when it is connected for the first time, or has ended before."""
        self._ticket = ticket
        self._owner_changed = changed
        self._life = wire.new_nonce()
        self.link = Link(channel, receive, self._changed, outgoing=outgoing, timing=timing)
        self._dialling = asyncio.create_task(self._attempts())

    def _changed(self, state: LinkState) -> None:
        if isinstance(state, Broken):
            self._dialling = asyncio.create_task(self._attempts())
        else:
            self.settled.set()
            if isinstance(state, Ended) and self._dialling is not asyncio.current_task():
                self._dialling.cancel()
        self._owner_changed(state)

    async def _attempts(self) -> None:
        """Tries all addresses in turn until one is connected or the link ends."""
        pause_s = _SHORTEST_PAUSE_S
        while True:
            refusals: list[str] = []
            for address in self._ticket.addresses:
                try:
                    async with asyncio.timeout(_ATTEMPT_S):
                        await self._attempt(address)
                    return
                except _RefusedError as error:
                    refusals.append(f"{address} refused the connection: {error}")
                except TimeoutError:
                    self.link.note_failure(f"{address} did not answer for {_ATTEMPT_S:g} s")
                except (OSError, ValueError, ProtocolError) as error:
                    self.link.note_failure(f"{address}: {error or type(error).__name__}")
            if len(refusals) == len(self._ticket.addresses):
                self.link.close("; ".join(refusals) or "there is no address to connect to")
                return
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def _attempt(self, address: str) -> None:
        ticket, connection = self._ticket, Connection()
        host, port = host_and_port(address)
        context = tls.client_context() if ticket.fingerprint else None
        loop = asyncio.get_running_loop()
        try:
            transport, _ = await loop.create_connection(lambda: connection, host, port, ssl=context)
            if ticket.fingerprint:
                tls.check_fingerprint(transport, ticket.fingerprint)
            received = await self._greet(connection)
            self.link.attach(connection, received)
        except BaseException:
            connection.abort()
            raise

    async def _greet(self, connection: Connection) -> int:
        """The number of the last piece that the other side has, once both have proved that they
        know the token."""
        ticket, link = self._ticket, self.link
        challenge = await connection.next()
        if not isinstance(challenge, wire.Challenge):
            raise ProtocolError(
                "something else than the program that started this agent listens there"
            )
        hello = wire.Hello(
            wire.VERSION, ticket.machine, link.channel, self._life, link.received, wire.new_nonce()
        )
        hello = wire.proved(hello, challenge, ticket.token)
        connection.write(hello)
        welcome = await connection.next()
        if isinstance(welcome, wire.Refused):
            raise _RefusedError(as_reason(welcome.reason))
        if not isinstance(welcome, wire.Welcome) or not wire.is_answered(
            welcome, hello, challenge, ticket.token
        ):
            raise ProtocolError("what listens there does not know the token")
        return welcome.received
