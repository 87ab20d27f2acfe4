"""Pieces with numbers: whatever is cut, everything arrives once and in order."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortex_tui.limits import MAX_LINK_PIECE_BYTES
from cortex_tui.placement.cluster import wire
from cortex_tui.placement.cluster.resumable import LONGEST_BODY, Incoming, Outgoing
from cortex_tui.placement.cluster.spool import Piece, Spool, SpoolError
from cortex_tui.protocol.frames import FrameReader, ProtocolError


@dataclass
class Side:
    """One end of a link without sockets: what it has written is a pipe of bytes to the other."""

    outgoing: Outgoing
    incoming: Incoming = field(default_factory=Incoming)
    pipe: bytearray = field(default_factory=bytearray)
    """What is on its way to the other end."""
    reader: FrameReader = field(default_factory=FrameReader)
    sent: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def send(self, body: bytes) -> None:
        self.sent.append(body)
        self.outgoing.add(body)

    def write(self, pieces: int) -> None:
        while pieces and (following := self.outgoing.take()):
            number, piece = following
            self.pipe += wire.encode(wire.Data(number, piece.more, piece.body))
            pieces -= 1

    def acknowledge(self) -> None:
        self.pipe += wire.encode(wire.Ack(self.incoming.received))

    def read(self, data: bytes) -> None:
        for frame in self.reader.feed(data):
            message = wire.decode(frame)
            if isinstance(message, wire.Ack):
                self.outgoing.acknowledge(message.received)
            else:
                assert isinstance(message, wire.Data)
                piece = Piece(message.body, message.more)
                if (body := self.incoming.take(message.number, piece)) is not None:
                    self.bodies.append(body)


def move(here: Side, there: Side, amount: int) -> None:
    data = bytes(here.pipe[:amount])
    del here.pipe[:amount]
    there.read(data)


def reconnect(here: Side, there: Side) -> None:
    """What was on its way is lost, wherever the cut was."""
    for side, other in ((here, there), (there, here)):
        side.pipe.clear()
        side.reader = FrameReader()
        side.outgoing.resume(other.incoming.received)


def fill(outgoing: Outgoing) -> None:
    for _ in range(1_000):
        outgoing.add(b"x" * 100)


STEPS = st.one_of(
    st.tuples(st.just("send"), st.integers(0, 300)),
    st.tuples(
        st.just("send"), st.sampled_from([MAX_LINK_PIECE_BYTES, 2 * MAX_LINK_PIECE_BYTES + 1])
    ),
    st.tuples(st.just("write"), st.integers(1, 5)),
    st.tuples(st.just("move"), st.integers(1, 2_000)),
    st.tuples(st.just("move"), st.just(10**9)),
    st.tuples(st.just("acknowledge"), st.just(0)),
    st.tuples(st.just("cut"), st.just(0)),
)


@given(
    st.lists(st.tuples(st.booleans(), STEPS), max_size=60),
    st.sampled_from([0, 500, 10**9]),
)
def test_everything_arrives_once_and_in_order_wherever_connections_are_cut(
    steps: list[tuple[bool, tuple[str, int]]], memory: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        spools = [Spool(folder, 10**9, segment=1_000) for _ in range(2)]
        sides = [Side(Outgoing(spool, memory)) for spool in spools]
        number = 0
        for second, (step, amount) in steps:
            here, there = reversed(sides) if second else sides
            match step:
                case "send":
                    number += 1
                    here.send((b"%d," % number + bytes(amount))[: max(amount, 8)])
                case "write":
                    here.write(amount)
                case "move":
                    move(here, there, amount)
                case "acknowledge":
                    here.acknowledge()
                case _:
                    reconnect(here, there)
            # What was delivered is always the beginning of what was sent.
            assert there.bodies == here.sent[: len(there.bodies)]
        for here, there in (sides, sides[::-1]):
            here.write(10**9)
            move(here, there, 10**9)
            there.acknowledge()
            move(there, here, 10**9)
            assert there.bodies == here.sent
            assert here.outgoing.empty
            assert here.outgoing.unacknowledged == 0
        for side in sides:
            side.outgoing.close()


def test_what_was_not_acknowledged_is_counted_in_bytes() -> None:
    outgoing = Outgoing()
    outgoing.add(b"abc")
    outgoing.add(b"")
    assert outgoing.unacknowledged == 3
    while outgoing.take():
        pass
    outgoing.acknowledge(1)
    assert (outgoing.unacknowledged, outgoing.empty) == (0, False)
    outgoing.acknowledge(2)
    assert outgoing.empty


def test_memory_is_full_at_its_bound() -> None:
    outgoing = Outgoing(memory=10_000)
    with pytest.raises(SpoolError, match="10,000 bytes wait"):
        fill(outgoing)
    assert outgoing.unacknowledged <= 10_000


def test_a_spool_is_full_at_its_bound_and_has_room_again() -> None:
    with tempfile.TemporaryDirectory() as folder:
        outgoing = Outgoing(Spool(folder, 20_000, segment=4_000), memory=0)
        with pytest.raises(SpoolError, match="20,000 bytes wait"):
            fill(outgoing)
        while taken := outgoing.take():
            outgoing.acknowledge(taken[0])
        for _ in range(100):
            outgoing.add(b"x" * 100)
        outgoing.close()


def test_a_spool_that_never_runs_empty_stays_bounded() -> None:
    with tempfile.TemporaryDirectory() as folder:
        outgoing = Outgoing(Spool(folder, 20_000, segment=4_000), memory=0)
        for _ in range(50):
            outgoing.add(b"x" * 100)
        for _ in range(1_000):
            outgoing.add(b"x" * 100)
            taken = outgoing.take()
            assert taken is not None
            outgoing.acknowledge(taken[0])
        outgoing.close()


def test_a_folder_that_is_gone_is_the_reason() -> None:
    outgoing = Outgoing(Spool("/nowhere/at/all"), memory=0)
    with pytest.raises(SpoolError, match="/nowhere/at/all cannot be written"):
        outgoing.add(b"x")


def test_a_body_may_be_long_and_no_longer() -> None:
    outgoing, incoming = Outgoing(memory=2 * LONGEST_BODY), Incoming()
    outgoing.add(bytes(LONGEST_BODY))
    while taken := outgoing.take():
        whole = incoming.take(*taken)
    assert whole == bytes(LONGEST_BODY)
    with pytest.raises(ValueError, match="expected at most"):
        outgoing.add(bytes(LONGEST_BODY + 1))


def test_a_body_without_an_end_is_refused() -> None:
    incoming, piece = Incoming(), Piece(bytes(MAX_LINK_PIECE_BYTES), more=True)
    longest = LONGEST_BODY // MAX_LINK_PIECE_BYTES
    for number in range(1, longest + 1):
        incoming.take(number, piece)
    with pytest.raises(ProtocolError, match="a body of more than"):
        incoming.take(longest + 1, piece)


def test_what_was_received_before_is_not_received_again() -> None:
    incoming = Incoming()
    assert incoming.take(1, Piece(b"once", False)) == b"once"
    assert incoming.take(1, Piece(b"once", False)) is None
    assert incoming.received == 1


def test_gaps_and_wrong_acknowledgements_are_refused() -> None:
    incoming, outgoing = Incoming(), Outgoing()
    with pytest.raises(ProtocolError, match="piece 2, and 1 was the next"):
        incoming.take(2, Piece(b"", False))
    outgoing.add(b"never sent")
    with pytest.raises(ProtocolError, match="of piece 1, and 0 was the last"):
        outgoing.acknowledge(1)
    outgoing.take()
    outgoing.acknowledge(1)
    with pytest.raises(ProtocolError, match="acknowledged 1 before"):
        outgoing.resume(0)
