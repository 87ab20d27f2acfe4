"""A process that draws for a browser: what it shows, and that it ends."""

from __future__ import annotations

import asyncio
import os
import sys
import textwrap
from collections.abc import Callable

import pytest

from cortex_tui.web import visitor
from cortex_tui.web.visitor import Visitor
from tests.patience import PATIENCE_S

PROGRAM = """
    import json, os, signal, subprocess, sys, time

    def write(letter, payload):
        sys.stdout.buffer.write(letter + len(payload).to_bytes(4, "big") + payload)
        sys.stdout.buffer.flush()

    def read():
        letter = sys.stdin.buffer.read(1)
        size = int.from_bytes(sys.stdin.buffer.read(4), "big")
        return letter, sys.stdin.buffer.read(size)

    def until_quit():
        while json.loads(read()[1])["type"] != "quit":
            pass

    print("something that a workload printed")
    print("__GANGLION__", flush=True)
"""


class Screen:
    """What was shown."""

    def __init__(self) -> None:
        self.shown = b""
        self._news = asyncio.Event()

    async def show(self, payload: bytes) -> None:
        self.shown += payload
        self._news.set()

    async def wait_until(self, met: Callable[[bytes], object]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not met(self.shown):
                self._news.clear()
                await self._news.wait()


async def start(code: str, screen: Screen) -> Visitor:
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM) + textwrap.dedent(code)]
    return await Visitor.start(command, dict(os.environ), screen.show)


async def test_keys_and_sizes_go_in_and_what_is_drawn_comes_out() -> None:
    screen = Screen()
    visitor = await start(
        """
        write(b"D", b"hello ")
        write(b"M", b'{"type": "something"}')
        write(b"D", read()[1])
        write(b"D", read()[1])
        until_quit()
        """,
        screen,
    )
    await screen.wait_until(lambda shown: shown == b"hello ")
    await visitor.type("kä\ud800")
    await visitor.send_event("resize", width=80, height=24)
    await screen.wait_until(lambda shown: shown.endswith(b"}"))
    await visitor.end(asyncio.Event())
    assert await visitor.wait() == ""
    assert screen.shown == 'hello kä?{"type": "resize", "width": 80, "height": 24}'.encode()


async def test_one_that_ends_badly_says_why() -> None:
    visitor = await start("sys.exit('first line\\nno such suite')", Screen())
    assert await visitor.wait() == "no such suite"
    await visitor.type("x")
    await visitor.end(asyncio.Event())


async def test_a_browser_that_reads_no_more_does_not_keep_it_from_ending() -> None:
    """Its pipe is full then, and it could not read what it is asked for."""

    class Stalled(Screen):
        async def show(self, payload: bytes) -> None:
            await super().show(payload)
            await asyncio.Event().wait()

    screen = Stalled()
    visitor = await start("for _ in range(9): write(b'D', b'x' * 200_000)\nuntil_quit()", screen)
    await screen.wait_until(len)
    await visitor.end(asyncio.Event())
    assert await visitor.wait() == ""


async def test_one_that_does_not_leave_is_killed_with_all_that_it_has_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(visitor, "ENDING_S", 0.1)
    monkeypatch.setattr(visitor, "KILLED_S", 0.1)
    screen = Screen()
    stubborn = await start(
        """
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        write(b"D", b"%d" % child.pid)
        time.sleep(600)
        """,
        screen,
    )
    await screen.wait_until(len)
    await stubborn.end(asyncio.Event())
    assert await stubborn.wait() == "exit code -9"
    await gone(int(screen.shown))


async def test_a_second_signal_ends_it_without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitor, "ENDING_S", 10 * PATIENCE_S)
    screen = Screen()
    stubborn = await start("write(b'D', b'x')\ntime.sleep(600)", screen)
    await screen.wait_until(len)
    at_once = asyncio.Event()
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as tasks:
        tasks.create_task(stubborn.end(at_once))
        tasks.create_task(stubborn.end(at_once))
        at_once.set()
    assert await stubborn.wait() == "exit code -9"


async def gone(pid: int) -> None:
    """Until the process has ended; who reaps it is another question."""

    def is_there() -> bool:
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                return file.read().rpartition(")")[2].split()[0] not in "ZX"
        except OSError:
            return False

    async with asyncio.timeout(PATIENCE_S):
        while await asyncio.to_thread(is_there):
            pass
