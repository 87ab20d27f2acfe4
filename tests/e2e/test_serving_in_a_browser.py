"""`cortex-tui serve`: the workbench in a browser."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from yarl import URL

from tests.e2e import browser
from tests.e2e import test_story as story
from tests.e2e.browser import Page, chromium
from tests.e2e.processes import descendants_of, wait_until_gone
from tests.e2e.program import call, write_suite
from tests.e2e.serving import Server, server, started, stored
from tests.e2e.workbench import ended_since

__all__ = ["server"]


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
