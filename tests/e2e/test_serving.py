"""`cortex-tui serve`: the workbench in a browser, and who is not let in."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from pathlib import Path
from typing import NamedTuple

import aiohttp
import pytest
from yarl import URL

from tests.e2e import browser
from tests.e2e import test_story as story
from tests.e2e.browser import Page, chromium
from tests.e2e.processes import descendants_of, wait_until_gone
from tests.e2e.program import PROGRAM, call, newest_session, write_suite
from tests.e2e.workbench import ended_since
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


@pytest.mark.skipif(bool(browser.MISSING), reason=browser.MISSING)
@pytest.mark.long
async def test_a_browser_shows_the_workbench_and_drives_it(
    server: Server, folder: Path, tmp_path: Path
) -> None:
    async with chromium(tmp_path / "browser") as opened:
        page = await opened.open(str(server.address))
        await page.wait_for("profile", "[x] nap", "[ ] rest", "1 checked")
        # The token is neither in the address any more, nor within reach of scripts.
        assert await page.evaluate("location.href") == f"{server.origin}/"
        assert await page.evaluate("document.cookie") == ""

        await page.click(2, await row_with(page, "[ ] rest"))
        await page.wait_for("[x] rest", "2 checked")
        await page.press("r")
        await page.wait_for("running", "measure")
        others = descendants_of(server.process.pid)
        assert len(others) >= 2

        # A second tab has a workbench of its own, and needs no token.
        second = await opened.open(f"{server.origin}/")
        await second.wait_for("[x] nap", "1 checked")
        assert "measure" not in await second.screen()
        assert_needs_nothing_else(second)
        await second.press("q")
        await second.wait_for_true("document.body.classList.contains('-closed')")

        # Loaded again, the page has its workbench back, with the session that is running.
        await page.reload()
        await page.wait_for("2 checked", "measure")
        assert descendants_of(server.process.pid) == others
        await page.press("x")
        await page.wait_for("stopped")

        assert_needs_nothing_else(page)
        await page.press("q")
        await page.wait_for_true("document.body.classList.contains('-closed')")
        await asyncio.to_thread(wait_until_gone, others)
    # A run has stopped before its session has, and that is stored.
    assert stored(folder) == "stopped"


def assert_needs_nothing_else(page: Page) -> None:
    """To be asked while its workbench is there: a page that has none complains of its socket."""
    assert {URL(url).host for url in page.requested} == {"127.0.0.1"}
    assert set(page.statuses.values()) == {200}
    assert page.complaints == []


async def row_with(page: Page, part: str) -> int:
    """Which line of the screen it stands on."""
    lines = (await page.wait_for(part)).splitlines()
    return next(at for at, line in enumerate(lines) if part in line)


async def compare_both(page: Page, folder: Path) -> None:
    """From the library to the pictures of a comparison, which is written to a file."""
    await page.press("h")
    await page.wait_for("Stored", "2 sessions", "web")
    await page.press(" ", "j", " ")
    await page.wait_for("2 checked")
    await page.press("c")
    await page.wait_for("web", "geometric mean")
    for key, part in {"d": "difference", "c": "curves", "h": "heat map"}.items():
        await page.press(key)
        await page.wait_for(f"[{key} {part}]")
    await page.press("e")
    await page.wait_for("Write the comparison as Markdown")
    await page.press("Enter")
    await page.wait_for("Written to")
    assert any(name.startswith("compare-web-") for name in os.listdir(folder))
    await page.press("Escape")
    await page.wait_for("Stored")
    await page.press("h")
    await page.wait_until(lambda screen: "Stored" not in screen)


async def run_to_end(page: Page) -> None:
    ended = ended_since(await page.screen())
    await page.press("r")
    await page.wait_until(ended)


@pytest.mark.skipif(bool(browser.MISSING), reason=browser.MISSING)
@pytest.mark.long
async def test_a_users_story_in_a_browser(folder: Path, tmp_path: Path) -> None:
    write_suite(folder, story.PROFILES, code=story.CODE, defaults=story.DEFAULTS)
    (folder / "factor").write_text("1")
    with started(folder, "--port", "0") as server:
        async with chromium(tmp_path / "browser") as opened:
            page = await opened.open(str(server.address))
            await page.wait_for("[ ] browse")
            await page.press("/", *"shop.", "Enter")
            await page.wait_until(lambda screen: "mediator" not in screen)
            await page.click(2, await row_with(page, "[ ] browse"))
            await page.click(2, await row_with(page, "[ ] order"))
            await page.wait_for("2 checked", "[x] browse", "[x] order")
            await run_to_end(page)
            for key, part in story.TABS.items():
                await page.press(key)
                await page.wait_for(f"[{key} ", part)
            await page.press("[")
            await page.wait_for("returns to now")
            await page.press("w")
            await page.wait_for("Note on shop.")
            await page.press(*"seen", "Enter")
            await page.wait_for("noted")
            await page.press("Escape")
            await page.wait_until(lambda screen: "returns to now" not in screen)
            await page.press("s")
            await page.wait_for("Save")
            await page.press(*"web", "Enter")
            await page.wait_for("Saved as web")
            (folder / "factor").write_text("3")
            await run_to_end(page)
            await compare_both(page, folder)
            await page.press("q")
            await page.wait_for_true("document.body.classList.contains('-closed')")
            assert page.complaints == []
    assert "note: seen" in call(folder, "show", "web", "--json").stdout


@pytest.mark.skipif(bool(browser.MISSING), reason=browser.MISSING)
async def test_a_browser_without_the_token_sees_nothing(server: Server, tmp_path: Path) -> None:
    async with chromium(tmp_path / "browser") as opened:
        page = await opened.open(f"{server.origin}/")
        await page.wait_for_true("document.body?.innerText.includes('with its token')")
        await opened.open(str(server.address))
        # A foreign page, in the browser that has the cookie.
        foreign = await opened.open("data:text/html,<p>foreign</p>")
        await foreign.wait_for_true("document.body?.innerText === 'foreign'")
        answer = await foreign.evaluate(
            "new Promise(done => { const socket = new WebSocket("
            f"'ws://{server.address.authority}/ws/a');"
            "socket.onopen = () => done('open'); socket.onerror = () => done('refused'); })"
        )
        assert answer == "refused"


async def test_every_path_needs_the_cookie_the_address_and_the_origin(server: Server) -> None:
    paths = ("/", "/ws/a", "/page.js", "/static/js/textual.js", "/static/", "/nothing")
    strange = [{"Host": "evil.example"}, {"Origin": "http://evil.example"}]
    async with visiting(server) as visitor, aiohttp.ClientSession() as stranger:
        for path in paths:
            async with stranger.get(server.origin + path) as response:
                assert response.status == 403
            async with stranger.get(f"{server.origin}{path}?token=wrong") as response:
                assert response.status == 403
            for headers in strange:
                async with visitor.get(server.origin + path, headers=headers) as response:
                    assert response.status == 403
        # Only the page takes a token.
        async with stranger.get(server.address.with_path("/page.js", keep_query=True)) as response:
            assert response.status == 403
        for origin in ("http://evil.example", "null", None):
            with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
                await visitor.ws_connect(f"{server.origin}/ws/a", origin=origin)
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await stranger.ws_connect(f"{server.origin}/ws/a", origin=server.origin)
        assert descendants_of(server.process.pid) == set()


async def test_page_and_assets_name_no_other_host(server: Server) -> None:
    async with visiting(server) as http:
        async with http.get(f"{server.origin}/") as response:
            page = await response.text()
            policy = response.headers["Content-Security-Policy"]
        assert f"connect-src 'self' ws://{server.address.authority};" in policy
        assert "default-src 'none'" in policy
        loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
        assets = [link for link in loaded if not link.startswith("data:")]
        assert len(assets) == 4
        assert all(link.startswith("/") and not link.startswith("//") for link in assets)
        for link in assets:
            async with http.get(server.origin + link) as response:
                assert response.status == 200
                text = re.sub(r"/\*.*?\*/", "", await response.text(), flags=re.DOTALL)
            assert not re.search(r"https?://[\w.]", text), link
            for address in re.findall(r"url\(\"?([^\")]+)", text):
                async with http.get(f"{server.origin}{address}") as response:
                    assert response.status == 200


async def test_a_page_that_is_loaded_again_shows_the_same_session(
    server: Server, folder: Path
) -> None:
    async with open_tab(server, "same") as tab:
        await run_until_measured(tab)
        others = descendants_of(server.process.pid)
        assert len(others) >= 2
    async with open_tab(server, "same") as tab:
        # All is drawn, not only what changes.
        await tab.wait_for("▸[x]")
        assert descendants_of(server.process.pid) == others
        await tab.press("x")
        await tab.wait_for("stopped")
        await tab.press("q")
        await tab.wait_until_closed()
    assert stored(folder) == "stopped"


async def test_a_copy_of_a_tab_takes_the_workbench_over(server: Server) -> None:
    async with open_tab(server, "same") as tab, open_tab(server, "same") as copy:
        await tab.wait_until_closed()
        await copy.wait_for("1 checked")
        await copy.press("q")
        await copy.wait_until_closed()


async def test_a_session_is_measured_to_its_end_when_its_tab_is_closed(folder: Path) -> None:
    write_suite(folder, PROFILES.replace("1h", "3s"))
    with started(folder, "shop.nap", "--port", "0", "--keep", "1ms", "--store", "s.db") as server:
        async with open_tab(server) as tab:
            await run_until_measured(tab)
            others = descendants_of(server.process.pid)
        await asyncio.to_thread(wait_until_gone, others)
        assert stored(folder) == "finished"
        assert server.process.poll() is None


async def test_a_closed_tab_without_a_session_leaves_nothing(folder: Path) -> None:
    write_suite(folder, PROFILES)
    with started(folder, "--port", "0", "--keep", "1ms", "--store", "s.db") as server:
        async with open_tab(server) as tab:
            await tab.wait_for("checked")
            others = descendants_of(server.process.pid)
        await asyncio.to_thread(wait_until_gone, others)
        assert server.process.poll() is None


async def test_its_own_key_ends_a_workbench_and_closes_the_socket(server: Server) -> None:
    async with open_tab(server) as tab:
        await tab.wait_for("1 checked")
        await tab.press("q")
        await tab.wait_until_closed()
        assert descendants_of(server.process.pid) == set()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_to_the_server_ends_all_workbenches(
    server: Server, folder: Path, number: signal.Signals
) -> None:
    async with open_tab(server) as first, open_tab(server) as second:
        await run_until_measured(first)
        await second.wait_for("1 checked")
        others = descendants_of(server.process.pid)
        server.process.send_signal(number)
        await first.wait_until_closed()
        await second.wait_until_closed()
        assert await asyncio.to_thread(server.process.wait, PATIENCE_S) == 0
    await asyncio.to_thread(wait_until_gone, others)
    assert stored(folder) == "stopped"


async def test_a_server_that_is_killed_leaves_no_workbench(server: Server) -> None:
    async with open_tab(server) as tab:
        await run_until_measured(tab)
        others = descendants_of(server.process.pid)
        server.process.kill()
        server.process.wait()
        await asyncio.to_thread(wait_until_gone, others)


async def test_messages_that_no_page_sends_change_nothing(server: Server) -> None:
    async with open_tab(server) as tab:
        await tab.wait_for("1 checked")
        for text in (
            "",
            "{",
            "[]",
            "3",
            '["resize"]',
            '["resize", {"width": "x"}]',
            '["stdin", 3]',
        ):
            await tab.socket.send_str(text)
        await tab.socket.send_bytes(b"\x00")
        await tab.socket.send_json(["resize", {"width": 10**9, "height": -1}])
        await tab.socket.send_json(["resize", {"width": 100, "height": 30}])
        await tab.press("\ud800")
        await tab.press("?")
        await tab.wait_for("quit")


def test_a_port_that_is_taken_is_an_error(server: Server, folder: Path) -> None:
    done = call(folder, "serve", "--port", str(server.address.port))
    assert (done.returncode, done.stdout) == (2, "")
    assert f"port {server.address.port} is taken" in done.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "127.0.0.2", "localhost"])
def test_other_addresses_are_refused(folder: Path, host: str) -> None:
    done = call(folder, "serve", "--host", host, "--port", "0")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--allow-remote" in done.stderr or "expected an IP address" in done.stderr


@pytest.mark.parametrize("words", [["shop.nop"], ["--profiles", "gone.toml"], ["--store", "."]])
def test_what_is_wrong_with_its_words_is_reported_before_anybody_visits(
    folder: Path, words: list[str]
) -> None:
    write_suite(folder, PROFILES)
    done = call(folder, "serve", *words, "--port", "0")
    assert (done.returncode, done.stdout) == (2, "")
    assert words[-1] in done.stderr


@pytest.mark.parametrize("module", ["aiohttp", "textual_serve"])
def test_without_the_extra_the_error_names_it(folder: Path, module: str) -> None:
    code = (
        f"import sys; sys.modules[{module!r}] = None; from cortex_tui.cli import main; "
        "main(['serve', '--port', '0'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert done.returncode == 2
    assert "pip install 'cortex-tui[web]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_listens_for_others_where_that_is_allowed(folder: Path) -> None:
    with started(folder, "--host", "0.0.0.0", "--allow-remote", "--port", "0") as server:
        assert server.address.host == os.uname().nodename.lower()
