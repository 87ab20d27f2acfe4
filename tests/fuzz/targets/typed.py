"""Bytes that a terminal sends to the workbench."""

from __future__ import annotations

import asyncio
import codecs
import os
from contextlib import chdir, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from tests.fuzz.scratch import scratch
from tests.fuzz.target import Target

if TYPE_CHECKING:
    from textual._xterm_parser import XTermParser

_KEYS = (
    b"\x1b[A", b"\x1b[B", b"\x1b[C", b"\x1b[D", b"\x1bOP", b"\x1b[15~", b"\x1b[3~", b"\t", b"\r",
    b"\x1b", b"\x7f", b" ", b"?", b"/", b"r", b"s", b"e", b"n", b"d", b"x", b"c", b"l", b"y", b"1",
    b"\x10", b"\x1b[200~", b"\x1b[201~", b"\x1b[<0;10;10M", b"\x1b[<0;10;10m", b"\x1b[<64;5;5M",
    b"\x1b[I", b"\x1b[O", b"\x1b[1;5C", b"\x1b[99;5u", b"\x1b[?2026;2$y", b"\x1b]11;rgb:0/0/0\x07",
    b"\xff", b"\xc3", "\u6f22".encode(),
)  # fmt: skip


_MOST_BYTES = 200
"""Of an input: some keys take milliseconds each."""


class _Workbench:
    """One that is open until something that is typed ends it; then the next is opened."""

    def __init__(self, folder: Path) -> None:
        """What is typed may write into `folder`."""
        self._folder = folder
        self._loop = asyncio.new_event_loop()
        self._task: asyncio.Task[None] | None = None

    def take(self, data: bytes) -> None:
        with chdir(self._folder):
            self._loop.run_until_complete(self._typed(data))

    def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                self._loop.run_until_complete(self._task)
        self._loop.close()

    async def _typed(self, data: bytes) -> None:
        if self._task is None:
            self._asked: asyncio.Queue[tuple[bytes, asyncio.Event]] = asyncio.Queue()
            self._task = asyncio.create_task(self._open())
        taken = asyncio.Event()
        self._asked.put_nowait((data, taken))
        waiting = asyncio.create_task(taken.wait())
        await asyncio.wait({waiting, self._task}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self._task.done():
            ended, self._task = self._task, None
            await ended

    async def _open(self) -> None:
        """What fails in it is raised here, by Textual."""
        from textual.drivers import linux_driver

        from cortex_tui.tui.any_bytes import accept_any_bytes
        from tests.tui.samples import running
        from tests.tui.settling import settled
        from tests.tui.stand_in import bench

        accept_any_bytes()
        decoder: codecs.IncrementalDecoder = vars(linux_driver)["getincrementaldecoder"]("utf-8")()
        parser: XTermParser = vars(linux_driver)["XTermParser"]()
        with (
            patch("textual.app.wait_for_idle", settled),
            patch("textual.pilot.wait_for_idle", settled),
            patch.dict(os.environ, {"EDITOR": "true", "VISUAL": "true"}),
        ):
            async with bench() as b:
                await b.show(running())
                driver: Any = b.app._driver
                while b.app.is_running and not b.app._exit:
                    data, taken = await self._asked.get()
                    text = decoder.decode(data)
                    for message in parser.feed(text) if text else ():
                        driver.process_message(message)
                    await b.pilot.pause()
                    # A screen that was opened this moment has none yet.
                    await b.until(lambda: b.lines or b.app._exit)
                    taken.set()


@cache
def _workbench() -> _Workbench:
    folder = scratch() / "typed"
    folder.mkdir(exist_ok=True)
    return _Workbench(folder)


def _close() -> None:
    if _workbench.cache_info().currsize:
        _workbench().close()
        _workbench.cache_clear()


def _typed(data: bytes) -> None:
    if data:
        _workbench().take(data[:_MOST_BYTES])


TARGETS = (
    Target(
        "typed", _typed, lambda: [b"jjk\r\x1b", b"/abc\r", b"?\x1b", b"\x10theme\r", *_KEYS],
        words=_KEYS, done=_close, thousands=2,
    ),
)  # fmt: skip
