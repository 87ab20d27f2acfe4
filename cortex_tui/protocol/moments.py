"""Points of time in messages, and how the clocks of two machines relate.

A moment is a reading of `time.perf_counter_ns` on the machine that made it. All processes of a
machine share that clock; those of two machines differ in where they began to count and in how fast
they are.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

Moment = Annotated[int, msgspec.Meta(extra={"moment": True})]
"""A reading of a clock in ns, 0 where it is not known. What only lasts is a plain `int`."""

_BILLION = 1_000_000_000


class ClockMap(msgspec.Struct, frozen=True, tag=True):
    """The clock of a machine against the clock of the session, as a straight line.

    At `session_ns` the machine's clock is `ahead_ns` ahead, and it gains `gains_ppb` ns in each
    second of the session's clock. The session's clock is that of the program which shows it.
    """

    session_ns: int = 0
    ahead_ns: int = 0
    gains_ppb: int = 0

    def ahead_at(self, session_ns: int) -> int:
        """By how many ns the machine's clock is ahead at a moment of the session's."""
        return self.ahead_ns + (session_ns - self.session_ns) * self.gains_ppb // _BILLION

    def to_machine(self, session_ns: int) -> int:
        """What the machine's clock shows at a moment of the session's clock."""
        return session_ns + self.ahead_at(session_ns)

    def to_session(self, machine_ns: int) -> int:
        """What the session's clock shows at a moment of the machine's: the inverse, within 1 ns."""
        since_ns = machine_ns - self.session_ns - self.ahead_ns
        return self.session_ns + since_ns * _BILLION // (_BILLION + self.gains_ppb)
