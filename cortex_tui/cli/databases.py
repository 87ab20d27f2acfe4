"""`--database`: where built-in workloads keep their data, in place of what their profiles say."""

from __future__ import annotations

from collections.abc import Sequence

import click

from cortex_tui.cli.options import Command
from cortex_tui.passwords import is_address, taken_from
from cortex_tui.profiles.model import Profile, kept_in
from cortex_tui.toml.reading import RefusedError


def database_given(text: str, word: str) -> str:
    """What a profile says for it; a password in a URL is known to this process from now on.

    Raises click.UsageError that begins with `word`.
    """
    from cortex_tui.profiles.keys import read_database

    try:
        database = read_database(taken_from(text) if is_address(text) else text, "")
        _check_installed(database)
        return database
    except ValueError as error:
        raise click.UsageError(f"{word}: {error}") from None
    except RefusedError as refused:
        raise click.UsageError(f"{word}: {refused.message}") from None


def check_stores(profiles: Sequence[Profile]) -> None:
    """Raises click.UsageError where one keeps its data in a store that is not installed."""
    for database in {each.database for each in profiles if each.keeps_data}:
        _check_installed(database)


def _check_installed(database: str) -> None:
    if is_address(database):
        from cortex_core.errors import UnknownStoreError
        from cortex_core.stores import check_installed

        try:
            check_installed(database)
        except UnknownStoreError as error:
            raise click.UsageError(str(error)) from None


def _given(ctx: click.Context, param: click.Parameter, text: str | None) -> str:
    return "" if text is None else database_given(text, "--database")


def database_option(command: Command) -> Command:
    """One argument, `database`: "" where the profiles say it."""
    return click.option(
        "--database",
        metavar="URL",
        callback=_given,
        help="Where built-in workloads keep their data: postgresql://host/database, own, shared or "
        "memory. A password in a URL is neither stored nor shown.",
    )(command)


def check_kept(profiles: Sequence[Profile], option: str) -> None:
    """Raises click.UsageError where no profile keeps data of its own."""
    if not any(profile.keeps_data for profile in profiles):
        raise click.UsageError(
            f"{option}: none of the profiles has a workload that keeps its data in a database"
        )


def all_kept_in(profiles: Sequence[Profile], database: str) -> list[Profile]:
    """The profiles with what `--database` says. Raises click.UsageError where it cannot be."""
    check_kept(profiles, "--database")
    kept = [kept_in(profile, database) for profile in profiles]
    for profile in kept:
        if profile.database == "shared" and profile.load.shared_by > 1:
            raise click.UsageError(
                f"--database: {profile.full_name} has {profile.load.shared_by} processes, each "
                "with a database of its own: expected another than shared"
            )
    return kept
