"""Links over real connections: whatever becomes of those, every body arrives once and in order."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from cortex_tui.placement.cluster import tls
from cortex_tui.placement.cluster.addresses import address_of
from cortex_tui.placement.cluster.link import Broken, Connected, Ended, Link, LinkState, Timing
from cortex_tui.placement.cluster.link_client import connect
from cortex_tui.placement.cluster.link_server import LinkServer
from cortex_tui.placement.cluster.resumable import LONGEST_BODY, Outgoing
from cortex_tui.placement.cluster.spool import Spool, SpoolError
from tests.faulty_proxy import FaultyProxy, faulty_proxy
from tests.patience import PATIENCE_S

QUICK = Timing(beat_s=0.02, silence_s=0.3, patience_s=60, start_s=60)
"""Sees a silent connection soon, and waits long for the next: no test depends on how long."""
CHANNEL = "runner 1"


class End:
    """What one end of a link has received, and its states."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.states: list[LinkState] = []
        self.link: Link

    def reasons(self) -> list[str]:
        """Why connections broke, and the link ended."""
        return [state.reason for state in self.states if not isinstance(state, Connected)]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


@asynccontextmanager
async def serving(
    timing: Timing = QUICK, identity: tls.Identity | None = None
) -> AsyncIterator[LinkServer]:
    server = LinkServer(timing)
    await server.start("127.0.0.1", identity=identity)
    try:
        yield server
    finally:
        await server.close()
        await asyncio.sleep(0.01)  # closed transports report their end


@asynccontextmanager
async def linked(
    *,
    timing: Timing = QUICK,
    identity: tls.Identity | None = None,
    outgoing: Outgoing | None = None,
) -> AsyncIterator[tuple[End, End, FaultyProxy]]:
    """The program's end, the agent's end, and the proxy between them."""
    here, there = End(), End()
    async with serving(timing, identity) as server, faulty_proxy(server.port) as proxy:
        here.link = server.expect(CHANNEL, here.bodies.append, here.states.append)
        addresses = (address_of("127.0.0.1", proxy.port),)
        ticket = msgspec.structs.replace(server.ticket("m1"), addresses=addresses)
        there.link = await connect(
            ticket,
            CHANNEL,
            there.bodies.append,
            there.states.append,
            outgoing=outgoing,
            timing=timing,
        )
        try:
            yield here, there, proxy
        finally:
            there.link.close()


@pytest.fixture(scope="module")
def identity() -> tls.Identity:
    return tls.own_identity()


@pytest.mark.parametrize("encrypted", [False, True])
async def test_bodies_arrive_whole_in_both_directions(
    encrypted: bool, identity: tls.Identity
) -> None:
    async with linked(identity=identity if encrypted else None) as (here, there, proxy):
        sent = [b"", b"one", b"x" * 1_000_000, b"secret words", b""]
        for body in sent:
            here.link.send(body)
            there.link.send(body)
        await here.link.drained()
        await there.link.drained()
        assert here.bodies == there.bodies == sent
        assert here.link.machine == "m1"
        assert (b"secret words" in proxy.seen) is not encrypted


@pytest.mark.parametrize("encrypted", [False, True])
async def test_nothing_is_lost_or_repeated_when_connections_are_cut_at_any_byte(
    encrypted: bool, identity: tls.Identity
) -> None:
    rng = random.Random(7)
    async with linked(identity=identity if encrypted else None) as (here, there, proxy):
        proxy.cut_after = lambda: rng.choice([0, 50, 500, 5_000, 50_000, 500_000])
        proxy.cut()
        sent = [b"%d " % number * rng.choice([0, 1, 100, 30_000]) for number in range(200)]
        for body in sent:
            here.link.send(body)
            there.link.send(body)
            await asyncio.sleep(0.001)
        await until(lambda: proxy.connections > 20)
        proxy.cut_after = None
        proxy.cut()
        await here.link.drained()
        await there.link.drained()
        assert here.bodies == there.bodies == sent


async def test_what_is_sent_without_a_connection_arrives_with_the_next() -> None:
    async with linked() as (here, there, proxy):
        proxy.refusing = True
        proxy.cut()
        await until(lambda: isinstance(here.link.state, Broken))
        await until(lambda: isinstance(there.link.state, Broken))
        here.link.send(b"from here")
        there.link.send(b"from there")
        assert here.link.unacknowledged == 9
        proxy.refusing = False
        await here.link.drained()
        await there.link.drained()
        assert (here.bodies, there.bodies) == ([b"from there"], [b"from here"])
        assert isinstance(here.link.state, Connected)
        assert here.link.unacknowledged == 0


async def test_a_connection_on_which_nothing_arrives_is_replaced() -> None:
    async with linked() as (here, there, proxy):
        proxy.stall()
        there.link.send(b"into the dark")
        await until(lambda: isinstance(here.link.state, Broken))
        assert here.reasons() == ["nothing was received for 0.3 s"]
        proxy.flow()
        await there.link.drained()
        assert here.bodies == [b"into the dark"]


async def test_a_connection_without_traffic_stays() -> None:
    async with linked() as (here, there, _):
        started = time.perf_counter_ns()
        quiet_ns = 3 * QUICK.silence_s * 1e9
        await until(lambda: there.link.received_ns > started + quiet_ns)
        await until(lambda: here.link.received_ns > started + quiet_ns)
        assert here.reasons() == there.reasons() == []


async def test_half_a_connection_is_none() -> None:
    async with linked() as (here, there, proxy):
        proxy.half_close()
        await until(lambda: bool(here.reasons() or there.reasons()))
        there.link.send(b"later")
        here.link.send(b"back")
        await there.link.drained()
        await here.link.drained()
        assert (here.bodies, there.bodies) == ([b"later"], [b"back"])


