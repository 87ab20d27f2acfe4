"""`run --against` and `run --variant`: one session that measures versions in alternating rounds."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, get_args

import click
import msgspec

from cortex_tui.cli.against import KEYS, Wanted
from cortex_tui.cli.comparing import report_rounds_needed
from cortex_tui.cli.running import Ran, run_profiles
from cortex_tui.environment.checkout import (
    Repository,
    RevisionError,
    check_out,
    commit_named,
    repository_of,
)
from cortex_tui.profiles.model import Length, ParamValue, Profile, SuiteVariant
from cortex_tui.profiles.suite import read_suite
from cortex_tui.profiles.variants import lasting, rehearsed
from cortex_tui.protocol.plan import LoopName, Variant
from cortex_tui.session.scratch import Scratch
from cortex_tui.session.versions import Version
from cortex_tui.text import one_line
from cortex_tui.toml.words import suggestion
from cortex_tui.workloads.names import BUILT_IN, OVER_CORE

if TYPE_CHECKING:
    from cortex_tui.placement.port import Place
    from cortex_tui.report import Delivery
    from cortex_tui.results.view import SessionView
    from cortex_tui.session.controller import SessionController

ROUNDS = 12
"""What methods of paired comparison need to see 5 % at a noise of 3 % between rounds."""
SLOT_NS = 2_000_000_000
"""How long a profile measures in a round: short, so that all versions meet the same machine."""
SETTLE_NS = 300_000_000
"""How long it runs before it counts, where its own warm-up is longer: after the first round its
process has warmed up before."""
BATCHED_NS = 100_000_000
"""How long a profile runs to find out how many operations to time as one."""

HERE = "here"
"""The name of the code as it is."""


class VersionError(click.ClickException):
    """A version that cannot be measured; the message says which, and why."""

    exit_code = 2


def run_versions(
    profiles: Sequence[Profile],
    delivery: Delivery,
    wanted: Wanted,
    *,
    one_by_one: bool,
    rounds: int | None,
    shorten: bool,
    settle: bool,
    place: Place,
    loop: LoopName,
    table_to: TextIO | None = None,
) -> Ran:
    """Tries all profiles on all versions, and measures them in one session.

    `shorten` has profiles that would measure longer measure SLOT_NS, and `settle` has them warm up
    for SETTLE_NS at most.
    """
    variants = _variants_of(wanted, profiles)
    if not place.has_fleets:
        raise click.UsageError(
            f"variants need runners of their own, and there are none {place.words}"
        )
    slots = [_slot(profile, shorten=shorten, settle=settle) for profile in profiles]
    with _versions_of(variants, slots, delivery.store) as versions:
        runs = _Runs(delivery, versions, one_by_one=one_by_one, place=place, loop=loop)
        slots = runs.tried(slots)
        return runs.measured(slots, ROUNDS if rounds is None else rounds, table_to)


def _slot(profile: Profile, *, shorten: bool, settle: bool) -> Profile:
    if shorten and (profile.precision or (profile.stop.duration_ns or 0) > SLOT_NS):
        profile = lasting(profile, SLOT_NS)
    warmup_ns = profile.warmup.duration_ns
    if settle and (warmup_ns is None or warmup_ns > SETTLE_NS or profile.auto_warmup):
        profile = msgspec.structs.replace(profile, warmup=Length(SETTLE_NS), auto_warmup=False)
    return profile


# --- which versions -------------------------------------------------------------------------------


def _variants_of(wanted: Wanted, profiles: Sequence[Profile]) -> list[Variant]:
    """What the words mean, the one that the others are compared with first."""
    asked: dict[str, Variant] = {}
    for word in wanted.variants:
        name, equals, setting = word.partition("=")
        if not equals:
            asked[name] = _of_suites(name, profiles)
            continue
        key, colon, value = setting.partition(":")
        if not (name and equals and colon and value and key in KEYS):
            raise click.UsageError(
                f"--variant {word}: expected NAME=KEY:VALUE with one of the keys {', '.join(KEYS)}"
            )
        asked[name] = _with(asked.get(name, Variant(name=name)), key, value, word)
    if wanted.python:
        name = os.path.basename(wanted.python)
        asked[name] = _with(Variant(name=name), "python", wanted.python, f"--python {name}")
    base = [Variant(name=wanted.against, revision=wanted.against)] if wanted.against else []
    here = [Variant(name=HERE)] if base or len(asked) == 1 else []
    found = [*base, *here, *asked.values()]
    names = [variant.name for variant in found]
    for name in names:
        if names.count(name) > 1:
            raise click.UsageError(f"--variant {name}: expected a name that no other variant has")
    return found


def _of_suites(name: str, profiles: Sequence[Profile]) -> Variant:
    """The variant of that name of the suites that are run."""
    known: dict[str, SuiteVariant] = {}
    for source in dict.fromkeys(profile.source for profile in profiles):
        suite = read_suite(Path(source), source).suite
        known.update((each.name, each) for each in suite.variants) if suite else None
    if name not in known:
        raise click.UsageError(
            f"--variant {name}: expected NAME=KEY:VALUE, or a [variant.NAME] of the suite "
            f"{suggestion(name, known)}"
        )
    found = known[name]
    word = f"variant.{name}"
    variant = Variant(name=name, env=found.env, params=found.params)
    for key in ("rev", "folder", "python", "loop"):
        if value := getattr(found, key):
            variant = _with(variant, key, value, word)
    return variant


def _with(variant: Variant, key: str, value: str, word: str) -> Variant:
    name, equals, rest = value.partition("=")
    if key in ("env", "param") and not (name and equals):
        raise click.UsageError(f"--variant {word}: expected {key}:NAME=VALUE")
    match key:
        case "rev":
            return msgspec.structs.replace(variant, revision=value)
        case "folder":
            if not os.path.isdir(value):
                raise click.UsageError(f"--variant {word}: {value}: expected a folder, found none")
            return msgspec.structs.replace(variant, folder=os.path.realpath(value))
        case "python":
            return msgspec.structs.replace(variant, python=_interpreter(value, word))
        case "loop":
            if value not in get_args(LoopName):
                loops = ", ".join(get_args(LoopName))
                raise click.UsageError(f"--variant {word}: expected one of the loops {loops}")
            return msgspec.structs.replace(variant, loop=msgspec.convert(value, LoopName))
        case "env":
            return msgspec.structs.replace(variant, env={**variant.env, name: rest})
        case _:
            return msgspec.structs.replace(variant, params={**variant.params, name: _scalar(rest)})


def _scalar(text: str) -> ParamValue:
    """As TOML would have it, or else as text."""
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _interpreter(path: str, word: str) -> str:
    code = "import cortex_tui; print(cortex_tui.__version__)"
    try:
        done = subprocess.run(
            [path, "-P", "-c", code], capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise click.UsageError(f"{word}: {path}: expected an interpreter: {error}") from None
    from cortex_tui import __version__

    if done.returncode or done.stdout.strip() != __version__:
        found = done.stdout.strip() or "none"
        raise click.UsageError(
            f"{word}: {path}: expected cortex-tui {__version__} in its environment, found {found}"
        )
    return path


@contextmanager
def _versions_of(
    variants: Sequence[Variant], profiles: Sequence[Profile], store: Path
) -> Iterator[list[Version]]:
    """The versions, with the code of revisions in folders that are deleted afterwards, at the next
    start where this program is killed."""
    scratch = Scratch(store.parent)
    scratch.settle()
    scratch.sweep()
    name = f"code-{os.urandom(4).hex()}"
    try:
        scratch.make(name)
        place = scratch.folder_of(name).resolve()
        yield [
            _version(variant, profiles, place / str(number))
            for number, variant in enumerate(variants)
        ]
    except RevisionError as error:
        raise VersionError(str(error)) from None
    except OSError as error:
        raise VersionError(f"there is no place for its code: {error}") from None
    finally:
        scratch.remove(name)


def _version(variant: Variant, profiles: Sequence[Profile], folder: Path) -> Version:
    if variant.folder:
        root = os.path.realpath(Path.cwd())
        _check_profiles(variant, profiles, root, Path(variant.folder))
        return Version(variant, root, variant.folder)
    if not variant.revision:
        return Version(_as_it_is(variant))
    repository = repository_of(Path.cwd())
    commit = commit_named(repository, variant.revision)
    check_out(repository, commit, folder)
    for profile in profiles:
        _check_varies(variant, profile, repository)
    _check_profiles(variant, profiles, str(repository.top), folder)
    return Version(
        msgspec.structs.replace(variant, revision=commit), str(repository.top), str(folder)
    )


def _as_it_is(variant: Variant) -> Variant:
    """With the commit of the working tree, where there is one."""
    try:
        repository = repository_of(Path.cwd())
    except RevisionError:
        return variant
    if repository.dirty:
        click.echo(
            f"{variant.name}: the working tree of {repository.commit[:10]} with its changes",
            err=True,
        )
    return msgspec.structs.replace(variant, revision=repository.commit, dirty=repository.dirty)


def _check_varies(variant: Variant, profile: Profile, repository: Repository) -> None:
    """That the revision has a say in what the profile measures."""
    if profile.workload in OVER_CORE:
        import cortex_core

        code, what = (
            Path(cortex_core.__file__),
            f"cortex_core in {Path(cortex_core.__file__).parent}",
        )
    else:
        code, what = Path(profile.source), f"the suite {profile.source}"
    if not code.resolve().is_relative_to(repository.top):
        raise VersionError(
            f"{profile.full_name} measures {what}, which is not part of {repository.top}: "
            f"{variant.name} cannot differ in it"
        )


def _check_profiles(variant: Variant, profiles: Sequence[Profile], root: str, folder: Path) -> None:
    """That the code of the variant has each profile."""
    for source in dict.fromkeys(profile.source for profile in profiles):
        if not Path(source).is_relative_to(root):
            continue
        file = folder / Path(source).relative_to(root)
        suite = read_suite(file, str(file)).suite if file.exists() else None
        there = {profile.full_name for profile in suite.profiles} if suite else set()
        for profile in profiles:
            if profile.source == source and profile.full_name not in there:
                if profile.workload in BUILT_IN:
                    continue
                raise VersionError(
                    f"{variant.name} has no profile {profile.full_name} "
                    f"(in {Path(source).relative_to(root)}): it cannot be compared"
                )


# --- running them ---------------------------------------------------------------------------------


class _Runs:
    """The sessions of one comparison."""

    def __init__(
        self,
        delivery: Delivery,
        versions: Sequence[Version],
        *,
        one_by_one: bool,
        place: Place,
        loop: LoopName,
    ) -> None:
        self._delivery = delivery
        self._versions = versions
        self._one_by_one = one_by_one
        self._place = place
        self._loop: LoopName = loop

    def tried(self, profiles: Sequence[Profile]) -> list[Profile]:
        """Runs each operation once on each version; raises VersionError where one fails.

        The profiles come back with the batches that they found: all rounds must have the same.
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

        with tempfile.TemporaryDirectory() as nowhere:
            view = asyncio.run(once(Path(nowhere) / "trial.db"))
        if view.died:
            raise VersionError(view.died)
        wrong = dict.fromkeys(
            f"{run.variant}: {run.profile.full_name}: {one_line(_why(run.reason, run.errors))}"
            for run in view.runs
            if run.state != "finished" or run.error_count or not run.operations
        )
        if wrong:
            raise VersionError(f"nothing was measured: {'; '.join(wrong)}")
        batches: dict[str, int] = {}
        for run in view.runs:
            name = run.profile.full_name
            batches[name] = max(run.batch, batches.get(name, 1))
        return [
            msgspec.structs.replace(profile, batch=profile.batch or batches[profile.full_name])
            for profile in profiles
        ]

    def measured(self, profiles: Sequence[Profile], rounds: int, table_to: TextIO | None) -> Ran:
        """Measures all versions in rounds, and reports what went wrong."""
        _announce(profiles, rounds, len(self._versions))
        report_rounds_needed(self._delivery.store, profiles, rounds)
        return run_profiles(
            profiles,
            self._delivery,
            one_by_one=self._one_by_one,
            repeat=rounds,
            place=self._place,
            loop=self._loop,
            versions=self._versions,
            table_to=table_to,
        )

    def _control(self, store: Path) -> SessionController:
        from cortex_tui.session.controller import SessionController

        return SessionController(store, place=self._place, loop=self._loop)


def _trial(profile: Profile) -> Profile:
    """Its operation once; where its batch is to be found out, for as long as that takes."""
    trial = rehearsed(profile)
    if profile.batch == 0:
        return msgspec.structs.replace(trial, batch=0, stop=Length(BATCHED_NS))
    return trial


def _why(reason: str, errors: dict[str, int]) -> str:
    return reason or ", ".join(errors) or "it did not end"


def _announce(profiles: Sequence[Profile], rounds: int, versions: int) -> None:
    slots_ns = [
        (profile.stop.duration_ns or 0) + (profile.warmup.duration_ns or 0) for profile in profiles
    ]
    about_s = sum(slots_ns) * rounds * versions / 1e9
    click.echo(
        f"{rounds} rounds of {versions} versions in turns: {about_s:.0f} s where the profiles run "
        "one by one, less where they run together",
        err=True,
    )
