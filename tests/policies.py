"""Whether a thread may have the policy here that never takes a processor from another."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor


def _may_have_batch() -> bool:
    """As seen on a thread of its own: some containers refuse it, or do as if."""
    if sys.platform != "linux" or not hasattr(os, "sched_setscheduler"):
        return False
    if os.sched_getscheduler(0) != os.SCHED_OTHER:  # somebody chose another one for the tests
        return False

    def taken() -> bool:
        try:
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        except OSError:
            return False
        return os.sched_getscheduler(0) == os.SCHED_BATCH

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(taken).result()


WHY_NOT = "" if _may_have_batch() else "threads cannot have a scheduling policy of their own here"
