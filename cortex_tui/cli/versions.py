"""`run --against` and `run --variant`: one session that measures versions in alternating rounds."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from cortex_tui.cli.against import VersionRounds
from cortex_tui.cli.comparing import compared_refs, report_rounds_needed
from cortex_tui.cli.measuring import Ran, SessionSettings, run_profiles
from cortex_tui.cli.variants import variants_of
from cortex_tui.cli.version_code import VersionError, in_all, versions_of
from cortex_tui.limits import MAX_ROUNDS
from cortex_tui.profiles.model import Length, Profile
from cortex_tui.profiles.variants import lasting, rehearsed
from cortex_tui.protocol.programs import NOT_FOUND
from cortex_tui.quantities import format_seconds
from cortex_tui.session.versions import Version
from cortex_tui.text import one_line

if TYPE_CHECKING:
    from cortex_tui.report.headless import Delivery
    from cortex_tui.results.view import SessionView
    from cortex_tui.session.control import UntilDecided
    from cortex_tui.session.controller import SessionController

ROUNDS = 12
"""Eight see 5 % where the ratio of the sides varies by 3 % from round to round (95 % power of the
paired t test); the others are for machines with more noise."""
SLOT_NS = 2_000_000_000
"""How long a profile measures in a round: short, so that all versions meet the same machine."""
SETTLE_NS = 300_000_000
"""How long it runs before it counts, where its own warm-up is longer: the same for all versions, so
that what is left of a warm-up is no difference between them."""
BATCHED_NS = 100_000_000
"""How long a profile runs to find out how many operations to time as one."""


def run_versions(
    profiles: Sequence[Profile],
    delivery: Delivery,
    settings: SessionSettings,
    asked: VersionRounds,
) -> Ran:
    """Tries all profiles on all versions, and measures them in one session, in the rounds that are
    asked for: those of the settings are of a session without versions."""
    variants = variants_of(asked.wanted, profiles)
    if not settings.place.has_fleets:
        raise click.UsageError(
            f"variants need runners of their own, and there are none {settings.place.words}"
        )
    slots = [_slot(profile, shorten=asked.shorten, settle=asked.settle) for profile in profiles]
    with versions_of(variants, slots, delivery.store) as versions:
        runs = _Runs(delivery, versions, settings)
        slots, lacking = in_all(versions, slots)
        for text in lacking:
            _leave_out(delivery, text)
        slots = runs.tried(slots)
        if asked.decide_ns is None:
            return runs.measured(slots, ROUNDS if asked.rounds is None else asked.rounds)
        until = runs.until_decided(slots, asked.decide_ns, asked.rounds)
        return runs.measured(slots, until.looks[-1], until)


def _slot(profile: Profile, *, shorten: bool, settle: bool) -> Profile:
    if shorten and (profile.precision or (profile.stop.duration_ns or 0) > SLOT_NS):
        profile = lasting(profile, SLOT_NS)
    warmup_ns = profile.warmup.duration_ns
    if settle and (warmup_ns is None or warmup_ns > SETTLE_NS or profile.auto_warmup):
        profile = msgspec.structs.replace(profile, warmup=Length(SETTLE_NS), auto_warmup=False)
    return profile


class _Runs:
    """The sessions of one comparison."""

    def __init__(
        self, delivery: Delivery, versions: Sequence[Version], settings: SessionSettings
    ) -> None:
        self._delivery = delivery
        self._versions = versions
        self._settings = settings
        self._trial_ns = 0
        """What a round takes in addition to the measuring."""

    def tried(self, profiles: Sequence[Profile]) -> list[Profile]:
        """Runs each operation once on each version; raises VersionError where one fails.

        The profiles come back with the batches that they found: all rounds must have the same.
        Tests that a version does not have are left out, and reported.
        """
        import asyncio
        import tempfile

        trials = [_trial(profile) for profile in profiles]
        names = ", ".join(version.variant.name for version in self._versions)
        click.echo(f"trying each profile once on {names}", err=True)

        async def once(store: Path) -> SessionView:
            control = self._control(store)
            try:
                control.start(trials, one_by_one=True, versions=self._versions)
                while True:
                    view = control.view
                    if view is not None and view.state in ("finished", "died"):
                        return view
                    await asyncio.sleep(0.05)
            finally:
                await asyncio.to_thread(control.close)

        before_ns = time.perf_counter_ns()
        with tempfile.TemporaryDirectory() as nowhere:
            try:
                view = asyncio.run(once(Path(nowhere) / "trial.db"))
            except KeyboardInterrupt:
                click.echo("interrupted before anything was measured", err=True)
                raise
        self._trial_ns = time.perf_counter_ns() - before_ns
        if view.died:
            raise VersionError(view.died)
        missing = {run.profile.full_name: run for run in view.runs if run.reason == NOT_FOUND}
        for name, run in missing.items():
            _leave_out(self._delivery, f"{run.variant} has no test {name}: it is left out")
        wrong = dict.fromkeys(
            f"{run.variant}: {run.profile.full_name}: {one_line(_why(run.reason, run.errors))}"
            for run in view.runs
            if run.profile.full_name not in missing
            and (run.state != "finished" or run.error_count or not run.operations)
        )
        if wrong:
            raise VersionError(f"nothing was measured: {'; '.join(wrong)}")
        if len(missing) == len(profiles):
            raise VersionError("nothing was measured: no test is in all versions")
        batches: dict[str, int] = {}
        for run in view.runs:
            name = run.profile.full_name
            batches[name] = max(run.batch, batches.get(name, 1))
        return [
            msgspec.structs.replace(profile, batch_found=batches[profile.full_name])
            for profile in profiles
            if profile.full_name not in missing
        ]

    def until_decided(
        self, profiles: Sequence[Profile], decide_ns: int, most: int | None
    ) -> UntilDecided:
        """When the session is looked at, of as many rounds as that time is enough for; UsageError
        where it is not enough for a look."""
        from cortex_tui.analysis.looks import FEWEST, looks_within
        from cortex_tui.session.control import UntilDecided

        round_ns = self._trial_ns + len(self._versions) * self._measuring_ns(profiles)
        rounds = min(decide_ns // round_ns // 2 * 2, MAX_ROUNDS if most is None else most)
        if rounds < FEWEST:
            takes = format_seconds(FEWEST * round_ns, unit="s")
            needed = f"{FEWEST} rounds, which take about {takes} here"
            raise click.UsageError(f"--until-decided: expected enough for {needed}")

        def undecided(session: str) -> str:
            found = compared_refs(self._delivery.store, [session])
            each = [one for compared in found for one in compared.comparison.having("cannot tell")]
            return ", ".join(dict.fromkeys(one.profile for one in each))

        return UntilDecided(looks_within(rounds), undecided, decide_ns)

    def _measuring_ns(self, profiles: Sequence[Profile]) -> int:
        """How long a version warms up and measures in a round."""
        slots_ns = {
            profile.full_name: (profile.stop.duration_ns or 0) + (profile.warmup.duration_ns or 0)
            for profile in profiles
        }
        together = [
            slots_ns[profile.full_name]
            for profile in profiles
            if not (profile.alone or self._settings.one_by_one)
        ]
        return sum(slots_ns.values()) - sum(together) + max(together, default=0)

    def measured(
        self, profiles: Sequence[Profile], rounds: int, until: UntilDecided | None = None
    ) -> Ran:
        """Measures all versions in rounds, and reports what went wrong."""
        _announce(
            self._measuring_ns(profiles) * len(self._versions), len(self._versions), rounds, until
        )
        report_rounds_needed(self._delivery.store, profiles, rounds)
        return run_profiles(
            profiles,
            self._delivery,
            self._settings._replace(repeat=rounds),
            versions=self._versions,
            until=until,
        )

    def _control(self, store: Path) -> SessionController:
        from cortex_tui.session.controller import SessionController

        return SessionController(store, place=self._settings.place, loop=self._settings.loop)


def _leave_out(delivery: Delivery, text: str) -> None:
    """Reports now and with the comparison what is not measured."""
    click.echo(text, err=True)
    if delivery.left_out is not None:
        delivery.left_out(text)


def _trial(profile: Profile) -> Profile:
    """Its operation once; where its batch is to be found out, for as long as that takes."""
    trial = rehearsed(profile)
    if profile.batch == 0:
        return msgspec.structs.replace(trial, batch=0, stop=Length(BATCHED_NS))
    return trial


def _why(reason: str, errors: dict[str, int]) -> str:
    return reason or ", ".join(errors) or "it did not end"


def _announce(round_ns: int, versions: int, rounds: int, until: UntilDecided | None) -> None:
    """How long the measuring takes; a runner needs some time to start, too."""
    least = until.looks[0] if until else rounds
    takes = format_seconds(least * round_ns)
    if least < rounds:
        takes = f"{takes.removesuffix(' s')} to {format_seconds(rounds * round_ns)}"
    text = f"{rounds} rounds of {versions} versions in turns: at least {takes}"
    if until:
        after = ", ".join(map(str, until.looks))
        text = f"at most {text}; it is looked at after {after} rounds"
    click.echo(text, err=True)
