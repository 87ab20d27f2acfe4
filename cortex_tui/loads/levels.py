"""The level of a load over time: a rate a second, or a number of workers.

All times are nanoseconds of the measuring clock.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

_SECOND_NS = 1_000_000_000


@dataclass(slots=True)
class Segment:
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
    """Segments, one after the other, that a pause shifts and a person scales."""

    def __init__(self, segments: Iterable[Segment]) -> None:
        """At least one; only the last may have no end."""
        self.segments = list(segments)

    def at(self, now_ns: int) -> float:
        """The level at a moment; before the first and after the last segment, the nearest."""
        for segment in self.segments:
            if segment.end_ns is None or now_ns < segment.end_ns:
                return segment.level(max(now_ns, segment.start_ns))
        return self.segments[-1].last

    @property
    def most(self) -> float:
        """The highest of all levels."""
        return max(max(segment.first, segment.last) for segment in self.segments)

    @property
    def vary(self) -> bool:
        """Whether the level changes by itself."""
        return len({level for each in self.segments for level in (each.first, each.last)}) > 1

    def shift(self, by_ns: int, now_ns: int) -> None:
        """Puts everything after `now_ns` off; until then the level is what it is at `now_ns`."""
        if self.segments[0].start_ns < now_ns:
            self.scale(1.0, now_ns)
        for segment in self.segments:
            if segment.start_ns >= now_ns:
                segment.start_ns += by_ns
            if segment.end_ns is not None and segment.end_ns >= now_ns:
                segment.end_ns += by_ns

    def scale(self, factor: float, now_ns: int) -> None:
        """Multiplies the level from now on."""
        scaled: list[Segment] = []
        for segment in self.segments:
            if segment.end_ns is not None and segment.end_ns <= now_ns:
                continue
            start_ns = max(now_ns, segment.start_ns)
            first = segment.level(start_ns)
            last = first if segment.end_ns is None else segment.last
            scaled.append(Segment(start_ns, segment.end_ns, first * factor, last * factor))
        if not scaled:  # all are over: the last level stays, and nothing is due in it
            last = self.segments[-1].last
            scaled.append(Segment(now_ns, now_ns, last, last))
        self.segments = scaled
