"""`cortex-tui list`: what there is to run, and what is wrong with the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import click
import msgspec

from cortex_tui.cli.completing import offer_selected
from cortex_tui.cli.documents import json_of
from cortex_tui.cli.options import (
    catalog_for,
    json_option,
    profiles_option,
    report_problems,
    selected_from,
)
from cortex_tui.exit_codes import GOOD, USAGE
from cortex_tui.profiles.description import matrix_text, stop_text
from cortex_tui.profiles.model import Catalog, Profile, Suite
from cortex_tui.tables import GAP, aligned
from cortex_tui.text import one_line

SCHEMA = "cortex-tui/profiles@1"


@click.command("list")
@click.argument("select", nargs=-1, metavar="[SELECT]...", shell_complete=offer_selected)
@profiles_option
@json_option
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
        click.echo(json_of(document), nl=False)
    else:
        for line in _lines(catalog):
            click.echo(line)
    report_problems(problems)
    return USAGE if problems else GOOD


def _only(catalog: Catalog, names: set[str]) -> Catalog:
    suites = (
        msgspec.structs.replace(
            suite, profiles=tuple(p for p in suite.profiles if p.full_name in names)
        )
        for suite in catalog.suites
    )
    return Catalog(tuple(suite for suite in suites if suite.profiles), catalog.problems)


class _Row(NamedTuple):
    name: str
    load: str
    stop: str
    description: str


def _lines(catalog: Catalog) -> Iterator[str]:
    suites = {suite.name: [_row(family) for family in _families(suite)] for suite in catalog.suites}
    rows = [row for found in suites.values() for row in found]
    names, loads, stops = (aligned([row[at] for row in rows], right=at == 2) for at in range(3))
    lines = zip(names, loads, stops, [one_line(row.description) for row in rows], strict=True)
    for number, suite in enumerate(catalog.suites):
        if number:
            yield ""
        yield _title(suite)
        for line in islice(lines, len(suites[suite.name])):
            yield (GAP + GAP.join(line)).rstrip()


def _families(suite: Suite) -> list[list[Profile]]:
    """The profiles of the suite, the cells of a matrix together."""
    families: dict[str, list[Profile]] = {}
    for profile in suite.profiles:
        families.setdefault(profile.family, []).append(profile)
    return list(families.values())


def _row(family: list[Profile]) -> _Row:
    profile = family[0]
    description = profile.summary or profile.workload
    name = profile.full_name
    if len(family) > 1:
        name = profile.family
        description = (
            f"{description} ({len(family)} cells: {matrix_text([p.matrix for p in family])})"
        )
    tags = "".join(f" @{tag}" for tag in profile.tags)
    return _Row(name, profile.load.text, stop_text(profile), description + tags)


def _title(suite: Suite) -> str:
    origin = "shipped" if suite.shipped else suite.source
    replaced = f", replaces {suite.replaces}" if suite.replaces else ""
    description = f": {suite.description}" if suite.description else ""
    return f"{suite.name}{description} ({origin}{replaced})"
