"""The server of workbenches, with programs in their place that only read what they are sent."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count

import aiohttp
import pytest
from yarl import URL

from cortex_tui.limits import MAX_VISITORS
from cortex_tui.web.server import Served, serve
from tests.patience import PATIENCE_S

READS = "print('__GANGLION__', flush=True); sys.stdin.buffer.read(9)"
"""Ends with the first message."""

Reports = list[str]
Connect = Callable[..., "aiohttp.client._WSRequestContextManager"]


@asynccontextmanager
async def running(code: str) -> AsyncIterator[tuple[Connect, Reports]]:
    """A server, ended by a signal; and what connects a visitor to it."""
    command = [sys.executable, "-c", f"import sys; {code}"]
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    reports: Reports = []
    served = Served(
        command=command, environment=dict(os.environ), address="127.0.0.1", port=0, keep_s=0
    )
    jar = aiohttp.CookieJar(unsafe=True)
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as tasks:
        tasks.create_task(serve(served, ready=address.set_result, report=reports.append))
        url = URL(await address)
        async with aiohttp.ClientSession(cookie_jar=jar) as http:
            async with http.get(url):
                pass
            origin = str(url.origin())
            tabs = count()
            yield (
                (
                    lambda tab=None: http.ws_connect(
                        f"{origin}/ws/{tab or next(tabs)}", origin=origin
                    )
                ),
                reports,
            )
            os.kill(os.getpid(), signal.SIGTERM)


async def test_the_number_of_visitors_is_bounded() -> None:
    async with running(READS) as (connect, _):
        sockets = [await connect() for _ in range(MAX_VISITORS)]
        with pytest.raises(aiohttp.WSServerHandshakeError, match="503"):
            await connect()
        # One that leaves makes room; when it has ended is the server's to know.
        await sockets.pop().close()
        while True:
            try:
                sockets.append(await connect())
                break
            except aiohttp.WSServerHandshakeError:
                await asyncio.sleep(0.05)


async def test_a_workbench_that_fails_is_reported_also_on_its_page() -> None:
    async with running("sys.exit('no such store')") as (connect, reports):
        async with connect() as socket:
            assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
        assert reports == ["a workbench has failed: no such store"]


async def test_a_server_ends_while_visitors_come() -> None:
    async with running(READS) as (connect, _):
        tasks = [asyncio.ensure_future(connect()) for _ in range(3)]
        await tasks[0]
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait(tasks)
