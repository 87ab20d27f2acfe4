"""Imported by every Python process of a machine whose clock is to be wrong (`tests.wrong_clocks`).

Replaces the clocks of `time` before anything else is imported, and has the kernel's timer, which
keeps its own time, be set to what that clock shows. `time.clock_gettime` is the truth.
"""

from __future__ import annotations

import os
import time


def _set_wrong(begin_ns: int, ahead_ns: int, gains_ppb: int) -> None:
    right_ns = time.perf_counter_ns

    def wrong_ns() -> int:
        now_ns = right_ns()
        return now_ns + ahead_ns + (now_ns - begin_ns) * gains_ppb // 1_000_000_000

    def wrong_s() -> float:
        return wrong_ns() / 1e9

    time.perf_counter_ns = time.monotonic_ns = wrong_ns
    time.perf_counter = time.monotonic = wrong_s

    from cortex_tui.runner.timer import Timerfd

    arm = Timerfd.arm

    def arm_right(self: Timerfd, when_ns: int) -> None:
        since_ns = when_ns - ahead_ns - begin_ns
        arm(self, begin_ns + since_ns * 1_000_000_000 // (1_000_000_000 + gains_ppb))

    Timerfd.arm = arm_right  # type: ignore[method-assign]


if _clock := os.environ.get("TEST_CLOCK"):
    _set_wrong(*map(int, _clock.split()))