async def test_a_blocked_event_loop_breaks_no_connection() -> None:
    async with linked() as (here, there, _):
        for _ in range(3):
            time.sleep(3 * QUICK.silence_s)  # noqa: ASYNC251
            await asyncio.sleep(2 * QUICK.beat_s)
        there.link.send(b"still here")
        await there.link.drained()
        assert here.bodies == [b"still here"]
        assert here.reasons() == there.reasons() == []


async def test_a_slow_connection_keeps_its_backlog_on_disk(tmp_path: Path) -> None:
    outgoing = Outgoing(Spool(str(tmp_path), segment=200_000), memory=100_000)
    async with linked(outgoing=outgoing) as (here, there, proxy):
        proxy.bytes_per_s = 1_000_000
        sent = [bytes([number]) * 50_000 for number in range(40)]
        for body in sent:
            there.link.send(body)
        # The system's buffers take some of it; the rest waits here.
        assert there.link.unacknowledged == 2_000_000
        proxy.bytes_per_s = 0
        await there.link.drained()
        assert here.bodies == sent
        assert here.reasons() == []
        assert os.listdir(tmp_path) == []


async def test_a_full_buffer_ends_the_link_with_its_reason() -> None:
    async with linked(outgoing=Outgoing(memory=100_000)) as (_, there, proxy):
        proxy.refusing = True
        proxy.cut()
        await until(lambda: isinstance(there.link.state, Broken))
        for _ in range(10):
            there.link.send(b"x" * 20_000)
        assert isinstance(there.link.state, Ended)
        assert "more than 100,000 bytes wait to be sent" in there.link.state.reason
        await there.link.drained()


async def test_a_full_buffer_ends_the_other_end_too() -> None:
    async with linked(outgoing=Outgoing(memory=10_000)) as (here, there, _):
        there.link.send(b"x" * 20_000)
        await until(lambda: here.link.ended)
        assert "more than 10,000 bytes wait" in here.reasons()[-1]


async def test_a_link_without_a_connection_ends_after_its_patience() -> None:
    timing = Timing(beat_s=0.02, silence_s=0.2, patience_s=0.2, start_s=60)
    async with linked(timing=timing) as (here, there, proxy):
        proxy.refusing = True
        proxy.cut()
        await until(lambda: here.link.ended and there.link.ended)
        assert here.reasons()[-1].startswith("no connection for 0.2 s: ")
        assert there.reasons()[-1].startswith("no connection for 0.2 s: 127.0.0.1:")


async def test_a_closed_link_is_closed_at_both_ends_and_takes_no_more() -> None:
    async with linked() as (here, there, _):
        there.link.send(b"last words")
        await there.link.drained()
        there.link.close("the runner has ended")
        there.link.send(b"too late")
        await until(lambda: here.link.ended)
        assert here.reasons() == there.reasons() == ["the runner has ended"]
        assert here.bodies == [b"last words"]


async def test_a_link_that_is_closed_here_refuses_the_agent_for_good() -> None:
    async with linked() as (here, there, proxy):
        proxy.refusing = True
        proxy.cut()
        await until(lambda: isinstance(there.link.state, Broken))
        here.link.close("the machine is lost")
        proxy.refusing = False
        await until(lambda: there.link.ended)
        assert "nothing is expected on channel 'runner 1'" in there.reasons()[-1]


async def test_what_cannot_be_taken_ends_the_link() -> None:
    def fail(body: bytes) -> None:
        raise ArithmeticError("no sense in this")

    async with linked() as (here, there, _):
        here.link._receive = fail
        there.link.send(b"nonsense")
        there.link.send(b"more of it")
        await until(lambda: there.link.ended)
        assert "no sense in this" in there.reasons()[-1]
        assert here.reasons() == there.reasons()


async def test_bodies_that_are_too_long_are_refused_where_they_are_sent() -> None:
    async with linked() as (_, there, _):
        with pytest.raises(ValueError, match="expected at most"):
            there.link.send(bytes(LONGEST_BODY + 1))
        assert not there.link.ended


async def test_the_longest_body_needs_no_settings() -> None:
    async with linked() as (here, there, _):
        here.link.send(bytes(LONGEST_BODY))
        await here.link.drained()
        assert there.bodies == [bytes(LONGEST_BODY)]


async def test_many_links_share_a_server() -> None:
    async with serving() as server:
        received: list[list[bytes]] = [[] for _ in range(20)]
        for number, bodies in enumerate(received):
            server.expect(f"runner {number}", bodies.append, lambda state: None)
        with pytest.raises(ValueError, match="taken"):
            server.expect("runner 3", print, lambda state: None)
        links = await asyncio.gather(
            *(
                connect(server.ticket("m"), f"runner {number}", print, lambda state: None)
                for number in range(20)
            )
        )
        for number, link in enumerate(links):
            link.send(b"%d" % number)
        await asyncio.gather(*(link.drained() for link in links))
        assert received == [[b"%d" % number] for number in range(20)]
        for link in links:
            link.close()


async def test_a_disk_that_fails_ends_the_link_with_its_reason(tmp_path: Path) -> None:
    class Failing(Spool):
        def _bytes(self, at: int, length: int) -> bytes:
            raise SpoolError("the disk is gone")

    async with linked(outgoing=Outgoing(Failing(str(tmp_path)), memory=0)) as (here, there, _):
        there.link.send(b"kept nowhere")
        assert there.reasons()[-1].startswith("the disk is gone")
        await until(lambda: here.link.ended)
