"""The code of each version, in a folder of its own where it is not the working tree's."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec

from cortex_tui.environment.checkout import (
    Repository,
    RevisionError,
    check_out,
    commit_named,
    repository_of,
)
from cortex_tui.exit_codes import USAGE
from cortex_tui.profiles.model import Profile
from cortex_tui.profiles.suite import read_suite
from cortex_tui.protocol.plan import Variant
from cortex_tui.protocol.programs import is_test
from cortex_tui.quantities import format_names
from cortex_tui.session.scratch import Scratch
from cortex_tui.session.versions import Version
from cortex_tui.workloads.names import BUILT_IN, OVER_CORE

_NAMED = 5


class VersionError(click.ClickException):
    """A version that cannot be measured; the message says which, and why."""

    exit_code = USAGE


@contextmanager
def versions_of(
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
        return Version(variant, root, variant.folder)
    if not variant.revision:
        return Version(_as_it_is(variant))
    repository = repository_of(Path.cwd())
    commit = commit_named(repository, variant.revision)
    check_out(repository, commit, folder)
    within = Path.cwd().resolve().relative_to(repository.top)
    if not (folder / within).is_dir():
        raise VersionError(
            f"{variant.name} has no folder {within}, where its runners would start; "
            "run this in a folder that all versions have"
        )
    for profile in profiles:
        _check_varies(variant, profile, repository)
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


def in_all(
    versions: Sequence[Version], profiles: Sequence[Profile]
) -> tuple[list[Profile], list[str]]:
    """The profiles that all versions have, and a text for each version that lacks some: a change
    may add profiles, and the others are compared all the same.

    Raises VersionError where no profile is left.
    """
    missing = {version.variant.name: _missing(version, profiles) for version in versions}
    gone = {name for names in missing.values() for name in names}
    lacking = {variant: list(names) for variant, names in missing.items() if names}
    texts = [
        f"{variant} has no profile {format_names(names, _NAMED)}"
        for variant, names in lacking.items()
    ]
    if len(gone) == len(profiles):
        raise VersionError(f"{'; '.join(texts)}: nothing is left to compare")
    kept = [profile for profile in profiles if profile.full_name not in gone]
    return kept, [
        f"{text}: {'it is' if len(names) == 1 else 'they are'} left out"
        for text, names in zip(texts, lacking.values(), strict=True)
    ]


def _missing(version: Version, profiles: Sequence[Profile]) -> dict[str, None]:
    """The full names of those that its code does not have."""
    if not version.folder:
        return {}
    # What tests a version has is known to pytest alone: they are looked for when they are tried.
    suites = [profile.source for profile in profiles if not is_test(profile)]
    found: dict[str, None] = {}
    for source in dict.fromkeys(suites):
        if not Path(source).is_relative_to(version.root):
            continue
        file = Path(version.folder) / Path(source).relative_to(version.root)
        suite = read_suite(file, str(file)).suite if os.path.exists(file) else None
        there = {profile.full_name for profile in suite.profiles} if suite else set()
        found |= {
            profile.full_name: None
            for profile in profiles
            if profile.source == source
            and profile.full_name not in there
            and profile.workload not in BUILT_IN
        }
    return found
