"""A terminal that stops reading: the screen waits for it, and nothing else does."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from cortex_tui.protocol.plan import INTERVAL_NS
from cortex_tui.store.records import StoredSession
from cortex_tui.store.sqlite.store import SqliteStore
from tests.e2e.program import PROGRAM, newest_session, write_suite
from tests.patience import PATIENCE_S
from tests.terminal_environment import terminal_environment

STALL_S = 10.0
OPERATIONS = 4_000
PROFILE = f"""
    [profile.steady]
    workload = "bench:nap"
    load = {{ rate = "500/s", max_in_flight = 10_000 }}
    iterations = {OPERATIONS}
"""


class Screen:
    """The reading end of a pseudo-terminal of 80x24 cells, read only when it is asked to."""

    def __init__(self, master: int) -> None:
        self._master = master
        self.seen = b""

    def press(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def read_until(self, part: bytes) -> None:
        """Reads on until `part` has come since the last call."""
        give_up = time.monotonic() + PATIENCE_S
        self.seen = b""
        while part not in self.seen:
            left_s = give_up - time.monotonic()
            assert left_s > 0, f"{part!r} did not come: {self.seen[-2000:]!r}"
            if select.select([self._master], [], [], left_s)[0]:
                self.seen += os.read(self._master, 65_536)


@contextmanager
def opened(folder: Path) -> Iterator[tuple[Screen, subprocess.Popen[bytes]]]:
    master, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(
        [PROGRAM, "launch", "shop.steady"],
        cwd=folder,
        env=terminal_environment(TERM="xterm-256color"),
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    try:
        yield Screen(master), process
    finally:
        process.kill()
        process.wait()
        os.close(master)


@pytest.mark.long
def test_nothing_is_lost_while_a_terminal_is_not_read(folder: Path) -> None:
    write_suite(folder, PROFILE, defaults="warmup = 0")
    with opened(folder) as (screen, process):
        screen.read_until(b"steady")
        screen.press(b"r")
        screen.read_until(b"running")
        # The behaviour itself: a terminal that nobody reads for that long.
        time.sleep(STALL_S)
        screen.press(b"s")
        screen.read_until(b"Save a snapshot")
        screen.press(b"\x15")
        screen.read_until(b"a name to find it by")
        screen.press(b"stalled\r")
        screen.read_until(b"Saved as stalled")
        screen.press(b"qq")
        screen.read_until(b"is stored in")
        assert process.wait(PATIENCE_S) == 0

    session, state = newest_session(folder)
    assert state == "finished"
    stored = asyncio.run(_load(folder / ".cortex-tui" / "snapshots.db", session))
    (run,) = stored.runs
    assert run.state == "finished"
    assert run.unstarted == 0
    assert run.service.count == OPERATIONS
    ended = {i.first: i.service.moments.count for i in stored.intervals if i.service}
    assert sum(ended.values()) == OPERATIONS
    # A busy machine leaves holes of some tenths of a second; the stall would leave a long one.
    hole = max(later - first for first, later in pairwise(sorted(ended)))
    assert hole < STALL_S / 2 * 1e9 / INTERVAL_NS


async def _load(path: Path, session: str) -> StoredSession:
    async with await SqliteStore.open_for_reading(path) as store:
        return await store.load(session)
