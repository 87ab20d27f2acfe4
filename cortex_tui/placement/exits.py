"""The end of a process: seen at once where the system reports it, and in words."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable

_POLL_S = 0.02
"""How often it is looked where the system reports nothing."""


async def wait_for_end(pid: int, ended: Callable[[], bool]) -> None:
    """Waits for the end of a child, which is left to be reaped; `ended` looks whether it has."""
    try:
        descriptor = os.pidfd_open(pid)
    except (AttributeError, OSError):  # no Linux, or an old one
        while not ended():  # noqa: ASYNC110
            await asyncio.sleep(_POLL_S)
        return
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, over.set)
    try:
        await over.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def describe_exit(code: int) -> str:
    """What a return code says, negative for a signal: a text that follows what has ended."""
    if code >= 0:
        return f"exited with code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"
