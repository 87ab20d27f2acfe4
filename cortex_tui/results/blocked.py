"""That the event loop was blocked while a run was measured, when, and for how long."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from cortex_tui.quantities import format_duration

LOOP_BLOCKED_NS = 25_000_000
"""From here on it is reported that the event loop was blocked: scheduling alone rarely takes so
long."""
BLOCKED = "the event loop was blocked"
"""How the warning begins: in stores of earlier versions, too."""
_MOMENTS = 5


class Blocks(msgspec.Struct, frozen=True):
    """Of one run; none where the defaults stand."""

    intervals: int = 0
    """In how many of its intervals the loop was blocked for LOOP_BLOCKED_NS or longer."""
    longest_ns: int = 0
    at_ns: tuple[int, ...] = ()
    """When the longest of them began, at most five, in order of time: the starts of their
    intervals, in ns since measure began."""
    more: int = 0
    """How many others began at other moments."""

    @property
    def warning(self) -> str:
        """Such as `the event loop was blocked in 3 intervals, for up to 129ms (after 1.2, 3.4
        and 5.6 s): …`."""
        where = f"in {self.intervals} intervals, for up to" if self.intervals > 1 else "for"
        moments = [f"{at_ns / 1e9:.1f}" for at_ns in self.at_ns]
        listed = " and ".join(filter(None, [", ".join(moments[:-1]), *moments[-1:]]))
        more = f", and {self.more} more" if self.more else ""
        return (
            f"{BLOCKED} {where} {format_duration(self.longest_ns)} (after {listed} s{more}): "
            "something did not await, or the machine was busy"
        )


def blocks_of(lags_ns: Iterable[tuple[int, int]], slot_ns: int) -> Blocks:
    """`lags_ns` are the longest blocks of a run's intervals by their number, each interval
    `slot_ns` long. A block that lasts into the next interval counts in both, and has one moment."""
    found = [(slot, lag_ns) for slot, lag_ns in lags_ns if lag_ns >= LOOP_BLOCKED_NS]
    slots_blocked = {slot for slot, _ in found}
    starts = [(lag_ns, slot) for slot, lag_ns in found if slot - 1 not in slots_blocked]
    longest = sorted(starts, reverse=True)[:_MOMENTS]
    return Blocks(
        intervals=len(found),
        longest_ns=max((lag_ns for _, lag_ns in found), default=0),
        at_ns=tuple(sorted(slot * slot_ns for _, slot in longest)),
        more=len(starts) - len(longest),
    )
