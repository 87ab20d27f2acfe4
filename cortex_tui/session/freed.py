"""Memory that was freed, given back to the system."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from contextlib import suppress
from functools import cache


@cache
def _trim() -> Callable[[int], int] | None:
    with suppress(OSError, AttributeError):  # only glibc has it
        found: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
        return found
    return None


def give_back() -> None:
    """glibc keeps what lies between two pieces that are in use: after an hour of 20 runs, 10 MB.
    Takes a few ms, in which other threads continue; nothing where there is no glibc."""
    trim = _trim()
    if trim is not None:
        trim(0)
