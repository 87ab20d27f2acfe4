"""Leaving the workbench because of a signal, or because its terminal is gone.

A terminal that is not read any more stops the screen's loop within some thirty writes, and one that
was closed does so for good. So the loop is asked first, but not relied upon.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from asyncio import AbstractEventLoop
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
INTERRUPTED = 130
"""The exit code, whichever way it went."""

GRACE_S = 5.0
"""How long the loop has to begin to leave. Without a terminal it has no time at all."""
RESTORE_S = 1.0
"""How long it then has to restore the terminal."""
LOOK_S = 1.0
"""How often the terminal is looked for: not every way of closing one sends a signal."""


@contextmanager
def leaving(
    loop: AbstractEventLoop, end: Callable[[int], None], close: Callable[[], None]
) -> Iterator[None]:
    """Within it, a signal has `end` called with the exit code on the loop, from the main thread.

    If that does not help in time, or the terminal is gone, `close` is called on a thread, and the
    process ends there: nothing is left on the screen to return to.
    """
    over = threading.Event()

    def insist(grace_s: float) -> None:
        if over.wait(grace_s):
            return
        try:
            close()
        finally:
            if not over.wait(RESTORE_S):
                os._exit(INTERRUPTED)

    def handle(number: int, frame: FrameType | None) -> None:
        with suppress(RuntimeError):  # the loop may be closed already
            loop.call_soon_threadsafe(end, INTERRUPTED)
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


def _has_terminal() -> bool:
    """Whether the screen, which is drawn on stderr, still has a terminal."""
    try:
        return sys.__stderr__ is not None and os.isatty(sys.__stderr__.fileno())
    except (OSError, ValueError):
        return False
