"""Where operations of a run were while they were in flight, and what they waited for there."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping

import msgspec

from cortex_tui.limits import MAX_WAIT_CHARS, MAX_WAIT_PLACES
from cortex_tui.protocol.messages import ELSEWHERE
from cortex_tui.text import one_line

_SHOWN = 5
FEW_LOOKS = 30
"""With fewer, shares are mostly chance: of 30 looks, one half is known to within 18 %."""


class WaitPlace(msgspec.Struct, frozen=True):
    """A place at which operations in flight were seen."""

    place: str
    """Such as `orders.py:14 in operation, awaiting Pool._acquire (asyncpg/pool.py)`."""
    seen: int
    """How many times."""


class Waits(msgspec.Struct, frozen=True):
    """Of one run; none where the defaults stand.

    At the end of each interval some operations in flight are looked at. The share of a place in
    what was seen is its share in the time that operations take.
    """

    seen: int = 0
    """Operations that were seen in flight; one may be seen in several intervals."""
    places: tuple[WaitPlace, ...] = ()
    """Where most of them were, at most five."""

    @property
    def words(self) -> str:
        """Such as `81 % at orders.py:14 in operation, awaiting Pool._acquire (asyncpg/pool.py)`;
        several are separated by semicolons. Empty with few looks."""
        if self.seen < FEW_LOOKS:
            return ""
        return "; ".join(f"{self.share_text(each)} at {each.place}" for each in self.places)

    def share_text(self, place: WaitPlace) -> str:
        """Such as `81 %`."""
        return f"{100 * place.seen / self.seen:.0f} %"


def add_waits(counts: MutableMapping[str, int], seen: Mapping[str, int]) -> None:
    """Adds what was seen, at MAX_WAIT_PLACES places at most; the rest is counted as elsewhere."""
    for text, count in seen.items():
        place = one_line(text[:MAX_WAIT_CHARS])
        if place not in counts and len(counts) >= MAX_WAIT_PLACES:
            place = ELSEWHERE
        counts[place] = counts.get(place, 0) + max(0, count)


def waits_of(counts: Mapping[str, int]) -> Waits:
    """The places with the most first. What somebody else has stored may have any numbers: those
    below 1 are none."""
    seen = {place: count for place, count in counts.items() if count > 0}
    most = sorted(seen.items(), key=lambda item: (-item[1], item[0]))
    places = tuple(WaitPlace(place, count) for place, count in most if place != ELSEWHERE)
    return Waits(sum(seen.values()), places[:_SHOWN])
