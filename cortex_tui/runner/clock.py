"""The measuring clock, out of reach of the workloads.

Some replace the functions of `time`, and even look for them in every module that has been imported
(freezegun does). So they are kept as attributes of an object, from before any workload is imported.
"""

from __future__ import annotations

import contextlib
import time

from cortex_tui.isolation import asyncio

NEVER_NS = 1 << 62


class _Clock:
    __slots__ = ("monotonic_s", "process_ns", "read_ns", "resolution_ns")

    def __init__(self) -> None:
        self.read_ns = time.perf_counter_ns
        """All times of the runner; one clock for all processes of a machine."""
        self.process_ns = time.process_time_ns
        self.monotonic_s = time.monotonic
        self.resolution_ns = max(1, round(time.get_clock_info("perf_counter").resolution * 1e9))


CLOCK = _Clock()


def protect_time_of(loop: asyncio.AbstractEventLoop) -> None:
    """Has the event loop keep its own time: asyncio's asks `time.monotonic` anew each time.

    uvloop's time is not Python's, and it lets nobody replace it.
    """
    with contextlib.suppress(AttributeError):
        loop.time = CLOCK.monotonic_s  # type: ignore[method-assign]
