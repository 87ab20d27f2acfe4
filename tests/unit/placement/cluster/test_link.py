"""Links over real connections: whatever becomes of those, every body arrives once and in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cortex_tui.placement.cluster.link import Link, LinkState
from cortex_tui.placement.cluster.link_client import connect
from cortex_tui.placement.cluster.link_server import LinkServer


class End:
    """What one end of a link has received, and its states."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.states: list[LinkState] = []
        self.link: Link


@asynccontextmanager
async def linked() -> AsyncIterator[tuple[End, End]]:
    server, here, there = LinkServer(), End(), End()
    await server.start("127.0.0.1")
    here.link = server.expect("runner 1", here.bodies.append, here.states.append)
    there.link = await connect(
        server.ticket("m1"), "runner 1", there.bodies.append, there.states.append
    )
    try:
        yield here, there
    finally:
        there.link.close()
        await server.close()
        await asyncio.sleep(0.01)


async def test_bodies_go_both_ways() -> None:
    async with linked() as (here, there):
        sent = [b"", b"one", b"x" * 1_000_000, b"last"]
        for body in sent:
            here.link.send(body)
            there.link.send(body)
        await here.link.drained()
        await there.link.drained()
        assert here.bodies == there.bodies == sent
        assert here.link.machine == "m1"
