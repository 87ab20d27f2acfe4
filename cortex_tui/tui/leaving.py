"""Leaving the workbench because of a signal, or because its terminal is gone.

A terminal that is not read any more stops the screen's loop within some thirty writes, and one that
was closed does so for good. So the loop is asked first, but not relied upon.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import threading
from asyncio import AbstractEventLoop
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, Protocol

from cortex_tui.exit_codes import INTERRUPTED

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

GRACE_S = 5.0
"""How long the loop has to begin to leave. Without a terminal it has no time at all."""
RESTORE_S = 1.0
"""How long it then has to restore the terminal."""
LOOK_S = 1.0
"""How often the terminal is looked for: not every way of closing one sends a signal."""


# Mouse, reports of pixels and sizes, pasting in brackets, reports of the focus, the other screen.
_TURNED_ON = (1000, 1003, 1015, 1006, 1016, 2048, 2004, 1004, 1049)
_PLAIN_SCREEN = "".join(f"\x1b[?{mode}l" for mode in _TURNED_ON).encode() + b"\x1b[?7h\x1b[?25h"


class Leavable(Protocol):
    """What is left: the workbench."""

    def end(self, exit_code: int = 0) -> None:
        """Begins to leave. On the loop."""

    def close_control(self) -> None:
        """Ends the session and the store. On any thread; blocks for some seconds at most."""


@contextmanager
def leaving(loop: AbstractEventLoop, program: Leavable) -> Iterator[None]:
    """Within it, a signal has the program end on its loop, with the exit code.

    If that does not help in time, or the terminal is gone, its control is closed on a thread, and
    the process ends there, with the terminal restored as far as that is possible without waiting.
    """
    over = threading.Event()
    settings = _settings()

    def insist(grace_s: float) -> None:
        if over.wait(grace_s):
            return
        try:
            program.close_control()
        finally:
            if not over.wait(RESTORE_S):
                _restore(settings)
                os._exit(INTERRUPTED)

    def handle(number: int, frame: FrameType | None) -> None:
        with suppress(RuntimeError):  # the loop may be closed already
            loop.call_soon_threadsafe(program.end, INTERRUPTED)
        grace_s = 0.0 if number == signal.SIGHUP else GRACE_S
        threading.Thread(target=insist, args=(grace_s,), daemon=True).start()

    def look() -> None:
        while not over.wait(LOOK_S):
            if not _has_terminal():
                insist(0.0)

    before = {number: signal.signal(number, handle) for number in SIGNALS}
    if _has_terminal():
        threading.Thread(target=look, name="terminal", daemon=True).start()
    try:
        yield
    finally:
        over.set()
        for number, handler in before.items():
            signal.signal(number, handler)


def _settings() -> list[Any] | None:
    """The line discipline of the terminal, None where there is none."""
    try:
        return None if sys.__stderr__ is None else termios.tcgetattr(sys.__stderr__.fileno())
    except (OSError, ValueError, termios.error):
        return None


def _restore(settings: list[Any] | None) -> None:
    """What Textual does at its end, for when its loop never comes to it."""
    if settings is None or sys.__stderr__ is None:
        return
    with suppress(OSError, ValueError, termios.error):
        terminal = sys.__stderr__.fileno()
        termios.tcsetattr(terminal, termios.TCSANOW, settings)
        if select.select([], [terminal], [], 0)[1]:
            os.write(terminal, _PLAIN_SCREEN)


def _has_terminal() -> bool:
    """Whether the screen, which is drawn on stderr, still has a terminal."""
    try:
        return sys.__stderr__ is not None and os.isatty(sys.__stderr__.fileno())
    except (OSError, ValueError):
        return False
