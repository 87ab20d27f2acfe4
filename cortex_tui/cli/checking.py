"""`cortex-tui check` and `schema`: whether suites are right, and how they are written."""

from __future__ import annotations

import importlib.util
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.machinery import PathFinder
from pathlib import Path

import click
import msgspec

from cortex_tui.cli.completing import offer_selected
from cortex_tui.cli.options import (
    PROGRAM,
    catalog_for,
    profiles_option,
    report_problems,
    selected_from,
)
from cortex_tui.exit_codes import GOOD, USAGE
from cortex_tui.profiles.model import Problem, Profile
from cortex_tui.profiles.too_short import too_short
from cortex_tui.quantities import format_noun
from cortex_tui.text import one_line
from cortex_tui.toml.file import lines_of_errors
from cortex_tui.toml.words import shown
from cortex_tui.workloads.loading import roots_of
from cortex_tui.workloads.names import BUILT_IN


@click.command()
@click.argument(
    "select", nargs=-1, metavar="[SELECT|FILE|FOLDER]...", shell_complete=offer_selected
)
@profiles_option
def check(select: tuple[str, ...], places: Sequence[Path]) -> int:
    """Check suites without running their code.

    Every error is one line on stderr. Your code is searched for, but never imported. A target for
    which the load cannot start enough operations in the time given is a warning.

    Exit codes: 0 all good; 2 something is wrong.
    """
    catalog = catalog_for(select, places)
    profiles, problems = catalog.profiles, catalog.problems
    if select:
        selected = selected_from(catalog, select)
        profiles, problems = selected.profiles, selected.problems
    sources = {suite.name: suite.source for suite in catalog.suites}
    found = [*problems, *_with_lines(_code_problems(profiles, sources))]
    wrong = {(problem.suite, problem.profile) for problem in found}
    valid = [p for p in profiles if (p.suite, p.base or p.name) not in wrong]
    # Those that nobody has named are not what a person wants to know of.
    shipped = {suite.name for suite in catalog.suites if suite.shipped and not select}
    own = [profile for profile in valid if profile.suite not in shipped]
    others = [profile for profile in valid if profile.suite in shipped]
    click.echo(
        (f"{_in_suites(own)} valid" if own or found or not others else "no suites of your own")
        + (f", {format_noun(len(found), 'error')}" if found else "")
        + (f"; shipped with {PROGRAM}: {_in_suites(others)}" if others else "")
    )
    report_problems(found)
    for warning in dict.fromkeys(_with_lines(_too_short(profiles, sources))):
        click.echo(f"warning: {warning.place}: {warning.message}", err=True)
    return USAGE if found else GOOD


def _in_suites(profiles: Sequence[Profile]) -> str:
    suites = {profile.suite for profile in profiles}
    return f"{format_noun(len(profiles), 'profile')} in {format_noun(len(suites), 'suite')}"


def _code_problems(
    profiles: Iterable[Profile], sources: Mapping[str, str]
) -> Iterator[tuple[Profile, Problem]]:
    """What is wrong with the workloads that the profiles name, once for each family: of the cells
    of a matrix, some may have wrong values.

    `sources` are the files of suites, as errors name them; so it is below.
    """
    reported: set[str] = set()
    for profile in profiles:
        if profile.family in reported:
            continue
        if profile.workload in BUILT_IN:
            key, message = "params", _wrong_params(profile)
        else:
            key, message = "workload", _missing_module(profile)
        if message:
            reported.add(profile.family)
            yield profile, _problem(profile, sources, key, message)


def _too_short(
    profiles: Iterable[Profile], sources: Mapping[str, str]
) -> Iterator[tuple[Profile, Problem]]:
    for each in profiles:
        for key, message in too_short(each):
            yield each, _problem(each, sources, key, message)


def _problem(profile: Profile, sources: Mapping[str, str], key: str, message: str) -> Problem:
    name = profile.base or profile.name
    where = f"{sources[profile.suite]}: profile.{name}.{key}"
    return Problem(where, one_line(message), profile.suite, name, profile.tags)


def _with_lines(found: Iterable[tuple[Profile, Problem]]) -> list[Problem]:
    """With the lines on which their keys are: each file is read once."""
    by_source: defaultdict[str, list[Problem]] = defaultdict(list)
    for profile, problem in found:
        by_source[profile.source].append(problem)
    placed: list[Problem] = []
    for source, problems in by_source.items():
        try:
            data = Path(source).read_bytes()
        except OSError:  # it has gone meanwhile
            data = b""
        lines = lines_of_errors(data, [each.where.partition(": ")[2] for each in problems])
        placed += map(_on_line, problems, lines)
    return placed


def _on_line(problem: Problem, line: int | None) -> Problem:
    return msgspec.structs.replace(problem, line=line)


def _wrong_params(profile: Profile) -> str:
    from cortex_tui.workloads.operation import WorkloadError, check_params
    from cortex_tui.workloads.resolving import resolve

    try:
        check_params(profile.workload, resolve(profile.workload).factory, profile.params)
    except WorkloadError as error:
        return str(error)
    return ""


def _missing_module(profile: Profile) -> str:
    """Reports that there is no such module, as far as is known without importing a package."""
    name = profile.workload.partition(":")[0]
    roots = roots_of(profile.source)
    places = [*roots, *sys.path]
    for depth, part in enumerate(name.split(".")):
        # Looked for by its last name alone: by the whole one, its package would be imported.
        spec = PathFinder.find_spec(part, places)
        if spec is None and depth == 0:
            spec = importlib.util.find_spec(part)  # built in, or found by a hook
        if spec is None:
            return f"there is no module {shown(name)} (looked in {', '.join(roots)})"
        places = list(spec.submodule_search_locations or ())
    return ""


@click.command()
@click.option("--hosts", is_flag=True, help="That of hosts.toml, the machines of --cluster ssh:….")
def schema(hosts: bool) -> int:
    """Print the JSON Schema of a suite, for an editor. With it, an editor completes and checks
    suites.

    A suite of `cortex-tui new` names it in its first line, and so may yours:

    \b
    cortex-tui schema > profiles/.cortex-tui.schema.json
    #:schema ./.cortex-tui.schema.json
    """
    from cortex_tui.profiles.schema import schema_text

    if hosts:
        from cortex_tui.placement.cluster.hosts import hosts_schema as made
    else:
        from cortex_tui.profiles.schema import suite_schema as made

    click.echo(schema_text(made()), nl=False)
    return 0
