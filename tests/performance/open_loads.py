"""Whether an open load is reported as it was, and keeps the event loop free.

Throughput is what ended within the window over the window. An operation that outlasts the window
must not lower that of all others; one that takes long from the start lacks only what was still
under way at the end. A rate beyond what a loop can start must not block it.
"""

from __future__ import annotations

from statistics import median

from cortex_tui.loads.open import OpenLoad
from tests.performance._measure import Measurements
from tests.performance._sessions import measured

SUBJECTS = """
import asyncio

started = 0

async def one_of_3_s():
    global started
    started += 1
    if started == 600:
        await asyncio.sleep(3)

async def each_of_700_ms():
    await asyncio.sleep(0.7)

async def noop():
    pass
"""
BLOCKED_GOAL_MS = 50.0


def throughput_per_s(function: str, rate_per_s: float, duration_ns: int) -> float:
    run = measured(SUBJECTS, function, OpenLoad(rate_per_s), duration_ns)
    reported = run.measured.throughput_per_s
    assert reported is not None
    return reported


def longest_block_ms(rate_per_s: float, duration_ns: int) -> float:
    run = measured(SUBJECTS, "noop", OpenLoad(rate_per_s), duration_ns)
    return max(interval.health.loop_lag_ns for _, interval in run.intervals) / 1e6


def main() -> None:
    measurements = Measurements("Whether an open load is reported as it was.")
    rounds = measurements.rounds(quick=3, full=7)
    s = 1_000_000_000
    window_s = 3
    for what, function, rate_per_s, expected_per_s in (
        ("500/s, one operation of 3 s", "one_of_3_s", 500.0, 500.0),
        ("20/s, each of 0.7 s", "each_of_700_ms", 20.0, 20.0 * (window_s - 0.7) / window_s),
    ):
        ours = median(throughput_per_s(function, rate_per_s, window_s * s) for _ in range(rounds))
        ratio = ours / expected_per_s
        measurements.line(
            f"throughput of {what}, in a window of {window_s} s",
            ours, expected_per_s, ratio, 0.96, met=0.96 <= ratio <= 1.04, unit="1/s",
        )  # fmt: skip
    blocked_ms = median(longest_block_ms(300_000.0, 2 * s) for _ in range(rounds))
    measurements.absolute(
        "longest block of the event loop at 300,000/s", blocked_ms, unit="ms", goal=BLOCKED_GOAL_MS
    )
    measurements.exit()


if __name__ == "__main__":
    main()
