"""Makes the plan of a session from what a person asks for."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from random import Random

from cortex_tui.passwords import completed
from cortex_tui.placement.port import Place
from cortex_tui.profiles.model import Profile, shared, spread
from cortex_tui.protocol.plan import LoopName, RunnerSpec, RunPlan, SessionPlan
from cortex_tui.protocol.programs import runners_for
from cortex_tui.session.scratch import Scratch
from cortex_tui.session.versions import Version


def runners_at(place: Place, profiles: Sequence[Profile]) -> tuple[RunnerSpec, ...]:
    """What the runners of these profiles are started with; empty where nothing is special.

    Raises ValueError where one runner cannot run them all, or not at that place.
    """
    runners = runners_for(profiles)
    if runners and not place.own_process:
        raise ValueError(f"pytest runs tests in a process of its own, not {place.words}")
    return runners


def shared_by(
    processes: int | None, profiles: Sequence[Profile], slots: int = 1
) -> Sequence[Profile]:
    """The profiles with their loads shared by that many processes. Raises ValueError for one that
    cannot be. For None each is as it says itself, or by at most `slots` where it says nothing."""
    if processes is not None:
        return [shared(profile, processes) for profile in profiles]
    return [spread(profile, slots) for profile in profiles]


def plan_of(
    profiles: Sequence[Profile],
    *,
    started_at: datetime,
    place: Place,
    scratch: Scratch,
    one_by_one: bool,
    rounds: int,
    loop: LoopName,
    versions: Sequence[Version] = (),
    looks: tuple[int, ...] = (),
) -> SessionPlan:
    """A run of each profile in each round, of each version where there are any; runs are numbered
    in that order. With `looks`, the last of them is the number of rounds.

    Raises ValueError for profiles that one runner cannot run, and versions that need runners of
    their own where there are none.
    """
    rounds = looks[-1] if looks else rounds
    session = f"{started_at:%Y%m%dT%H%M%S}-{os.urandom(3).hex()}"
    seed = int.from_bytes(os.urandom(4), "big") if versions else 0
    if versions:
        runs, runners = _runs_of_versions(profiles, versions, place, rounds, one_by_one, seed)
    else:
        runners = runners_at(place, profiles)
        runs = [
            RunPlan(
                turn * len(profiles) + number,
                profile,
                turn + 1,
                tuple(range(profile.load.shared_by if place.has_fleets else 1)),
            )
            for turn in range(rounds)
            for number, profile in enumerate(profiles)
        ]
    return SessionPlan(
        session=session,
        runs=tuple(runs),
        scratch=str(scratch.folder_of(session)),
        cache=str(scratch.cache),
        addresses=_addresses(run.profile.database for run in runs),
        one_by_one=one_by_one,
        loop=loop,
        runners=runners,
        variants=tuple(version.variant for version in versions),
        seed=seed,
        looks=looks,
    )


def _addresses(databases: Iterable[str]) -> dict[str, str]:
    """The whole addresses of those that have a password."""
    return {
        database: whole for database in set(databases) if (whole := completed(database)) != database
    }


def _runs_of_versions(
    profiles: Sequence[Profile],
    versions: Sequence[Version],
    place: Place,
    rounds: int,
    one_by_one: bool,
    seed: int,
) -> tuple[list[RunPlan], tuple[RunnerSpec, ...]]:
    """All runs in their order, and the runners of a round: fresh ones for each version in each
    round, as many as a load is shared by.

    What is particular to one process (where its objects lie, the seed of its hashes) is the same
    for all that it measures. With one process for all rounds it would pass for a difference between
    versions, which no number of rounds makes smaller.
    """
    if not place.has_fleets:
        raise ValueError(f"variants need runners of their own, and there are none {place.words}")
    usual = runners_at(place, profiles)
    shared_by = max(profile.load.shared_by for profile in profiles)
    # The tests of a version follow one another: pytest runs them as one.
    apart = [profile for profile in profiles if not usual and (one_by_one or profile.alone)]
    together = [profile for profile in profiles if profile not in apart]
    runs: list[RunPlan] = []
    for turn, order in enumerate(balanced_orders(len(versions), rounds, seed), 1):
        slots = [(profile, at) for at in order for profile in together]
        slots += [(profile, at) for profile in apart for at in order]
        for profile, at in slots:
            if not versions[at].measures(profile):
                continue
            first = ((turn - 1) * len(versions) + at) * shared_by
            runs.append(
                RunPlan(
                    len(runs),
                    versions[at].profile(profile),
                    turn,
                    tuple(range(first, first + profile.load.shared_by)),
                    versions[at].variant.name,
                )
            )
    spec = usual[0] if usual else RunnerSpec()
    specs = [version.spec(spec) for version in versions for _ in range(shared_by)]
    return runs, tuple(specs)


def balanced_orders(count: int, rounds: int, seed: int) -> list[list[int]]:
    """The order of `count` variants in each round: drawn for one round, and reversed in the next
    (A B, B A), so that each comes first as often as last, and a steady drift cancels out."""
    drawn = Random(seed)
    orders: list[list[int]] = []
    while len(orders) < rounds:
        order = list(range(count))
        drawn.shuffle(order)
        orders += [order, order[::-1]]
    return orders[:rounds]
