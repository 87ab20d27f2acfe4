"""Lets other threads of the process continue during work that takes milliseconds.

Python takes its lock away from a thread only when another one has waited for 5 ms. Without this, a
frame of 5 ms took 10 where it met the making of a view, and so did an operation that is measured
in this process.
"""

from __future__ import annotations

import time

_PAUSE_S = 20e-6
"""Long enough for a thread that waits for the lock to get it: who gives it up for a moment only has
it back before another one wakes up. It takes 70 us in fact."""


def give_way() -> None:
    """To be called every half millisecond or so."""
    time.sleep(_PAUSE_S)
