"""That the event loop was blocked: of one run, or once of all that shared it."""

from __future__ import annotations

from collections.abc import Iterable

from cortex_tui.quantities import format_duration
from cortex_tui.results.run_result import RunResult


def blocked_warning(intervals: int, longest_ns: int) -> str:
    """That the event loop, which runs share, was blocked in so many intervals."""
    where = f"in {intervals} intervals, for up to" if intervals > 1 else "for"
    return (
        f"the event loop was blocked {where} {format_duration(longest_ns)}: something did not "
        "await, or the machine was busy"
    )


def blocked_together(runs: Iterable[RunResult]) -> tuple[RunResult, ...]:
    """The runs in which the one event loop that they shared was blocked, where these are several:
    then it is one thing to be said of the session, not of each of them."""
    found = tuple(run for run in runs if run.blocked and run.neighbours)
    return found if len(found) > 1 else ()
