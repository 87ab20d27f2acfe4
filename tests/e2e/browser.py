"""Headless Chromium for tests, driven through the DevTools protocol."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import os
import shutil
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from tests.patience import PATIENCE_S

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
MISSING = "" if CHROMIUM else "Chromium is not installed"
"""Why there is no browser to be had here; empty if there is."""

_POLL_S = 0.1

_CAPTURE = """
    Object.defineProperty(Object.prototype, "canvasAddon", {configurable: true, set(addon) {
        window.seen = this.terminal;
        Object.defineProperty(this, "canvasAddon", {value: addon, writable: true});
    }});
"""
"""Before a page's own scripts: textual.js keeps its terminal, which it draws on a canvas, to
itself, and sets this field of the object that has it."""
_SCREEN = """
    Array.from({length: window.seen?.rows ?? 0}, (_, row) =>
        window.seen.buffer.active.getLine(row)?.translateToString(true) ?? "").join("\\n")
"""

_NAMED = {"Enter": 13, "Escape": 27}

Event = dict[str, Any]


class Browser:
    """A browser and its connection; a page that is opened is a Page."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Event]] = {}
        self._pages: dict[str, Page] = {}
        self.reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for message in self._socket:
            event: Event = message.json()
            if "id" in event:
                self._answers.pop(event["id"]).set_result(event)
            elif page := self._pages.get(event.get("sessionId", "")):
                page.take(event)

    async def send(self, method: str, *, session: str = "", **params: Any) -> Event:
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        request: Event = {"id": number, "method": method, "params": params}
        await self._socket.send_json(request | ({"sessionId": session} if session else {}))
        event = await asyncio.wait_for(answer, PATIENCE_S)
        assert "error" not in event, f"{method}: {event['error']}"
        result: Event = event["result"]
        return result

    async def open(self, url: str) -> Page:
        target = (await self.send("Target.createTarget", url="about:blank"))["targetId"]
        session = (await self.send("Target.attachToTarget", targetId=target, flatten=True))[
            "sessionId"
        ]
        page = self._pages[session] = Page(self, target, session)
        for domain in ("Network", "Page", "Runtime", "Log"):
            await page.send(f"{domain}.enable")
        await page.send("Page.addScriptToEvaluateOnNewDocument", source=_CAPTURE)
        await page.send("Page.navigate", url=url)
        return page


class Page:
    """A tab, with all that it has asked for and shown."""

    def __init__(self, browser: Browser, target: str, session: str) -> None:
        self._browser = browser
        self._target = target
        self._session = session
        self.requested: list[str] = []
        """The addresses of everything that it asked for, sockets among them."""
        self.statuses: dict[str, int] = {}
        self.complaints: list[str] = []
        """What the browser has logged as errors: what a policy has blocked, too."""
        self._news = asyncio.Event()

    def take(self, event: Event) -> None:
        self._news.set()
        params = event["params"]
        match event["method"]:
            case "Network.requestWillBeSent":
                self.requested.append(params["request"]["url"])
            case "Network.webSocketCreated":
                self.requested.append(params["url"])
            case "Network.responseReceived":
                self.statuses[params["response"]["url"]] = params["response"]["status"]
            case "Log.entryAdded" if params["entry"]["level"] == "error":
                self.complaints.append(params["entry"]["text"])
            case "Runtime.exceptionThrown":
                self.complaints.append(params["exceptionDetails"]["text"])

    async def send(self, method: str, **params: Any) -> Event:
        return await self._browser.send(method, session=self._session, **params)

    async def evaluate(self, expression: str) -> Any:
        answer = await self.send(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def screen(self) -> str:
        """What stands on the terminal of the page, line by line."""
        text: str = await self.evaluate(_SCREEN)
        return text

    async def wait_until(self, met: Callable[[str], object]) -> str:
        """The first screen for which `met` is true; AssertionError shows the one that was last."""
        screen = ""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not met(screen := await self.screen()):
                    self._news.clear()
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._news.wait(), _POLL_S)
        except TimeoutError:
            raise AssertionError(f"waited in vain; the screen:\n{screen}") from None
        return screen

    async def wait_for(self, *parts: str) -> str:
        """The first screen on which all of the parts stand."""
        return await self.wait_until(lambda screen: all(part in screen for part in parts))

    async def wait_for_true(self, expression: str) -> None:
        """Until an expression of the page is; a page that is loaded meanwhile is asked again."""
        poll = f"new Promise(done => setInterval(() => {{ if ({expression}) done(true) }}, 50))"
        async with asyncio.timeout(PATIENCE_S):
            while not await self._came_true(poll):
                pass

    async def _came_true(self, poll: str) -> bool:
        try:
            return bool(await self.evaluate(poll))
        except AssertionError:
            return False

    async def press(self, *keys: str) -> None:
        """Characters, or Enter and Escape."""
        await self.evaluate("document.querySelector('.xterm-helper-textarea').focus()")
        for key in keys:
            code = _NAMED.get(key)
            what = (
                {"key": key, "windowsVirtualKeyCode": code} if code else {"text": key, "key": key}
            )
            await self.send("Input.dispatchKeyEvent", type="keyDown", **what)
            await self.send("Input.dispatchKeyEvent", type="keyUp", key=key)

    async def click(self, column: int, row: int) -> None:
        """The left button on a cell of the terminal, counted from 0."""
        x, y, width, height = await self.evaluate(
            "(({x, y, width, height}) => [x, y, width / seen.cols, height / seen.rows])"
            "(document.querySelector('.xterm-screen').getBoundingClientRect())"
        )
        cell = {"x": x + (column + 0.5) * width, "y": y + (row + 0.5) * height}
        for kind in ("mousePressed", "mouseReleased"):
            await self.send(
                "Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **cell
            )

    async def reload(self) -> None:
        """Loads the page again, in front of others, until its terminal has been sent something."""
        await self.send("Page.bringToFront")
        await self.evaluate("window.before = true")
        await self.send("Page.reload")
        shows = "document.body.classList.contains('-first-byte')"
        await self.wait_for_true(f"!window.before && document.body && {shows}")

    async def picture(self, file: Path) -> None:
        answer = await self.send("Page.captureScreenshot", format="png")
        await asyncio.to_thread(file.write_bytes, base64.b64decode(answer["data"]))

    async def close(self) -> None:
        await self._browser.send("Target.closeTarget", targetId=self._target)


@asynccontextmanager
async def chromium(folder: Path) -> AsyncIterator[Browser]:
    """A browser with a profile of its own in that folder."""
    process = await asyncio.create_subprocess_exec(
        CHROMIUM,
        *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
        *("--disable-software-rasterizer", "--no-first-run", "--disable-background-networking"),
        "--window-size=1200,800",
        *("--remote-debugging-port=0", f"--user-data-dir={folder}", "about:blank"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(PATIENCE_S):
            address = b""
            while b"DevTools listening on " not in address:
                address = await process.stderr.readline()
                assert address, "Chromium has ended"
        draining = asyncio.create_task(process.stderr.read())
        url = address.decode().split(" on ", 1)[1].strip()
        async with (
            aiohttp.ClientSession() as http,
            http.ws_connect(url, max_msg_size=0) as socket,
        ):
            browser = Browser(socket)
            yield browser
            browser.reading.cancel()
        draining.cancel()
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
