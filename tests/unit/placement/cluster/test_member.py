"""Whether a machine is lost: what Dask reports of it, and what is seen on its link."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec
import pytest

from cortex_tui.placement.cluster import member as member_module
from cortex_tui.placement.cluster.addresses import address_of
from cortex_tui.placement.cluster.control import agent_channel
from cortex_tui.placement.cluster.link import Link, Timing
from cortex_tui.placement.cluster.link_client import connect
from cortex_tui.placement.cluster.link_server import LinkServer
from cortex_tui.placement.cluster.member import Member
from cortex_tui.placement.cluster.settings import ClusterSettings
from cortex_tui.placement.cluster.ticket import Ticket
from tests.faulty_proxy import FaultyProxy, faulty_proxy
from tests.patience import PATIENCE_S

TIMING = Timing(beat_s=0.02, silence_s=0.2, patience_s=60, start_s=60)
GONE = "its Dask worker has ended"


class Machine:
    """One whose worker of Dask may be out of reach."""

    name, slots, lost_is_certain = "red", 1, False

    def __init__(self) -> None:
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def start_agent(self, ticket: Ticket) -> None:
        pass

    async def close(self) -> None:
        pass


@asynccontextmanager
async def agent_of(machine: Machine) -> AsyncIterator[tuple[Member, Link, FaultyProxy]]:
    server = LinkServer(TIMING)
    await server.start("127.0.0.1")
    async with faulty_proxy(server.port) as proxy:
        member = Member(machine, server, ClusterSettings())
        await member.start()
        addresses = (address_of("127.0.0.1", proxy.port),)
        ticket = msgspec.structs.replace(server.ticket("red"), addresses=addresses)
        link = await connect(ticket, agent_channel("red"), print, lambda state: None, timing=TIMING)
        try:
            yield member, link, proxy
        finally:
            link.close()
            member.close()
            await server.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member_module, "_RETURN_S", 0.1)


@pytest.mark.parametrize("reported_first", [True, False])
async def test_it_is_lost_where_its_connection_was_closed_too(reported_first: bool) -> None:
    machine = Machine()
    async with agent_of(machine) as (member, _, proxy):
        proxy.refusing = True
        if reported_first:
            machine.lost.set_result(GONE)
            await asyncio.sleep(0)
            assert not member.lost
        proxy.cut()
        if not reported_first:
            await asyncio.sleep(0)
            machine.lost.set_result(GONE)
        await until(lambda: bool(member.lost))
        assert member.lost == GONE


async def test_it_is_not_lost_while_its_agent_answers_or_is_only_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(member_module, "_RETURN_S", 60)
    machine = Machine()
    async with agent_of(machine) as (member, _, proxy):
        machine.lost.set_result(GONE)
        await asyncio.sleep(0)
        for fault in (proxy.stall, proxy.cut):
            before = proxy.connections
            fault()
            await until(lambda before=before: proxy.connections > before)  # type: ignore[misc]
            proxy.flow()
            assert not member.lost


async def test_the_end_that_an_agent_reports_is_the_reason() -> None:
    async with agent_of(Machine()) as (member, link, _):
        link.close("its agent has ended with what had started it")
        await until(lambda: bool(member.lost))
        assert member.lost == "its agent has ended with what had started it"
