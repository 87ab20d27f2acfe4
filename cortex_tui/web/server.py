"""The server: a page, what it loads, and a socket behind which each visitor has a workbench."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import msgspec
import textual_serve
from aiohttp import WSMsgType, web

from cortex_tui.limits import MAX_VISITORS
from cortex_tui.web.access import Access, access_to, host_and_port, printed_host
from cortex_tui.web.visitor import ENDING_S, KILLED_S, Visitor

OURS = {"page.css": "text/css", "page.js": "text/javascript"}
"""The files next to this one that the page loads."""
PAGE = Path(__file__).with_name("page.html")
STATICS = Path(textual_serve.__path__[0]) / "static"
"""The terminal of the page, with its fonts."""
MOST_CELLS = 1_000
"""Of a terminal's width and height: a page may ask for any number."""
HEARTBEAT_S = 30.0
"""How often a visitor must give a sign of life."""
CLOSING_S = 2.0
"""How long a browser may take to answer that the socket is closed."""

_TAB = re.compile(r"[A-Za-z0-9-]{1,64}")
"""The name that a page gives its tab."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; "
    "img-src 'self' data:; connect-src 'self' {socket}; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'"
)
"""What the page may load, and from where; the terminal makes its styles while it runs."""

HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """What is served, and where."""

    command: Sequence[str]
    """Starts a workbench that draws into its pipes."""
    environment: Mapping[str, str]
    address: str
    """An IP address of this machine."""
    port: int
    """0 for one that is free."""
    keep_s: float
    """How long a workbench is kept that no page shows; a session in it is measured to its end."""


async def serve(
    served: Served, *, ready: Callable[[str], None], report: Callable[[str], None]
) -> None:
    """Serves until SIGINT, SIGTERM or SIGHUP; then ends every workbench. A second signal ends them
    without waiting.

    `ready` is given the address for the browser, `report` a line for each workbench that failed.
    OSError where the address or the port cannot be had.
    """
    stop, at_once = asyncio.Event(), asyncio.Event()

    def signalled() -> None:
        (at_once if stop.is_set() else stop).set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, signalled)
    family = socket.AF_INET6 if ":" in served.address else socket.AF_INET
    with socket.create_server((served.address, served.port), family=family) as listening:
        port = listening.getsockname()[1]
        access = access_to(served.address, port)
        site = _Site(served, access, at_once, report)
        runner = web.AppRunner(site.app, access_log=None, shutdown_timeout=ENDING_S + KILLED_S)
        await runner.setup()
        try:
            await web.SockSite(runner, listening).start()
            ready(
                f"http://{host_and_port(printed_host(served.address), port)}/?token={access.token}"
            )
            await stop.wait()
            await site.end_all()
        finally:
            await runner.cleanup()


class _Site:
    """The answers of the server."""

    def __init__(
        self,
        served: Served,
        access: Access,
        at_once: asyncio.Event,
        report: Callable[[str], None],
    ) -> None:
        self._served = served
        self._access = access
        self._at_once = at_once
        self._report = report
        self._visits: dict[str, _Visit] = {}
        """By the tab that each belongs to."""
        self._starting = asyncio.Lock()
        self._ending = False
        self.app = web.Application(middlewares=[self._guard])
        self.app.add_routes(
            [
                web.get("/", self._page),
                web.get("/ws/{tab}", self._socket),
                *(web.get(f"/{name}", self._ours) for name in OURS),
                web.static("/static", STATICS),
            ]
        )

    async def end_all(self) -> None:
        self._ending = True
        visits = self._visits.values()
        await asyncio.gather(*(visit.visitor.end(self._at_once) for visit in visits))

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        token = request.query.get("token", "") if request.path == "/" else ""
        refusal = self._access.refusal(request.headers, request.cookies, token)
        response: web.StreamResponse
        if refusal:
            response = web.Response(status=403, text=f"cortex-tui: {refusal}\n")
        else:
            response = await handler(request)
        if not response.prepared:
            socket_source = f"ws://{request.host}"
            policy = POLICY.format(socket="" if refusal else socket_source)
            response.headers.update({"Content-Security-Policy": policy, **HEADERS})
        return response

    async def _page(self, request: web.Request) -> web.Response:
        response = web.Response(text=PAGE.read_text(encoding="utf-8"), content_type="text/html")
        if self._access.brings_token(request.query.get("token", "")):
            response.set_cookie(
                self._access.cookie, self._access.key, httponly=True, samesite="Strict"
            )
        return response

    async def _ours(self, request: web.Request) -> web.Response:
        name = request.path.removeprefix("/")
        text = PAGE.with_name(name).read_text(encoding="utf-8")
        return web.Response(text=text, content_type=OURS[name])

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        """The workbench of a tab: the one that it has, or a new one."""
        tab = request.match_info["tab"]
        if not _TAB.fullmatch(tab):
            raise web.HTTPNotFound
        async with self._starting:
            visit = self._visits.get(tab)
            is_new = visit is None or visit.visitor.is_ending
            if self._ending or (is_new and len(self._visits) >= MAX_VISITORS):
                text = f"there are {len(self._visits)} workbenches\n"
                raise web.HTTPServiceUnavailable(text=text)
            websocket = web.WebSocketResponse(heartbeat=HEARTBEAT_S, timeout=CLOSING_S)
            await websocket.prepare(request)
            width, height = (_cells(request.query.get(name, "")) for name in ("width", "height"))
            if visit is None or is_new:
                visit = await self._begin(tab, websocket, width, height)
            else:
                await self._take_over(visit, websocket, width, height)
        try:
            await self._follow(visit, websocket)
        finally:
            if visit.websocket is websocket and not visit.visitor.is_ending:
                visit.leave_later(self._served.keep_s)
        return websocket

    async def _begin(
        self, tab: str, websocket: web.WebSocketResponse, width: int, height: int
    ) -> _Visit:
        size = {"COLUMNS": str(width), "ROWS": str(height)}
        environment = {**self._served.environment, **size}
        visitor = await Visitor.start(self._served.command, environment, websocket.send_bytes)
        visit = self._visits[tab] = _Visit(visitor, websocket)
        visit.watch = asyncio.create_task(self._watch(tab, visit))
        return visit

    async def _take_over(
        self, visit: _Visit, websocket: web.WebSocketResponse, width: int, height: int
    ) -> None:
        """Shows the workbench of a tab that was loaded again, or copied."""
        before, visit.websocket = visit.websocket, websocket
        visit.stay()
        await visit.visitor.attach(websocket.send_bytes, width, height)
        # Not waited for: its page may be gone, and would be given some time to answer.
        visit.closing = asyncio.create_task(before.close())

    async def _follow(self, visit: _Visit, websocket: web.WebSocketResponse) -> None:
        """Passes on what the page sends, until it or the workbench is gone."""
        while not self._ending:
            message = await websocket.receive()
            if message.type is WSMsgType.TEXT:
                await _pass_on(message.data, visit.visitor, websocket)
            elif message.type is not WSMsgType.BINARY:
                return
        await visit.visitor.end(self._at_once)

    async def _watch(self, tab: str, visit: _Visit) -> None:
        why = await visit.visitor.wait()
        # What a workload has started may be left.
        await visit.visitor.end(self._at_once)
        visit.stay()
        if self._visits.get(tab) is visit:
            del self._visits[tab]
        if why:
            self._report(f"a workbench has failed: {why}")
        await visit.websocket.close()


class _Visit:
    """A workbench, and the page that shows it or was the last to do so."""

    def __init__(self, visitor: Visitor, websocket: web.WebSocketResponse) -> None:
        self.visitor = visitor
        self.websocket = websocket
        self.watch: asyncio.Task[None] | None = None
        self.closing: asyncio.Task[bool] | None = None
        """Of the socket of the page before."""
        self._leaving: asyncio.Task[None] | None = None

    def leave_later(self, after_s: float) -> None:
        """The page is gone: unless another one comes, the workbench leaves after that time, or when
        its session has ended."""
        self.visitor.detach()
        self.stay()
        self._leaving = asyncio.create_task(self._leave(after_s))

    async def _leave(self, after_s: float) -> None:
        await asyncio.sleep(after_s)
        await self.visitor.send_event("leave")

    def stay(self) -> None:
        """It does not leave by itself any more."""
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None


async def _pass_on(text: str, visitor: Visitor, websocket: web.WebSocketResponse) -> None:
    """What textual.js sends: a kind, and what belongs to it."""
    try:
        message = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return
    match message:
        case ["stdin", str(typed)]:
            await visitor.type(typed)
        case ["resize", {"width": int(width), "height": int(height)}]:
            await visitor.send_event("resize", width=_cells(width), height=_cells(height))
        case ["focus" | "blur" as kind]:
            await visitor.send_event(kind)
        case ["ping", str(sent)]:
            await websocket.send_json(["pong", sent])


def _cells(wanted: str | int) -> int:
    """A width or a height that a terminal can have."""
    try:
        return min(max(int(wanted), 1), MOST_CELLS)
    except ValueError:
        return MOST_CELLS
