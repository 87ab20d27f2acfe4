"""When the workbench looks for garbage: seldom, and between two frames.

Looking through everything that was made since it opened takes 5 ms and more, whichever thread it
falls to: no other continues meanwhile. Python looks through all of it every few seconds, in the
middle of a frame as soon as anywhere.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_SELDOM = (5_000, 10, 30)
"""New objects from which on the newest are looked through, where Python has 700; how often those
are before the ones that were left, and how often these before all."""
_DUE = 3
"""How often the ones that were left may be looked through before a frame's end is waited for to
look through all: some 150,000 new objects, 10 s of 20 runs."""


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
    """To be called when a frame has been written."""
    if gc.get_threshold() == _SELDOM and gc.get_count()[2] >= _DUE:
        gc.collect()
