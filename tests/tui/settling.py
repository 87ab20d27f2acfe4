"""When a workbench in a test has nothing left to do."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from unittest.mock import patch

from textual._compositor import Compositor
from textual._context import active_app
from textual.app import App, ScreenStackError

GIVE_UP_S = 1.0
"""For a workbench that is never idle, as one whose session runs on its own event loop.

Of the thread's processor time: on a machine that is busy with something else, more time may pass
before anything was done.
"""
SOON_S = 0.02
"""Timers that end before are waited for: Textual lays out what has a new size with a delay."""


_render_update = Compositor.render_update


@contextmanager
def drawn_when_settled() -> Iterator[None]:
    """Have a screen drawn once it has settled, and not at each step of the way there.

    What is to be drawn is kept until then, as if the terminal were slow. Nobody looks at the frames
    before, of which a workbench that begins has ten, and a key two to four.
    """
    with patch.object(Compositor, "render_update", _later):
        yield


@contextmanager
def every_frame_drawn() -> Iterator[None]:
    """Within `drawn_when_settled`: as if the terminal were fast."""
    with patch.object(Compositor, "render_update", _render_update):
        yield


def _later(compositor: Compositor, full: bool = False, *args: Any, **fields: Any) -> Any:
    # A whole frame is asked for by who wants to have it, as a picture of the screen.
    return _render_update(compositor, full, *args, **fields) if full else None


def _draw_what_is_due(app: App[Any]) -> bool:
    """Whether there was anything to draw."""
    with suppress(ScreenStackError):
        screen = app.screen
        waits = Compositor.render_update is _later and not app._batch_count
        if waits and screen._compositor._dirty_regions:
            with every_frame_drawn():
                screen._compositor_refresh()
            return not screen._compositor._dirty_regions
    return False


async def settled(*_: float) -> None:
    """Wait until all is done that does not wait for a later timer, a thread or a process."""
    loop: Any = asyncio.get_running_loop()
    app = active_app.get()
    give_up_s = time.thread_time() + GIVE_UP_S
    waited_s = 0.0  # a timer that repeats so soon would be waited for again and again
    while True:
        if time.thread_time() >= give_up_s or waited_s >= GIVE_UP_S:
            _draw_what_is_due(app)
            return
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
            if _draw_what_is_due(app):
                continue
            return
        waited_s += max(wait_s, 0.0)
        await asyncio.sleep(wait_s)
