"""What reaches the program and its agents over the network."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import zlib
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec

from cortex_tui.placement.cluster import control, wire
from cortex_tui.placement.cluster.addresses import address_of, host_and_port
from cortex_tui.placement.cluster.bundle import BundleError, CodeFolders, Entry
from cortex_tui.placement.cluster.link import Connected, LinkState, Timing
from cortex_tui.placement.cluster.link_client import connect
from cortex_tui.placement.cluster.link_server import LinkServer
from cortex_tui.placement.cluster.resumable import Incoming, Outgoing
from cortex_tui.placement.cluster.spool import Spool, SpoolError
from cortex_tui.placement.cluster.ticket import Ticket, TicketError, decode_ticket, encode_ticket
from cortex_tui.protocol.frames import FrameReader, ProtocolError
from tests.fuzz.scratch import scratch
from tests.fuzz.target import Target

_NONCE = bytes(16)
_WIRE: tuple[wire.WireMessage, ...] = (
    wire.Challenge(wire.VERSION, _NONCE),
    wire.Hello(wire.VERSION, "m1", "runner 1", _NONCE, 0, _NONCE, bytes(32)),
    wire.Welcome(3, bytes(32)),
    wire.Refused("no"),
    wire.Data(1, False, b"body"),
    wire.Data(1, True, b"first"),
    wire.Data(2, False, b"second"),
    wire.Ack(1),
    wire.Bye("done"),
)
_CONTROL = (
    control.StartRunner("runner 1"), control.KillRunner("runner 1", "why"), control.Probe(7),
    control.CodePiece("ab" * 32, b"data", last=True), control.Describe(),
    control.RunnerEnded("runner 1"), control.ProbeAnswer(7, 1, 2), control.Report("line"),
    control.CodeState("ab" * 32), control.Described({"a": [1, None]}),
)  # fmt: skip
_TICKET = Ticket(machine="m1", addresses=("127.0.0.1:80", "[::1]:80"), token=bytes(32))


def _wire(data: bytes) -> None:
    again = wire.encode(wire.decode(data))
    (body,) = FrameReader(wire.LONGEST_FRAME + len(again)).feed(again)
    assert wire.encode(wire.decode(body)) == again


def _control(data: bytes) -> None:
    """What is for an agent, or from one."""
    try:
        message: control.ToAgent | control.FromAgent = control.decode_to_agent(data)
    except ProtocolError:
        message = control.decode_from_agent(data)
        assert control.encode(control.decode_from_agent(control.encode(message)))
    else:
        assert control.decode_to_agent(control.encode(message)) == message


def _ticket(data: bytes) -> None:
    ticket = decode_ticket(data)
    assert decode_ticket(encode_ticket(ticket)) == ticket
    assert ticket.token not in repr(ticket).encode() or len(ticket.token) < 20


def _address(data: bytes) -> None:
    host, port = host_and_port(data.decode("utf-8", "replace"))
    assert host_and_port(address_of(host, port)) == (host, port)


def _numbers(data: bytes) -> Iterator[int]:
    """Bytes as numbers, without an end."""
    yield from data
    while True:
        yield 0


def _pieces(data: bytes) -> None:
    """Two sides whose connections break: bodies arrive whole, in order, and once; a lie about what
    has arrived is an error of the protocol."""
    numbers = _numbers(data[1:])
    spool = Spool(str(scratch()), limit=4_000, segment=300)
    outgoing, incoming = Outgoing(spool, memory=600), Incoming()
    sent: list[bytes] = []
    arrived: list[bytes] = []
    try:
        for step in data:
            match step % 8:
                case 0 | 1:
                    body = bytes([step]) * (next(numbers) * (1 + step // 64))
                    outgoing.add(body)
                    sent.append(body)
                case 2 | 3 | 4:
                    if (following := outgoing.take()) is not None:
                        whole = incoming.take(*following)
                        arrived += [] if whole is None else [whole]
                case 5:
                    outgoing.acknowledge(incoming.received)
                case 6:
                    outgoing.resume(incoming.received)
                case _:
                    outgoing.acknowledge(next(numbers) + incoming.received - 3)
        outgoing.resume(incoming.received)
        while (following := outgoing.take()) is not None:
            whole = incoming.take(*following)
            arrived += [] if whole is None else [whole]
        assert arrived == sent
    finally:
        assert arrived == sent[: len(arrived)]
        outgoing.close()


def _bundle(data: bytes) -> None:
    """Code that a machine is sent: whatever is in it, nothing is made outside of its folder."""
    root = scratch() / "machine"
    outside = root / "outside"
    outside.mkdir(parents=True)
    try:
        digest = hashlib.sha256(data).hexdigest()
        CodeFolders(str(root / "code")).unpack(digest, zlib.compress(data, 1))
    finally:
        found = sorted(os.listdir(root)), sorted(os.listdir(outside))
        shutil.rmtree(root)
        assert found in ((["outside"], []), (["code", "outside"], []))


def _bundles() -> list[bytes]:
    outside = os.fsencode(scratch() / "machine" / "outside")
    return [
        msgspec.msgpack.encode(entries)
        for entries in (
            [Entry(b"a/b.py", b"x = 1"), Entry(b"a/run", b"#!", True), Entry(b"a/l", target=b"b")],
            [Entry(b"a", target=outside), Entry(b"a.py", b"x")],
        )
    ]


class _Program:
    """One that waits for agents, with its loop."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.faults: list[dict[str, Any]] = []
        self.loop.set_exception_handler(lambda loop, context: self.faults.append(context))
        self.loop.run_until_complete(self._start())
        self._number = 0

    async def _start(self) -> None:
        self.server = LinkServer(Timing(start_s=3_600, patience_s=3_600))
        await self.server.start("127.0.0.1")

    async def visited(self, data: bytes) -> None:
        """Somebody connects, sends this, and goes; after an even first byte it is somebody that
        knows the token. One who is expected can connect all the same."""
        self._number += 1
        channel = f"runner {self._number}"
        received: list[bytes] = []
        link = self.server.expect(channel, received.append, _ignore)
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        proved = bool(data) and data[0] % 2 == 0
        if proved:
            await self._prove(reader, writer, channel)
        writer.write(data[1:])
        writer.write_eof()
        async with asyncio.timeout(60):
            await reader.read()
        writer.transport.abort()
        if not proved:
            mine = await connect(self.server.ticket("m1"), channel, print, _ignore)
            assert isinstance(link.state, Connected)
            assert not received
            mine.close()
        link.close()
        await asyncio.sleep(0)
        assert not self.faults, self.faults

    async def _prove(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, channel: str
    ) -> None:
        frames = FrameReader()
        (body,) = frames.feed(await reader.readexactly(len(wire.encode(_WIRE[0]))))
        challenge = wire.decode(body)
        assert isinstance(challenge, wire.Challenge)
        hello = wire.Hello(wire.VERSION, "m1", channel, wire.new_nonce(), 0, wire.new_nonce())
        token = self.server.ticket("m1").token
        writer.write(wire.encode(wire.proved(hello, challenge, token)))


