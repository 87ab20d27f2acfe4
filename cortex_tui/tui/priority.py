"""The priority of the thread that draws."""

from __future__ import annotations

import os
import sys

NICENESS = 5


def lower_priority() -> None:
    """Lowers the priority of the calling thread, and of those that it starts from now on.

    A frame takes 3 to 6 ms of a processor. If the runner's threads wake meanwhile and the scheduler
    has given it their processor, they wait for up to a slice of 3 ms, though another one may be
    free. With a lower priority they take it at once, and on an idle machine nothing else changes;
    on a busy one the thread gets a third of what another gets. Nobody but root may raise it again.
    Only Linux has priorities of threads; elsewhere this would change the whole process.
    """
    if sys.platform == "linux":
        os.nice(NICENESS)
