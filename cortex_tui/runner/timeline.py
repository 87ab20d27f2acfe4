"""The session's clock on a runner, where that of its machine is another.

Everything here counts in ns of the machine's own clock, and operations are timed by it alone. But
two clocks differ in speed, by a second in some hours: intervals, the end of a phase and arrivals
would come apart on two machines. So the moments to come are moved a little from time to time, as a
clock is slewed, and lie where the session's clock has them.
"""

from __future__ import annotations

from cortex_tui.protocol.moments import ClockMap

STEP_NS = 10_000
"""Less is not moved: it is far below what is known about a clock."""
_SLEW = 1_000
"""A step is at most one in that number of ns: by a better map of the clock, what was to come must
not have been due long ago."""


class Timeline:
    """What this runner knows of the session's clock; its own one until it has been sent a map."""

    def __init__(self) -> None:
        self.map: ClockMap | None = None


class Pace:
    """How far the moments to come of one phase have to be moved to stay on the session's clock."""

    def __init__(self, timeline: Timeline, start_ns: int) -> None:
        """From a moment of the machine's clock on, at which both agree."""
        self._timeline = timeline
        self._own_ns = self._looked_ns = start_ns
        self._session_ns = self._session_at(start_ns)

    def take_due(self, now_ns: int) -> int:
        """By how many ns moments to come are to be put off now: as much as the machine's clock
        has gained."""
        session_ns = self._session_at(now_ns)
        if session_ns is None:
            return 0
        if self._session_ns is None:
            self._own_ns, self._session_ns = now_ns, session_ns
        most_ns = (now_ns - self._looked_ns) // _SLEW
        self._looked_ns = now_ns
        gained_ns = (now_ns - self._own_ns) - (session_ns - self._session_ns)
        if abs(gained_ns) < STEP_NS:
            return 0
        due_ns = max(-most_ns, min(gained_ns, most_ns))
        self._own_ns, self._session_ns = now_ns, session_ns + gained_ns - due_ns
        return due_ns

    def skip(self, from_ns: int, until_ns: int) -> None:
        """Leaves a pause out, by whose length all moments to come were put off."""
        began_ns, ended_ns = self._session_at(from_ns), self._session_at(until_ns)
        if self._session_ns is not None and began_ns is not None and ended_ns is not None:
            self._session_ns += ended_ns - began_ns
        self._own_ns += until_ns - from_ns
        self._looked_ns = until_ns

    def _session_at(self, own_ns: int) -> int | None:
        clock = self._timeline.map
        return None if clock is None else clock.to_session(own_ns)
