"""When a run is to go on: decided from what is known of it, where numpy may be used."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from cortex_tui.profiles.model import Length, Profile
from cortex_tui.protocol.commands import EndPhase
from cortex_tui.results.run_fold import RunFold
from cortex_tui.store.records import RunRecord


def decisions(runs: Iterable[RunFold]) -> list[EndPhase]:
    """The phases whose end has come: a warm-up that has settled, a percentile that is known.

    Pure, to be asked a few times a second. It says the same again until the phase has ended; the
    command names its phase, so that it does nothing later.
    """
    return [
        EndPhase(run.run, stage)
        for run in runs
        if ((stage := run.life.stage) == "warmup" or stage == "measure")
        and not run.life.paused
        and not run.life.stopping
        and (_settled(run) if stage == "warmup" else _known(run))
    ]


def _settled(run: RunFold) -> bool:
    return run.profile.auto_warmup and run.settling.settled


def _known(run: RunFold) -> bool:
    wanted = run.profile.precision
    if wanted is None or run.measured_ns < wanted.at_least_ns:
        return False
    if run.measured_ns >= wanted.at_most_ns:
        return True
    found = run.findings()
    known = found.half_width is not None and found.half_width <= wanted.half_width
    return known and found.may_end


def replayed(profile: Profile, record: RunRecord) -> Profile:
    """The profile for running a stored run again: a warm-up whose length was found out takes that
    length, so that both runs were warmed up alike."""
    if not profile.auto_warmup or not record.warmup_ns:
        return profile
    return msgspec.structs.replace(
        profile, auto_warmup=False, warmup=Length(duration_ns=record.warmup_ns)
    )
