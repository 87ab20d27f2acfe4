"""How often the screen is drawn: less while the machine is full, so that what is measured has it.

Lowering the screen's priority instead would make one frame of 10 ms take a tenth of a second.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

LOOK_S = 0.25
"""How often the newest view is looked at."""

EVERY = (1, 2, 4)
"""Of so many looks one is drawn: four times a second, twice, once."""

FULL = 0.9
"""The share of the usable cores from which on a machine is full; below FREE it is not any more."""
FREE = 0.75
DEAR_NS = 20_000_000
"""What a frame costs that is dear: four a second are 8 % of a core. Below CHEAP_NS it is not."""
CHEAP_NS = 10_000_000

SLOWER_AFTER = 4
"""Looks in a row that call for fewer frames before there are fewer; and those to have more again.
A moment is not worth a change that a person sees."""
FASTER_AFTER = 12


class Strain(NamedTuple):
    """What speaks for or against drawing often."""

    busy_share: float
    """CPU time of runner and screen, as a share of the usable cores."""
    frame_ns: float
    """What a frame costs the screen's loop."""


class Pace(NamedTuple):
    """How often is drawn now, and for how many looks things have been otherwise."""

    level: int = 0
    """An index into EVERY."""
    reason: Literal["", "full", "dear"] = ""
    calls_for_less: int = 0
    calls_for_more: int = 0

    @property
    def every(self) -> int:
        return EVERY[self.level]


def pace_after(pace: Pace, strain: Strain) -> Pace:
    """The pace after one more look."""
    full, dear = strain.busy_share >= FULL, strain.frame_ns >= DEAR_NS
    if full or dear:
        reason: Literal["full", "dear"] = "full" if full else "dear"
        less = pace.calls_for_less + 1
        if less < SLOWER_AFTER or pace.level + 1 == len(EVERY):
            return Pace(pace.level, reason if pace.level else "", less)
        return Pace(pace.level + 1, reason)
    if not pace.level or strain.busy_share >= FREE or strain.frame_ns >= CHEAP_NS:
        return Pace(pace.level, pace.reason)
    more = pace.calls_for_more + 1
    if more < FASTER_AFTER:
        return Pace(pace.level, pace.reason, 0, more)
    return Pace(pace.level - 1, pace.reason if pace.level > 1 else "")


def pace_text(pace: Pace) -> str:
    """Why less is drawn than usual, such as `drawing once a second: the machine is full`."""
    if not pace.level:
        return ""
    often = {1: "twice a second", 2: "once a second"}[pace.level]
    why = "the machine is full" if pace.reason == "full" else "frames take long"
    return f"drawing {often}: {why}"
