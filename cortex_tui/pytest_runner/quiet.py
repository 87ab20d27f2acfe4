"""Keeps what is not the test's own out of its times: tracers, profilers, garbage of others."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def undisturbed(*, without_gc: bool = False) -> Iterator[None]:
    """Switches a tracer (a debugger's, that of coverage) and a profiler off for a time, and the
    collection of garbage where the test asks for that."""
    tracer, profiler, collects = sys.gettrace(), sys.getprofile(), gc.isenabled()
    sys.settrace(None)
    sys.setprofile(None)
    if without_gc:
        gc.disable()
    try:
        yield
    finally:
        if without_gc and collects:
            gc.enable()
        sys.setprofile(profiler)
        sys.settrace(tracer)


@contextmanager
def collected_before() -> Iterator[None]:
    """Keeps what is alive now out of the collections that happen meanwhile."""
    gc.collect()
    was_frozen = gc.get_freeze_count()
    if not was_frozen:
        gc.freeze()
    try:
        yield
    finally:
        if not was_frozen:
            gc.unfreeze()


def observers() -> list[str]:
    """Tools that watch every line by `sys.monitoring` (Python 3.12), which nobody can suspend."""
    monitoring = getattr(sys, "monitoring", None)
    if monitoring is None:
        return []
    tools = (monitoring.DEBUGGER_ID, monitoring.COVERAGE_ID, monitoring.PROFILER_ID)
    return [name for tool in tools if (name := monitoring.get_tool(tool))]
