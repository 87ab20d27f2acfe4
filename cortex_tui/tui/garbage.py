"""When the workbench looks for garbage: between two frames, through little at a time.

Looking through 50,000 objects takes 8 ms, whichever thread it falls to: no other continues
meanwhile. Python by itself looks in the middle of a frame as soon as anywhere, and every few
minutes through all that there is.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache, partial

from textual._styles_cache import StylesCache

from cortex_tui.freed import give_back
from cortex_tui.tui.drawing_caches import forget_what_was_drawn

_SELDOM = (20_000, 10, 30)
"""New objects from which on the newest are looked through, where Python has 700; how often those
are before the ones that were left, and how often these before all. Only reached where no
frame is drawn."""
_NEW = 2_000
"""New objects from which on a frame's end is used to look through them: 1 ms, once a second or two
with 20 runs."""
_DUE = 8
"""How often the new ones are looked through before those that were left are, too."""


@cache
def forget_removed_widgets() -> None:
    """Has Textual look up two styles by their colours alone. It does so by the widget, too, and so
    keeps what the last 1,024 widgets have drawn, however long those are gone: opening 16 stored
    sessions took 23 MB. Where another version of Textual has no such cache, nothing is done."""
    cached = getattr(StylesCache, "get_inner_outer", None)
    if not hasattr(cached, "__wrapped__"):
        return
    # In the class it is a function without `self`, which makes nothing of it.
    styles = partial(StylesCache.get_inner_outer.__wrapped__, StylesCache)
    setattr(StylesCache, "get_inner_outer", staticmethod(lru_cache(1024)(styles)))  # noqa: B010


@contextmanager
def looked_for_seldom() -> Iterator[None]:
    """Not for a process that measures, too: there garbage is looked for as it is without us."""
    before = gc.get_threshold()
    gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def look_between_frames() -> None:
    """To be called when a frame has been written.

    What is left after several looks stays for long, such as intervals: it is not looked through
    again before the session's end.
    """
    if gc.get_threshold() != _SELDOM:
        return
    new, _, looks = gc.get_count()
    if looks >= _DUE:
        gc.collect()
        gc.freeze()
    elif new >= _NEW:
        gc.collect(1)


def look_through_all() -> None:
    """To be called when a screen was left, and when a session has ended: takes 25 to 35 ms.

    What is free then is given back to the system.
    """
    if gc.get_threshold() == _SELDOM:
        forget_what_was_drawn()
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        give_back()
