"""What links do with peers that are not what they should be."""

from __future__ import annotations

import asyncio
import gc
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortex_tui.limits import MAX_LINK_GREETING_BYTES
from cortex_tui.placement.cluster import link_client, link_server, tls, wire
from cortex_tui.placement.cluster.addresses import address_of, host_and_port
from cortex_tui.placement.cluster.link import Broken, Connected, Ended, Link, LinkState, Timing
from cortex_tui.placement.cluster.link_client import connect
from cortex_tui.placement.cluster.link_server import LinkServer
from cortex_tui.placement.cluster.resumable import Outgoing
from cortex_tui.placement.cluster.ticket import Ticket
from cortex_tui.protocol.frames import FrameReader, ProtocolError
from tests.faulty_proxy import faulty_proxy
from tests.patience import PATIENCE_S
from tests.ports import free_port

LONG = Timing(start_s=60, patience_s=60)
SHORT = Timing(beat_s=0.02, start_s=0.2)
CHANNEL = "runner 1"


def ignore(state: LinkState) -> None:
    pass


class Server:
    """One that expects a runner, and what came of it."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.server = LinkServer(LONG)
        self.link: Link

    async def connect(self, **changes: object) -> Link:
        ticket = msgspec.structs.replace(self.server.ticket("m1"), **changes)
        return await connect(ticket, CHANNEL, print, ignore, timing=SHORT)

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.server.port)

    async def still_works(self) -> None:
        """The one whose channel it is can connect, whatever others have done."""
        link = await self.connect()
        link.send(b"mine")
        await link.drained()
        assert self.bodies == [b"mine"]
        link.close()


@asynccontextmanager
async def expecting(identity: tls.Identity | None = None) -> AsyncIterator[Server]:
    it = Server()
    await it.server.start("127.0.0.1", identity=identity)
    it.link = it.server.expect(CHANNEL, it.bodies.append, ignore)
    try:
        yield it
    finally:
        await it.server.close()
        await asyncio.sleep(0.01)  # closed transports report their end


async def read_to_end(reader: asyncio.StreamReader) -> bytes:
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await reader.read()
    except ConnectionError:
        return b""


async def test_a_wrong_token_is_refused() -> None:
    async with expecting() as it:
        with pytest.raises(ConnectionError, match="it does not know the token"):
            await it.connect(token=secrets.token_bytes(32))
        assert "it does not know the token" in it.server.refusals[0]
        await it.still_works()


async def test_no_token_and_no_proof_is_ever_sent_twice() -> None:
    async with expecting() as it, faulty_proxy(it.server.port) as proxy:
        address = address_of("127.0.0.1", proxy.port)
        link = await it.connect(addresses=(address,))
        token = it.server.ticket("m1").token
        assert len(token) == 32
        assert token not in proxy.seen
        # What was recorded once is no key: the challenge is another one.
        recorded = bytes(proxy.seen)
        reader, writer = await it.open()
        writer.write(recorded)
        answer = await read_to_end(reader)
        assert b"Welcome" not in answer
        writer.close()
        link.close()


async def test_a_recorded_hello_is_refused() -> None:
    async with expecting() as it:
        first, second = wire.Challenge(1, wire.new_nonce()), wire.Challenge(1, wire.new_nonce())
        token = it.server.ticket("m1").token
        hello = wire.proved(
            wire.Hello(1, "m1", CHANNEL, wire.new_nonce(), 0, wire.new_nonce()), first, token
        )
        assert wire.is_proved(hello, first, token)
        assert not wire.is_proved(hello, second, token)
        changed = msgspec.structs.replace(hello, channel="another")
        assert not wire.is_proved(changed, first, token)
        welcome = wire.answered(wire.Welcome(0), hello, first, token)
        assert wire.is_answered(welcome, hello, first, token)
        assert not wire.is_answered(welcome, hello, second, token)
        assert not wire.is_answered(wire.Welcome(0, hello.proof), hello, first, token)


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x00\x00\x00\x05hello",
        b"\xff\xff\xff\xff",
        wire.encode(wire.Data(1, False, b"before any Hello")),
        wire.encode(wire.Bye("before any Hello")),
        bytes(1_000_000),
        (MAX_LINK_GREETING_BYTES + 1).to_bytes(4, "big"),
    ],
)
async def test_garbage_before_a_hello_ends_that_connection_only(sent: bytes) -> None:
    async with expecting() as it:
        reader, writer = await it.open()
        writer.write(sent)
        await read_to_end(reader)
        writer.close()
        await it.still_works()
        assert len(it.server.refusals) == 1


async def test_whoever_says_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_server, "_GREETING_S", 0.1)
    async with expecting() as it:
        reader, writer = await it.open()
        await read_to_end(reader)
        writer.close()
        assert "did not prove anything within 0.1 s" in it.server.refusals[0]


@pytest.mark.parametrize("turns", range(8))
async def test_a_server_that_is_closed_leaves_no_connection_open(turns: int) -> None:
    """Whenever that is: one that nobody closes is a warning, and so an error of this test."""
    server = LinkServer(LONG)
    await server.start("127.0.0.1")
    with socket.create_connection(("127.0.0.1", server.port)) as peer:
        for _ in range(turns):
            await asyncio.sleep(0)
        await server.close()
        await asyncio.sleep(0)  # a transport closes its socket a turn later
        peer.settimeout(PATIENCE_S)
        with suppress(ConnectionResetError):
            while peer.recv(4_096):
                pass
    gc.collect()


async def test_many_who_say_nothing_keep_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_server, "_GREETING_S", 600)
    monkeypatch.setattr(link_server, "MAX_LINK_GREETINGS", 20)
    async with expecting() as it:
        opened = [await it.open() for _ in range(40)]
        await it.still_works()
        # Those that came first had to give way.
        await read_to_end(opened[0][0])
        for _, writer in opened:
            writer.transport.abort()


async def test_a_second_one_on_a_channel_is_refused_and_the_first_continues() -> None:
    async with expecting() as it:
        link = await it.connect()
        with pytest.raises(ConnectionError, match="'runner 1' is taken"):
            await it.connect()
        link.send(b"undisturbed")
        await link.drained()
        assert it.bodies == [b"undisturbed"]
        link.close()


class Agent:
    """One that greets by hand, so that a test decides when it reads and what it sends."""

    def __init__(self, it: Server, life: bytes) -> None:
        self._it = it
        self._life = life
        self.channel = CHANNEL
        self._frames = FrameReader(wire.LONGEST_FRAME)
        self._messages: list[wire.WireMessage] = []

    async def connect(self, received: int = 0) -> Agent:
        self.reader, self.writer = await self._it.open()
        challenge = await self.next()
        assert isinstance(challenge, wire.Challenge)
        nonce = wire.new_nonce()
        hello = wire.Hello(wire.VERSION, "m1", self.channel, self._life, received, nonce)
        self.write(wire.proved(hello, challenge, self._it.server.ticket("m1").token))
        return self

    def write(self, message: wire.WireMessage) -> None:
        self.writer.write(wire.encode(message))

    async def next(self) -> wire.WireMessage:
        async with asyncio.timeout(PATIENCE_S):
            while not self._messages:
                data = await self.reader.read(65_536)
                assert data, "the connection was closed"
                self._messages += map(wire.decode, self._frames.feed(data))
        return self._messages.pop(0)


async def test_the_same_one_on_a_new_connection_replaces_the_old_one() -> None:
    async with expecting() as it:
        life = wire.new_nonce()
        old = await Agent(it, life).connect()
        assert isinstance(await old.next(), wire.Welcome)
        old.write(wire.Data(1, False, b"first"))
        assert await old.next() == wire.Ack(1)
        new = await Agent(it, life).connect()
        welcome = await new.next()
        assert isinstance(welcome, wire.Welcome)
        assert welcome.received == 1
        await read_to_end(old.reader)
        assert isinstance(it.link.state, Connected)
        new.write(wire.Data(2, False, b"second"))
        it.link.send(b"to the new one")
        assert await new.next() == wire.Data(1, False, b"to the new one")
        assert await new.next() == wire.Ack(2)
        assert it.bodies == [b"first", b"second"]
        for agent in (old, new):
            agent.writer.close()


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (wire.Data(7, False, b""), "it sent piece 7, and 1 was the next"),
        (wire.Ack(3), "it sent an acknowledgement of piece 3, and 0 was the last"),
        (wire.Refused(""), "it sent a Refused in the middle of a link"),
    ],
)
async def test_what_cannot_be_breaks_the_connection(message: wire.WireMessage, reason: str) -> None:
    async with expecting() as it:
        agent = await Agent(it, wire.new_nonce()).connect()
        assert isinstance(await agent.next(), wire.Welcome)
        agent.write(message)
        await read_to_end(agent.reader)
        assert isinstance(it.link.state, Broken)
        assert it.link.state.reason == reason
        agent.writer.close()


async def test_one_that_lost_what_it_had_acknowledged_is_refused() -> None:
    async with expecting() as it:
        life = wire.new_nonce()
        it.link.send(b"acknowledged")
        agent = await Agent(it, life).connect()
        assert isinstance(await agent.next(), wire.Welcome)
        assert await agent.next() == wire.Data(1, False, b"acknowledged")
        agent.write(wire.Ack(1))
        await it.link.drained()
        again = await Agent(it, life).connect(received=0)
        refused = await again.next()
        assert isinstance(refused, wire.Refused)
        assert "cannot be resumed" in refused.reason
        assert isinstance(it.link.state, Connected)
        for each in (agent, again):
            each.writer.close()


async def test_one_that_never_acknowledges_ends_the_link_and_fills_no_memory() -> None:
    async with expecting() as it:
        outgoing = Outgoing(memory=1_000_000)
        link = it.server.expect("silent", print, ignore, outgoing=outgoing)
        agent = Agent(it, wire.new_nonce())
        agent.channel = "silent"
        await agent.connect()
        while not link.ended:
            link.send(bytes(10_000))
            await asyncio.sleep(0)
        assert isinstance(link.state, Ended)
        assert "more than 1,000,000 bytes wait to be sent" in link.state.reason
        agent.writer.close()


async def test_a_channel_that_nobody_expects_is_refused() -> None:
    async with expecting() as it:
        ticket = it.server.ticket("m1")
        with pytest.raises(ConnectionError, match="nothing is expected on channel 'runner 9'"):
            await connect(ticket, "runner 9", print, ignore, timing=SHORT)


async def test_another_version_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    async with expecting() as it:
        hello = wire.Hello(wire.VERSION + 1, "m", CHANNEL, b"", 0, b"")
        assert "install the same version" in wire.fault_of(hello)
        reader, writer = await it.open()
        writer.write(wire.encode(hello))
        assert b"speaks version 2 of the link" in await read_to_end(reader)
        writer.close()


async def test_long_names_are_refused() -> None:
    async with expecting() as it:
        ticket = it.server.ticket("m" * 250)
        with pytest.raises(ConnectionError, match="names are too long"):
            await connect(ticket, CHANNEL, print, ignore, timing=SHORT)


@asynccontextmanager
async def answering(
    *messages: wire.WireMessage, asked: asyncio.Semaphore | None = None
) -> AsyncIterator[str]:
    """The address of what listens, and is not the program. Leaves no connection behind."""
    serving: set[asyncio.Task[None]] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if asked is not None:
            asked.release()
        with suppress(ConnectionError):
            for message in messages:
                writer.write(wire.encode(message))
            await reader.read()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.create_task(answer(reader, writer)))

    server = await asyncio.start_server(serve, "127.0.0.1")
    try:
        yield address_of("127.0.0.1", server.sockets[0].getsockname()[1])
    finally:
        server.close()
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*serving)


async def test_an_impostor_is_not_believed() -> None:
    challenge = wire.Challenge(wire.VERSION, wire.new_nonce())
    received: list[bytes] = []
    async with answering(challenge, wire.Welcome(0, secrets.token_bytes(32))) as impostor:
        ticket = Ticket(machine="m1", addresses=(impostor,), token=wire.new_token())
        with pytest.raises(ConnectionError, match="does not know the token"):
            await connect(ticket, CHANNEL, received.append, ignore, timing=SHORT)
    assert received == []


async def test_the_next_address_is_tried_where_one_refuses_or_is_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    challenge = wire.Challenge(wire.VERSION, wire.new_nonce())
    async with (
        answering(challenge, wire.Refused("no")) as refusing,
        answering() as silent,
        expecting() as it,
    ):
        monkeypatch.setattr(link_client, "_ATTEMPT_S", 5.0)
        link = await it.connect(addresses=(refusing, "no address", it.server.address))
        link.close()
        monkeypatch.setattr(link_client, "_ATTEMPT_S", 0.2)
        with pytest.raises(ConnectionError, match=r"did not answer for 0\.2 s"):
            await it.connect(addresses=(silent,))


async def test_a_refusal_is_final_only_where_every_address_refuses() -> None:
    """Another program may listen at one of the addresses, while the right one is out of reach."""
    asked = asyncio.Semaphore(0)
    challenge = wire.Challenge(wire.VERSION, wire.new_nonce())
    async with answering(challenge, wire.Refused("not here"), asked=asked) as refusing:
        port = free_port()
        it = Server()
        ticket = msgspec.structs.replace(
            it.server.ticket("m1"), addresses=(refusing, address_of("127.0.0.1", port))
        )
        states: list[LinkState] = []
        connecting = asyncio.create_task(
            connect(ticket, CHANNEL, print, states.append, timing=LONG)
        )
        for _ in range(3):
            await asked.acquire()
        assert not connecting.done()
        await it.server.start("127.0.0.1", port)
        it.link = it.server.expect(CHANNEL, it.bodies.append, ignore)
        link = await connecting
        link.close()
        await it.server.close()
    await asyncio.sleep(0.01)  # closed transports report their end


async def test_a_certificate_is_pinned() -> None:
    identity, other = tls.own_identity(), tls.own_identity()
    assert identity.fingerprint != other.fingerprint
    async with expecting(identity) as it:
        with pytest.raises(ConnectionError, match="another certificate"):
            await it.connect(fingerprint=other.fingerprint)
        with pytest.raises(ConnectionError):
            await it.connect(fingerprint=b"")  # no TLS, where it is expected
        await it.still_works()


async def test_tls_is_not_left_out_where_the_ticket_asks_for_it() -> None:
    async with expecting() as it:
        with pytest.raises(ConnectionError):
            await it.connect(fingerprint=bytes(32))
        assert it.bodies == []


def test_a_ticket_does_not_show_its_token() -> None:
    ticket = Ticket(machine="m1", addresses=("a:1",), token=b"0123456789abcdef" * 2)
    shown = f"{ticket!r} {ticket} {ticket.__rich_repr__()}"
    assert "m1" in shown
    assert "0123456789abcdef" not in shown


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_a_protocol_error(body: bytes) -> None:
    with suppress(ProtocolError):
        wire.decode(body)


@pytest.mark.parametrize(
    ("address", "parts"),
    [("host:1", ("host", 1)), ("[::1]:22", ("::1", 22)), ("10.0.0.1:80", ("10.0.0.1", 80))],
)
def test_addresses_have_a_host_and_a_port(address: str, parts: tuple[str, int]) -> None:
    assert host_and_port(address) == parts
    assert address_of(*parts) == address


@pytest.mark.parametrize("text", ["", "host", ":1", "host:", "host:port", "[]:1", "host:²"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected host:port"):
        host_and_port(text)
