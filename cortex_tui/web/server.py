"""The server: a page, what it loads, and a socket behind which each visitor has a workbench."""

from __future__ import annotations

import asyncio
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
        self._visitors: set[Visitor] = set()
        self._sockets = 0
        """How many are open; at the beginning of each there is no workbench yet."""
        self._ending = False
        self.app = web.Application(middlewares=[self._guard])
        self.app.add_routes(
            [
                web.get("/", self._page),
                web.get("/ws", self._socket),
                *(web.get(f"/{name}", self._ours) for name in OURS),
                web.static("/static", STATICS),
            ]
        )

    async def end_all(self) -> None:
        self._ending = True
        await asyncio.gather(*(visitor.end(self._at_once) for visitor in self._visitors))

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
        """A workbench for as long as the socket is open, and no longer."""
        if self._ending or self._sockets == MAX_VISITORS:
            raise web.HTTPServiceUnavailable(text=f"there are {self._sockets} workbenches\n")
        self._sockets += 1
        try:
            websocket = web.WebSocketResponse(heartbeat=HEARTBEAT_S, timeout=CLOSING_S)
            await websocket.prepare(request)
            size = (_cells(request.query.get(name, "")) for name in ("width", "height"))
            await self._visit(websocket, *size)
            return websocket
        finally:
            self._sockets -= 1

    async def _visit(self, websocket: web.WebSocketResponse, columns: int, rows: int) -> None:
        size = {"COLUMNS": str(columns), "ROWS": str(rows)}
        environment = {**self._served.environment, **size}
        visitor = await Visitor.start(self._served.command, environment, websocket.send_bytes)
        self._visitors.add(visitor)
        watch = asyncio.create_task(self._watch(visitor, websocket))
        try:
            while not self._ending:
                message = await websocket.receive()
                if message.type is WSMsgType.TEXT:
                    await _pass_on(message.data, visitor, websocket)
                elif message.type is not WSMsgType.BINARY:
                    break
        finally:
            await visitor.end(self._at_once)
            await watch
            self._visitors.discard(visitor)

    async def _watch(self, visitor: Visitor, websocket: web.WebSocketResponse) -> None:
        why = await visitor.wait()
        if why:
            self._report(f"a workbench has failed: {why}")
        await websocket.close()


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
