"""A `cortex-tui serve` in a folder of a test, and what a page does with it."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from pathlib import Path
from typing import NamedTuple

import aiohttp
import pytest
from yarl import URL

from tests.e2e.processes import descendants_of, wait_until_gone
from tests.e2e.program import PROGRAM, newest_session, write_suite
from tests.patience import PATIENCE_S

PROFILES = """
    [profile.nap]
    workload = "bench:nap"
    duration = "1h"
    [profile.rest]
    workload = "bench:nap"
"""


class Server(NamedTuple):
    """A `cortex-tui serve` of these tests."""

    process: subprocess.Popen[str]
    address: URL
    """As it was printed: with the token."""

    @property
    def origin(self) -> str:
        return str(self.address.origin())


@contextmanager
def started(folder: Path, *options: str) -> Iterator[Server]:
    """Nothing of it is left afterwards."""
    command = [str(PROGRAM), "serve", *options]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield Server(process, URL(process.stdout.readline().strip()))
        finally:
            others = descendants_of(process.pid) if process.poll() is None else set()
            process.send_signal(signal.SIGTERM)
            code = process.wait(PATIENCE_S)
            wait_until_gone(others)
        assert code in (0, -signal.SIGKILL)


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    """In a folder with two profiles, one of them checked."""
    write_suite(folder, PROFILES)
    # A name that a shell would take for commands.
    store = "$(touch shell) & 's.db"
    with started(folder, "shop.nap", "--port", "0", "--store", store) as server:
        yield server
    assert not (folder / "shell").exists()


class Tab:
    """What a page does, without a browser: it has the cookie, and talks to its workbench."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.shown = ""

    async def press(self, key: str) -> None:
        await self.socket.send_json(["stdin", key])

    async def wait_for(self, part: str) -> None:
        """Until that was drawn since it was last waited for something."""
        async with asyncio.timeout(PATIENCE_S):
            while part not in self.shown:
                message = await self.socket.receive()
                assert message.type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT), message
                if message.type is aiohttp.WSMsgType.BINARY:
                    self.shown += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", message.data.decode())
        self.shown = ""

    async def wait_until_closed(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            async for _ in self.socket:
                pass


@asynccontextmanager
async def visiting(server: Server) -> AsyncIterator[aiohttp.ClientSession]:
    """A client that has opened the printed address, and so has the cookie."""
    jar = aiohttp.CookieJar(unsafe=True)  # unsafe: also of IP addresses
    async with aiohttp.ClientSession(cookie_jar=jar) as http:
        async with http.get(server.address) as response:
            assert response.status == 200
            cookie = response.headers["Set-Cookie"]
            assert "HttpOnly" in cookie
            assert "SameSite=Strict" in cookie
        yield http


_TABS = count()


@asynccontextmanager
async def open_tab(server: Server, name: str = "") -> AsyncIterator[Tab]:
    """A tab of that name, or a new one."""
    async with visiting(server) as http:
        path = f"{server.origin}/ws/{name or next(_TABS)}?width=100&height=30"
        async with http.ws_connect(path, origin=server.origin) as socket:
            yield Tab(socket)


async def run_until_measured(tab: Tab) -> None:
    await tab.wait_for("1 checked")
    await tab.press("r")
    await tab.wait_for("measure")


def stored(folder: Path) -> str:
    """The state of the session that was stored last."""
    (store,) = folder.glob("*.db")
    return newest_session(folder, store)[1]
