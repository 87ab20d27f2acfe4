"""What kept the operations of a run waiting, interval by interval; small enough for memory."""

from __future__ import annotations

from array import array

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
        for values, value in (
            (self.blocked_ns, health.loop_lag_ns),
            (self.gc_pause_ns, health.gc_pause_ns),
            (self.steal_ns, health.steal_ns),
        ):
            if missing > 0:
                values.frombytes(bytes(missing * values.itemsize))
            values[slot] = value

    def part(self, first: int, last: int) -> Interruptions:
        """A copy of those from one number to another, which is not among them."""
        found = Interruptions()
        found.blocked_ns = self.blocked_ns[first:last]
        found.gc_pause_ns = self.gc_pause_ns[first:last]
        found.steal_ns = self.steal_ns[first:last]
        return found
