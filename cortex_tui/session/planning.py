"""Makes the plan of a session from what a person asks for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime

from cortex_tui.placement.port import Place
from cortex_tui.profiles.model import Profile
from cortex_tui.protocol.plan import LoopName, RunnerSpec, RunPlan, SessionPlan
from cortex_tui.protocol.programs import runners_for
from cortex_tui.session.scratch import Scratch


def runners_at(place: Place, profiles: Sequence[Profile]) -> tuple[RunnerSpec, ...]:
    """What the runners of these profiles are started with; empty where nothing is special.

    Raises ValueError where one runner cannot run them all, or not at that place.
    """
    runners = runners_for(profiles)
    if runners and not place.own_process:
        raise ValueError(f"pytest runs tests in a process of its own, not {place.words}")
    return runners


def plan_of(
    profiles: Sequence[Profile],
    *,
    started_at: datetime,
    place: Place,
    scratch: Scratch,
    one_by_one: bool,
    rounds: int,
    loop: LoopName,
) -> SessionPlan:
    """A run of each profile in each round; runs are numbered in that order.

    Raises ValueError for profiles that one runner cannot run.
    """
    session = f"{started_at:%Y%m%dT%H%M%S}-{os.urandom(3).hex()}"
    return SessionPlan(
        session=session,
        runs=tuple(
            RunPlan(
                turn * len(profiles) + number,
                profile,
                turn + 1,
                tuple(range(profile.load.shared_by if place.has_fleets else 1)),
            )
            for turn in range(rounds)
            for number, profile in enumerate(profiles)
        ),
        scratch=str(scratch.folder_of(session)),
        cache=str(scratch.cache),
        one_by_one=one_by_one,
        loop=loop,
        runners=runners_at(place, profiles),
    )
