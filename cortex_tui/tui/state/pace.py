"""How often the screen is drawn: less while the machine is full, so that what is measured has it.

Lowering the screen's priority instead would make one frame of 10 ms take a tenth of a second.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

LOOK_S = 0.25
"""How often the newest view is looked at."""

EVERY = (1, 2, 4)
"""How many looks there are for each that is drawn: four a second, two, one."""

FULL = 0.9
"""The share of the usable cores from which on a machine is full; below FREE it is not any more."""
FREE = 0.75
SLOW_FRAME_NS = 20_000_000
"""From here on a frame is slow: four a second are 8 % of a core. Below FAST_FRAME_NS it is not."""
FAST_FRAME_NS = 10_000_000

SLOWER_AFTER = 4
"""Looks in a row that call for fewer frames before there are fewer; and those to have more again.
A moment is not worth a change that a person sees."""
FASTER_AFTER = 12


class Usage(NamedTuple):
    """What decides how often is drawn."""

    busy_share: float
    """CPU time of runner and screen, as a share of the usable cores."""
    frame_ns: float
    """What a frame costs the screen's loop."""


class Pace(NamedTuple):
    """How often is drawn now, and for how many looks in a row another pace was called for."""

    level: int = 0
    """An index into EVERY."""
    reason: Literal["", "full", "slow"] = ""
    calls_for_less: int = 0
    calls_for_more: int = 0

    @property
    def every(self) -> int:
        return EVERY[self.level]


def pace_after(pace: Pace, usage: Usage) -> Pace:
    """The pace after one more look."""
    full, slow = usage.busy_share >= FULL, usage.frame_ns >= SLOW_FRAME_NS
    if full or slow:
        reason: Literal["full", "slow"] = "full" if full else "slow"
        less = pace.calls_for_less + 1
        if less < SLOWER_AFTER or pace.level + 1 == len(EVERY):
            return Pace(pace.level, reason if pace.level else "", less)
        return Pace(pace.level + 1, reason)
    if not pace.level or usage.busy_share >= FREE or usage.frame_ns >= FAST_FRAME_NS:
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
