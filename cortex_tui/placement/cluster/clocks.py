"""The clock of a machine, found out by exchanges of four times.

A program that has the session's clock asks a machine for the time of its own. With t0 and t3 when
the question left and the answer came (session's clock), t1 and t2 when the question came and the
answer left (machine's clock), the machine's clock is ahead by ((t1 - t0) + (t2 - t3)) / 2, and that
is wrong by at most half the time on the way, (t3 - t0) - (t2 - t1): all of the error comes from the
two ways not taking equally long (RFC 5905, section 8). So of several exchanges those with the least
time on the way are the best ones.

Clocks differ in how fast they are, too: an ordinary quartz by up to some 50 parts in a million,
3 ms a minute. A line through the newest ten minutes follows that.

Pure: all times are arguments.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cortex_tui.protocol.moments import ClockMap

WINDOW_NS = 600_000_000_000
"""How old what a line is fitted to may be."""
GROUP = 8
"""Of how many exchanges the best is taken, as NTP's clock filter does."""
BEST = 3
"""Of those with the least time on the way, the one with the middle offset."""

USUAL_RATE = 50e-6
"""How far clocks differ in speed, mostly: what is expected of one before it has been watched."""
MOST_RATE = 500e-6
"""What no clock is expected to exceed: the kernel's limit for the correction of its frequency."""
WANDER = 15e-6
"""How much a clock may change its speed meanwhile: RFC 5905's PHI."""


class Exchange(NamedTuple):
    """One question for the time, and its answer; ns."""

    sent_ns: int
    """On the session's clock; so is `back_ns`."""
    received_ns: int
    """On the machine's clock; so is `answered_ns`."""
    answered_ns: int
    back_ns: int

    @property
    def ahead_ns(self) -> int:
        """By how much the machine's clock is ahead, if both ways took equally long."""
        return ((self.received_ns - self.sent_ns) + (self.answered_ns - self.back_ns)) // 2

    @property
    def on_the_way_ns(self) -> int:
        return (self.back_ns - self.sent_ns) - (self.answered_ns - self.received_ns)


class Sighting(NamedTuple):
    """By how much a clock was ahead at a moment, and by how much that may be wrong; ns."""

    at_ns: int
    """On the session's clock."""
    ahead_ns: int
    bound_ns: int


def sightings(exchanges: Sequence[Exchange]) -> list[Sighting]:
    """The best of each GROUP of exchanges, in their order.

    A negative time on the way says that a clock was stopped or set during the exchange: it counts
    for nothing.
    """
    found = []
    for first in range(0, len(exchanges), GROUP):
        group = [e for e in exchanges[first : first + GROUP] if e.on_the_way_ns >= 0]
        best = sorted(group, key=lambda e: e.on_the_way_ns)[:BEST]
        if best:
            middle = sorted(best, key=lambda e: e.ahead_ns)[len(best) // 2]
            at_ns = (middle.sent_ns + middle.back_ns) // 2
            # Half of an odd number of ns, and the halves that the offset was rounded by.
            found.append(Sighting(at_ns, middle.ahead_ns, middle.on_the_way_ns // 2 + 1))
    return found


@dataclass(frozen=True, slots=True)
class ClockFit:
    """What is known of a clock."""

    sightings: tuple[Sighting, ...]
    """At least one, in their order."""
    map: ClockMap
    rate_bound: float
    """By how much its speed may differ from that of the map: ns in a ns."""

    def bound_ns(self, at_ns: int) -> int:
        """How wrong the map may be at a moment of the session's clock.

        At a sighting it is wrong by no more than the sighting's own bound and the distance between
        the two. From there on the error grows with what is not known about the clock's speed. All
        of that holds for each sighting, so the smallest of these bounds holds.
        """
        return min(
            self._off_ns(each) + round(self.rate_bound * abs(at_ns - each.at_ns))
            for each in self.sightings
        )

    def agrees(self, sighting: Sighting) -> bool:
        """Whether a sighting lies where the map has the clock, as far as both are certain."""
        off_ns = abs(sighting.ahead_ns - self.map.ahead_at(sighting.at_ns))
        return off_ns <= sighting.bound_ns + self.bound_ns(sighting.at_ns)

    def _off_ns(self, sighting: Sighting) -> int:
        return _off_ns(self.map, sighting)


def fitted(seen: Iterable[Sighting]) -> ClockFit:
    """The line through sightings, at least one; those that are too old are left out.

    Least squares with weights 1 / bound², and with USUAL_RATE as what is expected of the speed
    beforehand (a ridge), so that a few sightings of one second do not make one up.
    """
    found = sorted(seen)
    last = found[-1]
    found = [each for each in found if each.at_ns >= last.at_ns - WINDOW_NS]
    weights = [1.0 / max(1, each.bound_ns) ** 2 for each in found]
    total = sum(weights)
    # Relative to the last one, so that floats are exact enough for clocks that began long ago.
    times = [each.at_ns - last.at_ns for each in found]
    aheads = [each.ahead_ns - last.ahead_ns for each in found]
    mean_time = sum(w * t for w, t in zip(weights, times, strict=True)) / total
    mean_ahead = sum(w * a for w, a in zip(weights, aheads, strict=True)) / total
    both = sum(
        w * (t - mean_time) * (a - mean_ahead)
        for w, t, a in zip(weights, times, aheads, strict=True)
    )
    squares = sum(w * (t - mean_time) ** 2 for w, t in zip(weights, times, strict=True))
    rate = both / (squares + 1 / USUAL_RATE**2)
    clock = ClockMap(
        session_ns=last.at_ns,
        ahead_ns=last.ahead_ns + round(mean_ahead - rate * mean_time),
        gains_ppb=round(rate * 1e9),
    )
    return ClockFit(tuple(found), clock, _rate_bound(clock, found))


def followed(fit: ClockFit | None, seen: Sequence[Sighting]) -> tuple[ClockFit, int]:
    """The fit with new sightings, at least one, and by how many ns the clock has jumped.

    A clock that is not where it must be was set, stopped or hurried along meanwhile: what was known
    of it before is forgotten. 0 for one that did not jump.
    """
    if fit is None:
        return fitted(seen), 0
    if all(fit.agrees(each) for each in seen):
        return fitted((*fit.sightings, *seen)), 0
    last = seen[-1]
    return fitted(seen), last.ahead_ns - fit.map.ahead_at(last.at_ns)


def _off_ns(clock: ClockMap, sighting: Sighting) -> int:
    """By how much the map may be wrong at a sighting."""
    return abs(sighting.ahead_ns - clock.ahead_at(sighting.at_ns)) + sighting.bound_ns


def _rate_bound(clock: ClockMap, found: Sequence[Sighting]) -> float:
    """Between two sightings a clock's speed differs from the map's by no more than both may be off,
    over the time between them."""
    last = found[-1]
    known = min(
        (
            (_off_ns(clock, each) + _off_ns(clock, last)) / (last.at_ns - each.at_ns)
            for each in found
            if each.at_ns < last.at_ns
        ),
        default=MOST_RATE,
    )
    return min(known, MOST_RATE + abs(clock.gains_ppb) / 1e9) + WANDER
