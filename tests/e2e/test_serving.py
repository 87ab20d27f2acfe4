"""`cortex-tui serve`: who is let in, what a tab is shown, and how all of it ends."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.processes import descendants_of, wait_until_gone
from tests.e2e.program import call_here, write_suite
from tests.e2e.serving import (
    PROFILES,
    Server,
    open_tab,
    run_until_measured,
    server,
    started,
    stored,
    visiting,
)
from tests.patience import PATIENCE_S

__all__ = ["server"]


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
    done = call_here(folder, "serve", "--port", str(server.address.port))
    assert (done.returncode, done.stdout) == (2, "")
    assert f"port {server.address.port} is taken" in done.stderr


@pytest.mark.timeout(PATIENCE_S)  # what is not refused serves in this process
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "127.0.0.2", "localhost"])
def test_other_addresses_are_refused(folder: Path, host: str) -> None:
    done = call_here(folder, "serve", "--host", host, "--port", "0")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--allow-remote" in done.stderr or "expected an IP address" in done.stderr


@pytest.mark.timeout(PATIENCE_S)  # what is not refused serves in this process
@pytest.mark.parametrize("words", [["shop.nop"], ["--profiles", "gone.toml"], ["--store", "."]])
def test_what_is_wrong_with_its_words_is_reported_before_anybody_visits(
    folder: Path, words: list[str]
) -> None:
    write_suite(folder, PROFILES)
    done = call_here(folder, "serve", *words, "--port", "0")
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


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc")
async def test_a_password_is_in_no_command_that_it_starts(folder: Path) -> None:
    pytest.importorskip("psycopg", reason="the extra `postgresql` is not installed")
    write_suite(folder, PROFILES)
    url = "postgresql://me:hidden@127.0.0.1/notes"
    with started(folder, "shop.nap", "--port", "0", "--database", url) as server:
        async with open_tab(server) as tab:
            await run_until_measured(tab)
            others = [Path(f"/proc/{pid}") for pid in descendants_of(server.process.pid)]
            commands = [(each / "cmdline").read_bytes() for each in others]
            runners = [
                each for each, words in zip(others, commands, strict=True) if b"runner" in words
            ]
            environments = [(each / "environ").read_bytes() for each in runners]
    assert any(b"--database=postgresql://me@" in words for words in commands)
    assert environments
    assert not any(b"hidden" in each for each in (*commands, *environments))
