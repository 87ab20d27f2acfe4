"""Links between network namespaces, whose cables are cut and slow."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from subprocess import PIPE

import pytest

from cortex_tui.placement.cluster.link import Broken, Connected, Link, LinkState, Timing
from cortex_tui.placement.cluster.listening import listening
from cortex_tui.placement.cluster.ticket import encode_ticket
from tests.network_namespaces import Namespace, namespace, why_not
from tests.patience import PATIENCE_S

TIMING = Timing(beat_s=0.05, silence_s=0.5, patience_s=120, start_s=120)
BODIES = 300
AGENT = f"""
import asyncio, sys
from cortex_tui.placement.cluster.link import Timing
from cortex_tui.placement.cluster.link_client import connect
from cortex_tui.placement.cluster.ticket import decode_ticket

async def main():
    ticket = decode_ticket(sys.stdin.buffer.readline())
    link = await connect(ticket, "numbers", print, lambda state: None, timing={TIMING!r})
    size = int(sys.argv[1])
    for number in range({BODIES}):
        link.send(b"%d " % number + bytes(size))
        await asyncio.sleep(0.005)
    await link.drained()
    link.close("all is sent")

asyncio.run(main())
"""


@pytest.fixture(scope="module", autouse=True)
def _namespaces() -> None:
    if reason := why_not():
        pytest.skip(reason)


class Received:
    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.states: list[LinkState] = []
        self.link: Link

    def take(self, body: bytes) -> None:
        self.numbers.append(int(body.split()[0]))


@asynccontextmanager
async def receiving(there: Namespace, size: int) -> AsyncIterator[Received]:
    """From an agent in that namespace, over TLS, bodies of that size."""
    received = Received()
    async with listening(there.here, "", TIMING) as server:
        received.link = server.expect("numbers", received.take, received.states.append)
        agent = await asyncio.create_subprocess_exec(
            *there.prefix, sys.executable, "-c", AGENT, str(size), stdin=PIPE
        )
        try:
            assert agent.stdin is not None
            ticket = server.ticket("m1")
            assert ticket.fingerprint
            agent.stdin.write(encode_ticket(ticket))
            yield received
        finally:
            if agent.returncode is None:
                agent.kill()
            await agent.wait()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_cable_that_is_pulled_out_and_plugged_in_loses_nothing() -> None:
    with namespace() as there:
        async with receiving(there, size=1_000) as received:
            for seen in (20, 120):
                await until(lambda seen=seen: len(received.numbers) > seen)  # type: ignore[misc]
                there.cut()
                await until(lambda: isinstance(received.link.state, Broken))
                there.mend()
                await until(lambda: isinstance(received.link.state, Connected))
            await until(lambda: received.link.ended)
            assert received.numbers == list(range(BODIES))
            assert any(
                isinstance(state, Broken) and state.reason == "nothing was received for 0.5 s"
                for state in received.states
            )


async def test_a_slow_cable_is_late_and_complete() -> None:
    with namespace() as there:
        there.slow(8_000_000)  # a third of what is sent
        async with receiving(there, size=10_000) as received:
            await until(lambda: received.link.ended)
            assert received.numbers == list(range(BODIES))
