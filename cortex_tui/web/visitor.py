"""One visitor's workbench: a process that draws into a pipe, in a process group of its own.

Frames on its stdin and stdout are a letter, four bytes of length and a payload: D is what a
terminal sends or shows, M is a JSON object (`Visitor.send_event` has those to it).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Mapping, Sequence

from cortex_tui.limits import MAX_OUTPUT_TAIL_BYTES

PRELUDE = b"__GANGLION__\n"
"""The line that a Textual program writes before its first frame."""
ENDING_S = 20.0
"""How long a workbench may take to end its session and to store it, once it is asked to."""
KILLED_S = 3.0
"""How long it may take after SIGTERM."""
READ_S = 1.0
"""How long what it has written is read once it has ended."""


Show = Callable[[bytes], Awaitable[None]]
"""Sends a page what is to be drawn."""


class Visitor:
    """A running workbench, with what it shows passed on to the page that shows it."""

    def __init__(self, process: Process, show: Show) -> None:
        self._process = process
        self._show: Show | None = show
        self._errors = b""
        self._ending: asyncio.Task[None] | None = None
        self._showing: asyncio.Future[None] | None = None
        self._reading = asyncio.gather(self._read_screen(), self._read_errors())

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        environment: Mapping[str, str],
        show: Show,
    ) -> Visitor:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment, start_new_session=True
        )
        return cls(process, show)

    @property
    def is_ending(self) -> bool:
        """Whether it has ended, or was asked to."""
        return self._ending is not None or self._process.returncode is not None

    async def attach(self, show: Show, width: int, height: int) -> None:
        """Has everything drawn on another page."""
        self.detach()
        self._show = show
        await self.send_event("attach", width=width, height=height)

    def detach(self) -> None:
        """No page shows it any more."""
        self._show = None
        if self._showing is not None:
            self._showing.cancel()  # it may wait for a browser that reads no more

    async def type(self, text: str) -> None:
        """What the visitor's terminal sends: keys, mouse, pasted text."""
        await self._send(b"D", text.encode("utf-8", "replace"))

    async def send_event(self, kind: str, **fields: int) -> None:
        """`focus`, `blur`, `quit`, `leave` (once no session is running); or `resize` and `attach`,
        with `width` and `height` in cells."""
        await self._send(b"M", json.dumps({"type": kind, **fields}).encode())

    async def wait(self) -> str:
        """Until it has ended; the last line that it wrote to stderr if it ended badly."""
        code = await self._process.wait()
        # What it started may have its pipes, and keep them.
        await asyncio.wait({self._reading}, timeout=READ_S)
        self._reading.cancel()
        lines = self._errors.decode("utf-8", "replace").strip().splitlines()
        return (lines[-1] if lines else f"exit code {code}") if code else ""

    async def end(self, at_once: asyncio.Event) -> None:
        """Ends it as its own key does, and its process group in any case.

        The event, which may come while that is under way, ends it without waiting. Whoever else
        calls this waits for the same end.
        """
        if self._ending is None:
            self._ending = asyncio.create_task(self._end(at_once))
        await asyncio.shield(self._ending)

    async def _end(self, at_once: asyncio.Event) -> None:
        self.detach()
        await self.send_event("quit")
        waits = [asyncio.ensure_future(wait()) for wait in (self._process.wait, at_once.wait)]
        try:
            await asyncio.wait(waits, timeout=ENDING_S, return_when=asyncio.FIRST_COMPLETED)
            if not waits[0].done() and not at_once.is_set():
                self._signal(signal.SIGTERM)
                await asyncio.wait(waits, timeout=KILLED_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            # What a workload has started may be left in the group of a process that has ended.
            self._signal(signal.SIGKILL)
            waits[1].cancel()
        await waits[0]

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    async def _send(self, letter: bytes, payload: bytes) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(ConnectionError, RuntimeError):  # it has ended
            self._process.stdin.write(letter + len(payload).to_bytes(4, "big") + payload)
            await self._process.stdin.drain()

    async def _read_screen(self) -> None:
        """Passes on what it shows, and reads on when nobody looks any more: a full pipe would keep
        the process from ending."""
        out = self._process.stdout
        assert out is not None
        with contextlib.suppress(asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            while await out.readuntil(b"\n") != PRELUDE:
                pass
            while True:
                letter, size = await out.readexactly(1), await out.readexactly(4)
                payload = await out.readexactly(int.from_bytes(size, "big"))
                if letter == b"D" and self._show is not None:
                    self._showing = asyncio.ensure_future(self._show(payload))
                    await asyncio.wait({self._showing})
                    # That its visitor is gone is noticed where their messages are read.
                    _ = self._showing.cancelled() or self._showing.exception()
        while await out.read(65536):
            pass

    async def _read_errors(self) -> None:
        assert self._process.stderr is not None
        while piece := await self._process.stderr.read(4096):
            self._errors = (self._errors + piece)[-MAX_OUTPUT_TAIL_BYTES:]
