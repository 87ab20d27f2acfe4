"""When a workbench in a test has nothing left to do."""

from __future__ import annotations

import asyncio
import math
import time
from contextlib import suppress
from typing import Any

from textual._context import active_app
from textual.app import ScreenStackError

GIVE_UP_S = 1.0
"""For a workbench that is never idle, as one whose session runs on its own event loop.

Of the thread's processor time: on a machine that is busy with something else, more time may pass
before anything was done.
"""
SOON_S = 0.02
"""Timers that end before are waited for: Textual lays out what has a new size with a delay."""


async def settled(*_: float) -> None:
    """Wait until all is done that does not wait for a later timer, a thread or a process."""
    loop: Any = asyncio.get_running_loop()
    app = active_app.get()
    give_up_s = time.thread_time() + GIVE_UP_S
    waited_s = 0.0  # a timer that repeats so soon would be waited for again and again
    while time.thread_time() < give_up_s and waited_s < GIVE_UP_S:
        await asyncio.sleep(0)
        if loop._ready:
            continue
        with suppress(ScreenStackError):
            app.screen._on_timer_update()  # what Textual does a sixtieth of a second later
        if loop._ready:
            continue
        soon = [timer.when() for timer in loop._scheduled if not timer.cancelled()]
        wait_s = min(soon, default=math.inf) - loop.time()
        if wait_s > SOON_S:
            return
        waited_s += max(wait_s, 0.0)
        await asyncio.sleep(wait_s)
