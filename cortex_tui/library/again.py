"""The profiles of a stored session, as they were, for running them again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from cortex_tui.profiles.model import Catalog, Profile
from cortex_tui.profiles.rereading import with_profiles
from cortex_tui.session.decisions import replayed
from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.records import IMPORTED, StoredSession


class Again(NamedTuple):
    """What a stored session ran, each profile once, and how."""

    profiles: tuple[Profile, ...]
    one_by_one: bool
    rounds: int


def again_of(ref: str, stored: StoredSession) -> Again:
    """What to run for a session that was loaded as `ref` once more.

    A warm-up that ended by itself takes the length that it had. Raises SnapshotError for a session
    that another program measured.
    """
    if stored.session.placement == IMPORTED:
        raise SnapshotError(f"{ref} was imported: its code is not here")
    # A profile that was repeated has a run in each round.
    profiles = {run.profile.full_name: replayed(run.profile, run) for run in stored.runs}
    of_one_run = stored.snapshot is not None and stored.snapshot.run is not None
    rounds = 1 if of_one_run else stored.session.rounds
    return Again(tuple(profiles.values()), stored.session.one_by_one, rounds)


def batched_alike(profiles: Iterable[Profile], stored: StoredSession) -> list[Profile]:
    """The profiles, those that find out how many operations to time as one with what a stored
    session found: times of other batches could not be compared with its own."""
    found = {run.profile.full_name: run.batch for run in stored.runs if run.service.count}
    return [
        msgspec.structs.replace(profile, batch_found=found[profile.full_name])
        if profile.batch == 0 and profile.full_name in found
        else profile
        for profile in profiles
    ]


def catalog_of(profiles: Iterable[Profile]) -> Catalog:
    """The profiles as if they had just been read."""
    return with_profiles(Catalog(), profiles)