def _ignore(state: LinkState) -> None:
    pass


@cache
def _program() -> _Program:
    return _Program()


def _visitor(data: bytes) -> None:
    program = _program()
    program.loop.run_until_complete(program.visited(data))


TARGETS = (
    Target(
        "link-messages", _wire, lambda: [wire.encode(each)[4:] for each in _WIRE],
        (ProtocolError,), shape="msgpack", thousands=60,
    ),
    Target(
        "link-visitor", _visitor,
        lambda: [first + b"".join(map(wire.encode, _WIRE[at:])) for at in range(9)
                 for first in (b"\0", b"\1")],
        words=(b"\0\0\0\0", b"\0\0\4\1", b"\xff\xff\xff\xff", b"GET / HTTP/1.1\r\n\r\n"),
        shape="bytes", thousands=10,
    ),
    Target(
        "link-pieces", _pieces, lambda: [bytes(range(64)), b"\0\x40\2\1\7\5\2\2\6\2\5" * 9],
        (ProtocolError, SpoolError), shape="bytes", thousands=40,
    ),
    Target(
        "link-control", _control, lambda: [control.encode(each) for each in _CONTROL],
        (ProtocolError,), words=(b"Probe", b"Ready", b"CodePiece", b"type"), shape="msgpack",
        thousands=40,
    ),
    Target("code-bundle", _bundle, _bundles, (BundleError,), shape="msgpack", thousands=15),
    Target(
        "ticket", _ticket, lambda: [encode_ticket(_TICKET)], (TicketError,), shape="json",
        thousands=20,
    ),
    Target(
        "address", _address, lambda: [b"127.0.0.1:80", b"[::1]:80", b"host.example:65535"],
        (ValueError,), words=(b":", b"[", b"]", b"65536"), thousands=20,
    ),
)  # fmt: skip
