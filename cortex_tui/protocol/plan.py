"""What a runner is given: the runs of a session, and how they are to follow one another."""

from __future__ import annotations

from typing import Literal

import msgspec

from cortex_tui.profiles.model import Profile

INTERVAL_NS = 100_000_000
"""How long an interval is at first (neighbours merge in pairs when a run has too many)."""

LoopName = Literal["auto", "asyncio", "uvloop"]


class RunPlan(msgspec.Struct, frozen=True):
    """One run of a session: its number there, and what to run."""

    run: int
    profile: Profile
    round: int = 1
    """Rounds begin one after the other: a profile that is repeated has a run in each."""


class SessionPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a runner needs to run a session."""

    session: str
    runs: tuple[RunPlan, ...]
    scratch: str
    """A folder for the databases of this session; the runner may fill it, the parent deletes it."""
    cache: str
    """A folder for seeded databases that later sessions copy."""
    one_by_one: bool = False
    loop: LoopName = "auto"
    interval_ns: int = INTERVAL_NS
