"""Memory that was freed, given back to the system."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from contextlib import suppress
from functools import cache

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""As in glibc's malloc.h."""
_LARGE_BYTES = 128 << 10
"""What glibc begins with."""
_SPARE_BYTES = 1 << 20
"""As much is kept of what is free at the end of the heap. With glibc's 128 kB, what a view and a
write of 20 runs free was given back at once and asked for again a moment later, page by page."""


@cache
def _of_glibc(name: str) -> Callable[..., int] | None:
    with suppress(OSError, AttributeError):  # only glibc has them
        found: Callable[..., int] = getattr(ctypes.CDLL(None), name)
        return found
    return None


def give_back() -> None:
    """glibc keeps what lies between two pieces that are in use: after an hour of 20 runs, 10 MB.
    Takes a few ms, in which other threads continue; nothing where there is no glibc."""
    if (trim := _of_glibc("malloc_trim")) is not None:
        trim(0)


def keep_little_freed_memory() -> None:
    """To be called before there are threads. Not for a process that measures.

    glibc gives each new thread one memory of its own, in up to eight places a core, and what was
    freed in one is of no use to the others. Threads come and go here, and seldom allocate at the
    same moment: they share one. And a large piece has pages of its own, which are given back when
    it is freed, but glibc takes only what is larger than the largest that was freed, up to 32 MB,
    for large from then on: an agent kept twice the size of the code that it had unpacked.
    """
    if (option := _of_glibc("mallopt")) is not None:
        option(_M_ARENA_MAX, 1)
        option(_M_MMAP_THRESHOLD, _LARGE_BYTES)
        option(_M_TRIM_THRESHOLD, _SPARE_BYTES)
