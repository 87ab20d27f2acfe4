"""When the operations of a load with a schedule are meant to start.

All times are nanoseconds of the measuring clock. Arrivals of a constant rate are exact integer
arithmetic: they neither drift nor depend on when they are asked for.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from cortex_tui.loads.port import Load
from cortex_tui.loads.share import WHOLE, Share


class ArrivalSchedule:
    """The arrivals of a load, or of the share that one of several runners has in them.

    In terms of units, the area below the rate, constant arrivals are one apart and those of a
    Poisson process exponentially distributed with mean 1, whatever the rate does meanwhile
    (time-rescaling; Devroye, Non-Uniform Random Variate Generation, 1986, VI.1.3). A share of N has
    every N-th constant arrival, or gaps with mean N: together the shares are the whole schedule.
    """

    def __init__(
        self,
        load: Load,
        start_ns: int,
        end_ns: int | None = None,
        limit: int | None = None,
        seed: int = 0,
        share: Share = WHOLE,
    ) -> None:
        """Arrivals lie in [start_ns, end_ns), at most `limit` of them over all shares; a Poisson
        process is determined by its `seed` and its share."""
        rules = load.arrival_rules
        if rules is None:
            raise ValueError("a load of workers has no schedule")
        self.levels = load.levels(start_ns)
        """Those of the whole load."""
        self.next_ns: int | None = None
        self._end_ns = end_ns
        self._left = None if limit is None else share.count(limit)
        self._gap: Callable[[], float] = lambda: share.of
        self._units: float = share.index
        """Of the next arrival, from the beginning of all."""
        self._passed = 0.0
        """Units of the segments that are over. Apart, so that no share rounds otherwise than
        another: each adds up the same numbers in the same order."""
        if rules.arrivals == "poisson":
            # N independent processes of rate r/N are together one of rate r.
            draw = random.Random(seed + share.index).expovariate
            self._gap = lambda: draw(1.0) * share.of
            self._units = self._gap()
        self._find()

    def take_due(self, now_ns: int, at_most: int | None = None) -> list[int]:
        """The intended times up to now that were not taken yet, in order, the first `at_most` of
        them; `next_ns` moves on.

        `next_ns` is None once the schedule is at its end.
        """
        due: list[int] = []
        while self.next_ns is not None and self.next_ns <= now_ns and len(due) != at_most:
            due.append(self.next_ns)
            self._units += self._gap()
            if self._left is not None:
                self._left -= 1
            self._find()
        return due

    def shift(self, by_ns: int, now_ns: int) -> None:
        """Puts everything that is not due at `now_ns` off, after a pause of that length."""
        segments = self.levels.segments
        if segments and segments[0].start_ns < now_ns:
            self._cut(now_ns)
        self.levels.shift(by_ns, now_ns)
        if self._end_ns is not None:
            self._end_ns += by_ns
        self._find()

    def scale(self, factor: float, now_ns: int) -> None:
        """Multiplies the rate from now on; what is due is not lost."""
        self._cut(now_ns)
        self.levels.scale(factor, now_ns)
        self._find()

    def end(self, now_ns: int) -> None:
        """Nothing more is due from `now_ns` on."""
        self._end_ns = now_ns if self._end_ns is None else min(self._end_ns, now_ns)
        self._find()

    def _cut(self, now_ns: int) -> None:
        """Makes the segment under way begin at `now_ns`, with what is left of its units."""
        segment = self.levels.segments[0] if self.levels.segments else None
        if segment is None or segment.start_ns >= now_ns:
            return
        # The next one, if it is due already, is due now, and those behind it follow from there.
        self._passed = min(self._passed + segment.units(now_ns), self._units)
        self.levels.scale(1.0, now_ns)

    def _find(self) -> None:
        self.next_ns = None
        if self._left is not None and self._left <= 0:
            return
        segments = self.levels.segments
        while segments:
            found_ns = segments[0].time_of(max(0.0, self._units - self._passed))
            if found_ns is not None:
                if self._end_ns is None or found_ns < self._end_ns:
                    self.next_ns = found_ns
                return
            end_ns = segments[0].end_ns
            if end_ns is None or len(segments) == 1:
                return
            self._passed += segments[0].units(end_ns)
            del segments[0]
