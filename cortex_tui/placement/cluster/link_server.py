"""The program's end of links: one port on which the agents' connections arrive.

Whoever can reach the port may connect. Before a connection has proved that it knows the token it
costs one frame of memory, a few seconds, and one of a bounded number of places.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
from collections import deque
from collections.abc import Callable

from cortex_tui.limits import MAX_LINK_GREETING_BYTES, MAX_LINK_GREETINGS, MAX_OPEN_FILES
from cortex_tui.placement.cluster import wire
from cortex_tui.placement.cluster.addresses import address_of
from cortex_tui.placement.cluster.connection import Connection
from cortex_tui.placement.cluster.link import Ended, Link, LinkState, Timing
from cortex_tui.placement.cluster.resumable import Outgoing
from cortex_tui.placement.cluster.ticket import Ticket
from cortex_tui.placement.cluster.tls import Identity
from cortex_tui.protocol.frames import ProtocolError

_GREETING_S = 5.0
"""How long a connection may take to prove that it knows the token."""
_MAX_REFUSALS = 10
_NO_FILES_S = 0.1
"""How long is waited where this process can open no more connections."""


class _RefusedError(Exception):
    """The connection is not taken; the text is the reason that the other side gets."""


class LinkServer:
    """On one event loop, from which alone it may be used."""

    def __init__(self, timing: Timing | None = None) -> None:
        self.refusals: deque[str] = deque(maxlen=_MAX_REFUSALS)
        """A line for each connection that was not taken, the newest last."""
        self.host = ""
        self.port = 0
        self._token = wire.new_token()
        self._timing = timing or Timing()
        self._identity: Identity | None = None
        self._listener: socket.socket | None = None
        self._greeting: dict[asyncio.Task[None], None] = {}
        """Connections that have not proved anything, the oldest first."""
        self._links: dict[str, Link] = {}
        self._lives: dict[str, bytes] = {}
        """By channel, who has it; nobody before the first connection."""

    @property
    def address(self) -> str:
        """Where it is reached, as `host:port`."""
        return address_of(self.host, self.port)

    async def start(
        self, host: str, port: int = 0, identity: Identity | None = None, reached: str = ""
    ) -> None:
        """Listens there, with TLS where it is given an identity. Tickets name the host `reached`
        where it is given, as for a server that listens on all addresses of this machine.

        Raises OSError where it cannot listen there.
        """
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family, backlog=MAX_LINK_GREETINGS)
        listener.setblocking(False)
        _allow_many_files()
        self._identity = identity
        self._listener = listener
        self.host, self.port = reached or host, listener.getsockname()[1]
        # Not by awaiting: who is cancelled then may have been given a connection already.
        asyncio.get_running_loop().add_reader(listener.fileno(), self._accept, listener)

    def ticket(self, machine: str) -> Ticket:
        """For the agent of a machine, with this server's address."""
        fingerprint = self._identity.fingerprint if self._identity else b""
        return Ticket(
            machine=machine, addresses=(self.address,), token=self._token, fingerprint=fingerprint
        )

    def expect(
        self,
        channel: str,
        receive: Callable[[bytes], None],
        changed: Callable[[LinkState], None],
        *,
        outgoing: Outgoing | None = None,
    ) -> Link:
        """A link on a channel to which an agent will connect. ValueError where there is one."""
        if channel in self._links:
            raise ValueError(f"channel {channel!r} is taken")

        def observe(state: LinkState) -> None:
            if isinstance(state, Ended):
                self._links.pop(channel, None)
                self._lives.pop(channel, None)
            changed(state)

        link = Link(channel, receive, observe, outgoing=outgoing, timing=self._timing)
        self._links[channel] = link
        return link

    async def close(self) -> None:
        """Ends all links and listens no more."""
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener.fileno())
            self._listener.close()
        tasks = list(self._greeting)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for link in list(self._links.values()):
            link.close("the program that started the agents has ended the session")

    def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        try:
            accepted, peer = listener.accept()
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:  # too many open files, or it was gone before it was accepted
            self.refusals.append(f"a connection could not be accepted: {error}")
            loop.remove_reader(listener.fileno())
            loop.call_later(_NO_FILES_S, self._accept_again, listener)
            return
        accepted.setblocking(False)
        if len(self._greeting) >= MAX_LINK_GREETINGS:
            next(iter(self._greeting)).cancel()
        untaken = [accepted]
        task = asyncio.create_task(self._greet(untaken, address_of(*peer[:2])))
        self._greeting[task] = None

        def greeted(done: asyncio.Task[None]) -> None:
            self._greeting.pop(done, None)
            for each in untaken:  # it was cancelled before it began
                each.close()

        task.add_done_callback(greeted)

    def _accept_again(self, listener: socket.socket) -> None:
        if listener.fileno() >= 0:  # it may have been closed meanwhile
            asyncio.get_running_loop().add_reader(listener.fileno(), self._accept, listener)

    async def _greet(self, untaken: list[socket.socket], peer: str) -> None:
        """Takes the connection out of the list, and has it closed in the end."""
        accepted = untaken.pop()
        connection = Connection(MAX_LINK_GREETING_BYTES)
        try:
            async with asyncio.timeout(_GREETING_S):
                await self._take(connection, accepted)
        except _RefusedError as error:
            connection.write(wire.Refused(str(error)))
            connection.close()
            self.refusals.append(f"a connection from {peer} was refused: {error}")
        except (OSError, ProtocolError) as error:
            connection.abort()
            reason = (
                f"it did not prove anything within {_GREETING_S:g} s"
                if isinstance(error, TimeoutError)
                else error
            )
            self.refusals.append(f"a connection from {peer} failed: {reason}")
        except BaseException:
            connection.abort()
            raise

    async def _take(self, connection: Connection, accepted: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        context = self._identity.context if self._identity else None
        try:
            await loop.connect_accepted_socket(lambda: connection, accepted, ssl=context)
        except BaseException:
            with contextlib.suppress(OSError):
                accepted.close()
            raise
        challenge = wire.Challenge(wire.VERSION, wire.new_nonce())
        connection.write(challenge)
        hello = await connection.next()
        if not isinstance(hello, wire.Hello):
            raise ProtocolError("it did not begin as an agent does")
        if fault := wire.fault_of(hello):
            raise _RefusedError(fault)
        if not wire.is_proved(hello, challenge, self._token):
            raise _RefusedError("it does not know the token")
        link = self._link_for(hello)
        welcome = wire.answered(wire.Welcome(link.received), hello, challenge, self._token)
        link.machine = hello.machine
        try:
            link.attach(connection, hello.received, welcome)
        except ProtocolError as error:
            raise _RefusedError(f"it cannot be resumed: {error}") from error

    def _link_for(self, hello: wire.Hello) -> Link:
        """The link that it resumes or begins."""
        link = self._links.get(hello.channel)
        if link is None:
            raise _RefusedError(f"nothing is expected on channel {hello.channel!r}")
        if self._lives.setdefault(hello.channel, hello.life) != hello.life:
            raise _RefusedError(f"channel {hello.channel!r} is taken")
        return link


def _allow_many_files() -> None:
    """Most systems let a process open 1,024 files until it asks for more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
