"""`cortex-tui list`: what there is to run, and what is wrong with the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import msgspec

from cortex_tui.cli.options import catalog_for, profiles_option, say_problems, selected_from
from cortex_tui.profiles.description import load_text, stop_text
from cortex_tui.profiles.model import Catalog, Profile, Suite

SCHEMA = "cortex-tui/profiles@1"


@click.command("list")
@click.argument("select", nargs=-1, metavar="[SELECT]...")
@profiles_option
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")
def list_profiles(select: tuple[str, ...], places: Sequence[Path], as_json: bool) -> int:
    """List suites and their profiles.

    What is wrong with any of them goes to stderr, and makes the exit code 2.
    """
    catalog = catalog_for(select, places)
    problems = catalog.problems
    if select:
        selected = selected_from(catalog, select)
        problems = selected.problems
        catalog = _only(catalog, {profile.full_name for profile in selected.profiles})
    if as_json:
        document = {"schema": SCHEMA, "suites": catalog.suites, "problems": problems}
        click.echo(msgspec.json.format(msgspec.json.encode(document), indent=2))
    else:
        for line in _lines(catalog):
            click.echo(line)
    say_problems(problems)
    return 2 if problems else 0


def _only(catalog: Catalog, names: set[str]) -> Catalog:
    suites = (
        msgspec.structs.replace(
            suite, profiles=tuple(p for p in suite.profiles if p.full_name in names)
        )
        for suite in catalog.suites
    )
    return Catalog(tuple(suite for suite in suites if suite.profiles), catalog.problems)


def _lines(catalog: Catalog) -> Iterator[str]:
    rows = {p.full_name: (load_text(p.load), stop_text(p)) for p in catalog.profiles}
    name_width = max((len(name) for name in rows), default=0)
    load_width = max((len(load) for load, _ in rows.values()), default=0)
    stop_width = max((len(stop) for _, stop in rows.values()), default=0)
    for number, suite in enumerate(catalog.suites):
        if number:
            yield ""
        yield _title(suite)
        for profile in suite.profiles:
            load, stop = rows[profile.full_name]
            yield (
                f"  {profile.full_name:<{name_width}}  {load:<{load_width}}  {stop:>{stop_width}}"
                f"  {_summary(profile)}"
            ).rstrip()


def _title(suite: Suite) -> str:
    origin = "shipped" if suite.shipped else suite.source
    replaced = f", replaces {suite.replaces}" if suite.replaces else ""
    description = f": {suite.description}" if suite.description else ""
    return f"{suite.name}{description} ({origin}{replaced})"


def _summary(profile: Profile) -> str:
    return profile.summary or profile.workload
