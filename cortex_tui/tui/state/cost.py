"""What the screen itself costs: a frame, and the whole process."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable
from statistics import median
from typing import NamedTuple

_LOOKS = 13
"""Of how many looks the CPU share is taken: three seconds at four a second."""
_FRAMES = 9

Clock = Callable[[], int]


class ScreenCost(NamedTuple):
    """What was seen lately; None before anything was."""

    frame_ns: float | None = None
    """CPU time of the screen's thread from taking a view to having written it: for so long a
    frame blocks the screen's loop, where nothing else takes the core away."""
    cpu_share: float | None = None
    """CPU time of this process, all its threads, over wall time; 1.0 is one core."""


def usable_cores() -> int:
    """The cores that this process may run on."""
    try:
        return len(os.sched_getaffinity(0)) or 1
    except AttributeError:  # not every system can tell
        return os.cpu_count() or 1


class CostMeter:
    """Is called at each look and each frame, on the screen's thread. The clocks return ns."""

    def __init__(
        self,
        *,
        wall: Clock = time.perf_counter_ns,
        process: Clock = time.process_time_ns,
        thread: Clock = time.thread_time_ns,
    ) -> None:
        self._wall, self._process, self._thread = wall, process, thread
        self._looks: deque[tuple[int, int]] = deque(maxlen=_LOOKS)
        self._frames: deque[int] = deque(maxlen=_FRAMES)
        self._began_ns: int | None = None

    def look(self) -> None:
        self._looks.append((self._wall(), self._process()))

    def begin_frame(self) -> None:
        self._began_ns = self._thread()

    def end_frame(self) -> None:
        """When all that the frame changed has been written."""
        if self._began_ns is not None:
            self._frames.append(self._thread() - self._began_ns)
            self._began_ns = None

    @property
    def cost(self) -> ScreenCost:
        share = None
        if len(self._looks) > 1:
            (wall_ns, cpu_ns), (now_ns, now_cpu_ns) = self._looks[0], self._looks[-1]
            if now_ns > wall_ns:
                share = (now_cpu_ns - cpu_ns) / (now_ns - wall_ns)
        return ScreenCost(median(self._frames) if self._frames else None, share)
