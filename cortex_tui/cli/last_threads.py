"""Ends a process whose threads do not."""

from __future__ import annotations

import atexit
import os
import select
import threading
from contextlib import suppress

THREADS_S = 5.0
"""How long threads may take to end once there is nothing left to do."""


def end_in_time(code: int) -> None:
    """Has the process end with the exit code although a thread does not: one that a workload has
    left in this process, or one of ours behind something that hangs. Python would wait for ever.
    To be called on the main thread, before `sys.exit`."""
    if not _others():
        return
    ended = threading.Event()

    def insist() -> None:
        if ended.wait(THREADS_S):
            return
        text = f"cortex-tui: ended without waiting for its threads: {', '.join(_others())}\n"
        with suppress(OSError, ValueError):
            # What is not read any more may be what hangs.
            if select.select([], [2], [], 0)[1]:
                os.write(2, text.encode())
        os._exit(code)

    # What is registered there is called once the threads have ended.
    atexit.register(ended.set)
    threading.Thread(target=insist, name="end", daemon=True).start()


def _others() -> list[str]:
    """The names of the threads that Python would wait for."""
    main = threading.main_thread()
    return [each.name for each in threading.enumerate() if each is not main and not each.daemon]
