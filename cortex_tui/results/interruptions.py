"""What kept the operations of a run waiting, interval by interval; small enough for memory."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from operator import add

from cortex_tui.protocol.messages import Health


class Interruptions:
    """Times in ns by number of the interval; 0 where there is none."""

    def __init__(self) -> None:
        self.blocked_ns = array("q")
        """For how long the event loop was blocked, at its longest."""
        self.gc_pause_ns = array("q")
        self.steal_ns = array("q")

    def note(self, slot: int, health: Health) -> None:
        """Those of an interval, in place of what was known of it."""
        missing = slot + 1 - len(self.blocked_ns)
        if missing > 0:
            for values in (self.blocked_ns, self.gc_pause_ns, self.steal_ns):
                values.frombytes(bytes(missing * values.itemsize))
        self.blocked_ns[slot] = health.loop_lag_ns
        self.gc_pause_ns[slot] = health.gc_pause_ns
        self.steal_ns[slot] = health.steal_ns

    def in_pairs(self) -> Interruptions:
        """Those of two neighbours as one."""
        found = Interruptions()
        found.blocked_ns = _in_pairs(self.blocked_ns, max)
        found.gc_pause_ns = _in_pairs(self.gc_pause_ns, add)
        found.steal_ns = _in_pairs(self.steal_ns, add)
        return found

    def part(self, first: int, last: int) -> Interruptions:
        """A copy of those from one number to another, which is not among them."""
        found = Interruptions()
        found.blocked_ns = self.blocked_ns[first:last]
        found.gc_pause_ns = self.gc_pause_ns[first:last]
        found.steal_ns = self.steal_ns[first:last]
        return found


def _in_pairs(values: array[int], joined: Callable[[int, int], int]) -> array[int]:
    return array("q", map(joined, values[::2], [*values[1::2], 0]))
