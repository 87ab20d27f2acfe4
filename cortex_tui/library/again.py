"""The profiles of a stored session, as they were, for running them again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

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


def catalog_of(profiles: Iterable[Profile]) -> Catalog:
    """The profiles as if they had just been read."""
    return with_profiles(Catalog(), profiles)
