"""How a cluster starts whose machines are not all there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from cortex_tui.placement.cluster import placement
from cortex_tui.placement.cluster.placement import OnCluster
from cortex_tui.placement.cluster.port import ClusterError
from cortex_tui.placement.cluster.settings import ClusterSettings
from cortex_tui.placement.cluster.ticket import Ticket
from cortex_tui.protocol.plan import SessionPlan

PLAN = SessionPlan(session="s", runs=(), scratch="/nowhere", cache="/nowhere")


class Mute:
    """A machine whose agent never connects."""

    slots = 1
    lost_is_certain = True

    def __init__(self, name: str, events: list[str]) -> None:
        self.name = name
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._events = events

    async def start_agent(self, ticket: Ticket) -> None:
        self._events.append(f"{self.name} started")

    async def close(self) -> None:
        self._events.append(f"{self.name} closed")


class Broken(Mute):
    """One on which no agent can be started."""

    async def start_agent(self, ticket: Ticket) -> None:
        raise ClusterError(f"{self.name}: no Python there")


class Machines:
    """An adapter with machines of these kinds."""

    name = words = "test"
    listen = "127.0.0.1"

    def __init__(self, *kinds: type[Mute]) -> None:
        self.events: list[str] = []
        self._kinds = kinds

    def slots(self) -> int:
        return len(self._kinds)

    @asynccontextmanager
    async def machines(self) -> AsyncIterator[Sequence[Mute]]:
        machines = [kind(f"m{at}", self.events) for at, kind in enumerate(self._kinds, 1)]
        try:
            yield machines
        finally:
            for machine in machines:
                await machine.close()


async def start(adapter: Machines) -> None:
    async with OnCluster(adapter, ClusterSettings()).open(PLAN):
        pass


async def test_machines_that_do_not_connect_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placement, "START_S", 0.1)
    adapter = Machines(Mute, Mute)
    with pytest.raises(ClusterError, match=r"connect to 127\.0\.0\.1:\d+ within 0\.1 s: m1, m2$"):
        await start(adapter)
    assert adapter.events == ["m1 started", "m2 started", "m1 closed", "m2 closed"]


async def test_all_are_closed_where_one_could_not_be_started() -> None:
    adapter = Machines(Broken, Mute)
    with pytest.raises(ClusterError, match="m1: no Python there"):
        await start(adapter)
    assert adapter.events == ["m2 started", "m1 closed", "m2 closed"]
