"""Whether a thread that wakes takes the processor away from the one that has it.

A runner sends ten times a second. Linux tends to wake whoever receives that on the processor of the
sender, and before it continues: twice a second, an operation that was measured waited there until
its values of the tenth of a second before were folded, for up to 1.4 ms.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class _Changed:
    """What was done in this process."""

    policy = False


def never_preempt() -> None:
    """Has the calling thread, and those that it starts from now on, wait for a processor that is
    free, or for its turn. Its share of a processor stays the same.

    On Linux it gets the policy SCHED_BATCH (sched(7)); one that has got another policy than the
    usual one keeps it. Elsewhere nothing is done.
    """
    if _policy() == "usual" and _set("batch"):
        _Changed.policy = True


@contextmanager
def usual_policy() -> Iterator[None]:
    """What is started meanwhile by the calling thread has the policy that it would have without
    `never_preempt`: for what measures, and what measures for us elsewhere."""
    if not _Changed.policy or _policy() != "batch" or not _set("usual"):
        yield
        return
    try:
        yield
    finally:
        _set("batch")


if sys.platform == "linux" and hasattr(os, "sched_setscheduler"):
    _POLICIES = {"usual": os.SCHED_OTHER, "batch": os.SCHED_BATCH}
    _NAMES = {number: name for name, number in _POLICIES.items()}

    def _policy() -> str:
        """Of the calling thread; "" for one that is neither of the two."""
        with suppress(OSError):
            return _NAMES.get(os.sched_getscheduler(0), "")
        return ""

    def _set(name: str) -> bool:
        """Whether it could be set, which what a container allows may forbid."""
        with suppress(OSError):
            os.sched_setscheduler(0, _POLICIES[name], os.sched_param(0))
            return True
        return False

else:

    def _policy() -> str:
        return ""

    def _set(name: str) -> bool:
        return False
