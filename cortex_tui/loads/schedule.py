"""Loads over time: the level of a load, and when the operations of an open one are meant to start.

All times are nanoseconds of the measuring clock. Arrivals of a constant rate are exact integer
arithmetic: they neither drift nor depend on when they are asked for.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from cortex_tui.profiles.model import ClosedLoad, Load, OpenLoad, StagedLoad, is_open

_SECOND_NS = 1_000_000_000


@dataclass(slots=True)
class _Segment:
    """A straight piece: the level goes from `first` at `start_ns` to `last` at `end_ns`."""

    start_ns: int
    end_ns: int | None
    """None: for ever, at the level `first`."""
    first: float
    last: float

    @property
    def _slope_per_ns(self) -> float:
        if self.end_ns is None or self.end_ns == self.start_ns:
            return 0.0
        return (self.last - self.first) / (self.end_ns - self.start_ns)

    def level(self, at_ns: int) -> float:
        return self.first + self._slope_per_ns * (at_ns - self.start_ns)

    def units(self, at_ns: int) -> float:
        """The area below the level from the start up to `at_ns`, in arrivals."""
        return (self.first + self.level(at_ns)) / 2 * (at_ns - self.start_ns) / _SECOND_NS

    def time_of(self, units: float) -> int | None:
        """When the area reaches `units`; None if not within this segment."""
        if self.last == self.first:
            if not self.first:
                return None
            numerator, denominator = float(self.first).as_integer_ratio()
            if units == int(units):
                found_ns = self.start_ns + int(units) * _SECOND_NS * denominator // numerator
            else:
                found_ns = self.start_ns + math.floor(units * _SECOND_NS / self.first)
        else:
            # The root of slope/2 t² + first t = units that stays exact for small slopes.
            slope_per_s = self._slope_per_ns * _SECOND_NS
            square = self.first**2 + 2 * slope_per_s * units
            below = self.first + math.sqrt(square) if square >= 0 else 0.0
            if not below:
                return self.start_ns if not units else None
            found_ns = self.start_ns + math.floor(2 * units / below * _SECOND_NS)
        return None if self.end_ns is not None and found_ns >= self.end_ns else found_ns


class Levels:
    """The rate a second, or the number of workers, of a load over time."""

    def __init__(self, load: Load, start_ns: int, end_ns: int | None = None) -> None:
        """Without `end_ns` an unstaged load goes on for ever."""
        self.segments: list[_Segment] = []
        match load:
            case ClosedLoad():
                self.segments.append(_Segment(start_ns, end_ns, load.workers, load.workers))
            case OpenLoad():
                self.segments.append(_Segment(start_ns, end_ns, load.rate_per_s, load.rate_per_s))
            case StagedLoad():
                level = 0.0
                for stage in load.stages:
                    first = level if stage.ramp else stage.level
                    until_ns = start_ns + stage.duration_ns
                    self.segments.append(_Segment(start_ns, until_ns, first, stage.level))
                    start_ns, level = until_ns, stage.level

    def at(self, now_ns: int) -> float:
        """The level at a moment; before the first and after the last segment, the nearest."""
        for segment in self.segments:
            if segment.end_ns is None or now_ns < segment.end_ns:
                return segment.level(max(now_ns, segment.start_ns))
        return self.segments[-1].last

    def shift(self, by_ns: int, now_ns: int) -> None:
        """Puts everything after `now_ns` off."""
        for segment in self.segments:
            if segment.start_ns >= now_ns:
                segment.start_ns += by_ns
            if segment.end_ns is not None and segment.end_ns >= now_ns:
                segment.end_ns += by_ns

    def scale(self, factor: float, now_ns: int) -> None:
        """Multiplies the level from now on."""
        scaled: list[_Segment] = []
        for segment in self.segments:
            if segment.end_ns is not None and segment.end_ns <= now_ns:
                continue
            start_ns = max(now_ns, segment.start_ns)
            first = segment.level(start_ns)
            last = first if segment.end_ns is None else segment.last
            scaled.append(_Segment(start_ns, segment.end_ns, first * factor, last * factor))
        self.segments = scaled or self.segments


class ArrivalSchedule:
    """When the operations of an open load are meant to start.

    In terms of units, the area below the rate, constant arrivals are one apart and those of a
    Poisson process exponentially distributed with mean 1, whatever the rate does meanwhile
    (time-rescaling; Devroye, Non-Uniform Random Variate Generation, 1986, VI.1.3).
    """

    def __init__(
        self,
        load: OpenLoad | StagedLoad,
        start_ns: int,
        end_ns: int | None = None,
        limit: int | None = None,
        seed: int = 0,
    ) -> None:
        """Arrivals lie in [start_ns, end_ns), at most `limit` of them; a Poisson process is
        determined by its `seed`."""
        if not is_open(load):
            raise ValueError("a load of workers has no schedule")
        self.levels = Levels(load, start_ns, None if isinstance(load, OpenLoad) else end_ns)
        self.next_ns: int | None = None
        self._end_ns = end_ns
        self._left = limit
        self._gap: Callable[[], float] = lambda: 1
        self._units: float = 0
        if load.arrivals == "poisson":
            draw = random.Random(seed).expovariate
            self._gap = lambda: draw(1.0)
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
        self._units = max(0.0, self._units - segment.units(now_ns))
        self.levels.scale(1.0, now_ns)

    def _find(self) -> None:
        self.next_ns = None
        if self._left is not None and self._left <= 0:
            return
        segments = self.levels.segments
        while segments:
            found_ns = segments[0].time_of(self._units)
            if found_ns is not None:
                if self._end_ns is None or found_ns < self._end_ns:
                    self.next_ns = found_ns
                return
            end_ns = segments[0].end_ns
            if end_ns is None or len(segments) == 1:
                return
            self._units = max(0.0, self._units - segments[0].units(end_ns))
            del segments[0]
