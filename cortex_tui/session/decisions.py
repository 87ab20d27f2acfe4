"""When warm-up and measure end: decided from what is known of the run, where numpy may be used."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from cortex_tui.profiles.model import Length, Profile
from cortex_tui.protocol.commands import EndPhase
from cortex_tui.results.result_of import estimated
from cortex_tui.results.run_fold import RunFold
from cortex_tui.store.records import RunRecord


def decisions(runs: Iterable[RunFold]) -> list[EndPhase]:
    """The phases whose end has come: a warm-up that has settled, a percentile that is known,
    targets that are decided. Those verdicts stay, whatever the last operations of the run are.

    To be asked a few times a second. It says the same again until the phase has ended; the command
    names its phase, so that it does nothing later.
    """
    return [
        EndPhase(run.run, stage)
        for run in runs
        if ((stage := run.life.stage) == "warmup" or stage == "measure")
        and not run.life.paused
        and not run.life.stopping
        and (_settled(run) if stage == "warmup" else _may_end(run))
    ]


def decides(profile: Profile) -> bool:
    """Whether there is ever anything to decide of its runs."""
    return profile.auto_warmup or _ends_when_known(profile)


def _ends_when_known(profile: Profile) -> bool:
    return profile.precision is not None or profile.until_decided is not None


def _settled(run: RunFold) -> bool:
    return run.profile.auto_warmup and run.settling.settled


def _may_end(run: RunFold) -> bool:
    return _ends_when_known(run.profile) and _known(run) and _decided(run)


def _decided(run: RunFold) -> bool:
    own = run.profile.until_decided
    if own is None:
        return True
    if run.measured_ns < (own.duration_ns or 0) or run.phase_iterations < (own.iterations or 0):
        return False
    results = estimated(run)
    if all(result.met is not None for result in results):
        # How the operations depend on each other is known as of a moment ago.
        run.look_again()
        results = estimated(run)
    if any(result.met is None for result in results):
        return False
    run.decided = {result.target: result.verdict for result in results}
    return True


def _known(run: RunFold) -> bool:
    wanted = run.profile.precision
    if wanted is None:
        return True
    if run.measured_ns < wanted.at_least_ns:
        return False
    if run.measured_ns >= wanted.at_most_ns:
        return True
    found = run.findings()
    known = found.half_width is not None and found.half_width <= wanted.half_width
    return known and found.may_end


def replayed(profile: Profile, record: RunRecord) -> Profile:
    """The profile for running a stored run again: what was found out, such as the length of a
    warm-up and the size of a batch, is as it was, so that both runs are alike."""
    if profile.batch == 0 and record.service.count:
        profile = msgspec.structs.replace(profile, batch_found=record.batch)
    if not profile.auto_warmup or not record.warmup_ns:
        return profile
    return msgspec.structs.replace(
        profile, auto_warmup=False, warmup=Length(duration_ns=record.warmup_ns)
    )
