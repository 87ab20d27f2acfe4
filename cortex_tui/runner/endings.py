"""What is reported about a phase that did not begin or end as planned."""

from __future__ import annotations

from collections.abc import Sequence

from cortex_tui.quantities import format_seconds


def left_behind(unfinished_ns: Sequence[int]) -> str:
    """What became of operations of the warm-up that its end did not wait for any longer."""
    count, oldest = len(unfinished_ns), format_seconds(max(unfinished_ns), 1)
    return (
        f"warm-up: {count} operation{'s' * (count > 1)} had not ended and "
        f"{'were' if count > 1 else 'was'} cancelled, the oldest after {oldest}"
    )


def began_late(late_ns: int) -> str:
    """What is said of a process that was not there when all that share the run began."""
    return f"a process began to measure {late_ns / 1e6:.0f} ms later than the others"


def stalled(ended: int, wanted: int, stall_ns: int) -> str:
    """Why a run by a number of operations ended before all of them had."""
    return (
        f"measure ended after {ended:,} of {wanted:,} operations: none had ended for "
        f"{stall_ns / 1e9:g} s"
    )
