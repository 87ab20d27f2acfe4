"""`cortex-tui run`: the headless twin of the workbench."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from cortex_tui.cli.again import stored_profiles
from cortex_tui.cli.against import Wanted, against_options, version_rounds
from cortex_tui.cli.cluster import cluster_options
from cortex_tui.cli.comparing import alike_to_baseline
from cortex_tui.cli.completing import offer_selected
from cortex_tui.cli.databases import all_kept_in, check_stores, database_option
from cortex_tui.cli.exporting import Export, export_option, table_stream
from cortex_tui.cli.judging import baseline_option, failing_options, measured_and_judged
from cortex_tui.cli.measuring import SessionSettings, check_delivery
from cortex_tui.cli.options import (
    catalog_for,
    delivery_options,
    duration,
    given,
    loop_option,
    place_options,
    processes_option,
    profiles_option,
    refuse_with,
    repeat_option,
    report_error,
    report_problems,
    selected_from,
    store_option,
    warmup,
)
from cortex_tui.exit_codes import INTERRUPTED, USAGE
from cortex_tui.profiles.model import Length, Profile
from cortex_tui.profiles.selection import is_meant
from cortex_tui.profiles.variants import going_on, lasting, rehearsed, warmed_up

if TYPE_CHECKING:
    from cortex_tui.placement.port import Place
    from cortex_tui.protocol.plan import LoopName


@click.command()
@click.argument("select", nargs=-1, metavar="SELECT...", shell_complete=offer_selected)
@click.option(
    "--duration",
    "duration_ns",
    callback=duration,
    metavar="DURATION",
    help="How long each profile measures, such as 2s, in place of its own stop rule; stages are "
    "shortened or stretched to it.",
)
@click.option(
    "--warmup",
    callback=warmup,
    metavar="LENGTH",
    help="How each profile warms up, in place of its own setting: 500ms, auto, or a number of "
    "operations; 0 for none.",
)
@click.option(
    "--one-by-one",
    is_flag=True,
    help="One profile after the other instead of all together, as each other's neighbours.",
)
@repeat_option("N rounds; with --one-by-one the profiles take turns (A B A B).")
@click.option(
    "--again",
    metavar="NAME|ID",
    default="",
    callback=given("a name or the start of an id"),
    help="Repeat a snapshot or session: its profiles as they were stored, or SELECT of them, with "
    "the same number of rounds.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Run the operation of each profile once, to see that it works; nothing is stored.",
)
@click.option(
    "--inline",
    is_flag=True,
    help="Draw a small live table below the prompt in place of the line of progress.",
)
@database_option
@place_options
@processes_option
@cluster_options
@loop_option
@profiles_option
@store_option
@delivery_options
@baseline_option
@export_option
@click.option(
    "--until-decided",
    "decide_ns",
    callback=duration,
    metavar="DURATION",
    help="Continue measuring until each target is met or missed, at most that long, such as 60s; "
    "with --against or --variant, add rounds until there is a verdict on each profile.",
)
@against_options
@failing_options
@click.pass_context
def run(
    ctx: click.Context,
    select: tuple[str, ...],
    duration_ns: int | None,
    warmup: tuple[Length, bool] | None,
    one_by_one: bool,
    repeat: int,
    again: str,
    dry_run: bool,
    inline: bool,
    database: str,
    place: Place,
    processes: int | None,
    loop: LoopName,
    places: Sequence[Path],
    store: Path,
    save: str,
    note: str,
    tags: tuple[str, ...],
    json: str,
    baseline: str,
    exports: tuple[Export, ...],
    decide_ns: int | None,
    wanted: Wanted,
    fail_on: frozenset[str],
) -> int:
    """Run profiles without a screen. Progress goes to stderr, results to stdout.

    SELECT is a profile's full name (mediator.search), a suite's name, a tag (@slow), a pattern in
    which * and ? are special ('*-write'), or the path of a TOML file or of a folder of them
    (./profiles).

    Exit codes (--fail-on chooses among them): 0 all good; 1 a target was missed, or a profile is
    slower than the baseline; 2 wrong usage, an invalid profile, or results that could not be
    written; 3 a run failed; 4 a target is undecided or the comparison cannot tell, and nothing
    worse; 130 interrupted, with what was measured stored. With --against or --variant, those of
    compare.
    """
    profiles: Sequence[Profile]
    invalid = False
    if wanted:
        refuse_with(ctx, wanted.option, ("dry_run", "again", "baseline"))
    if again:
        refuse_with(ctx, "--again", ("places",))
        stored = stored_profiles(store, again, select)
        profiles, one_by_one = stored.profiles, one_by_one or stored.one_by_one
        if ctx.get_parameter_source("repeat") is ParameterSource.DEFAULT:
            repeat = stored.rounds
    else:
        profiles, invalid = selected(select, places)
    if not profiles:
        return USAGE
    if database:
        profiles = all_kept_in(profiles, database)
    check_stores(profiles)
    if dry_run:
        refuse_with(
            ctx,
            "--dry-run",
            (
                "duration_ns",
                "warmup",
                "repeat",
                "save",
                "tags",
                "json",
                "baseline",
                "exports",
                "decide_ns",
                "processes",
            ),
        )
        profiles, one_by_one, repeat = [rehearsed(profile) for profile in profiles], True, 1
    else:
        going_on_ns = None if wanted else decide_ns
        profiles = [overridden(profile, duration_ns, warmup, going_on_ns) for profile in profiles]
        _check_shared(processes, profiles)
    table_to = table_stream(exports, json)
    check_delivery(store, save=save, note=note, tags=tags, json=json, exports=exports)
    if inline:
        _warn_of_no_terminal()
    if baseline:
        profiles = alike_to_baseline(store, baseline, profiles, place)
    from cortex_tui.report.headless import Delivery, worst

    delivery = Delivery(
        store=store,
        save=save,
        note=note,
        tags=tags,
        json=json,
        dry_run=dry_run,
        fail_on=fail_on,
        inline=inline,
    )
    settings = SessionSettings(
        place=place,
        loop=loop,
        one_by_one=one_by_one,
        repeat=repeat,
        processes=processes,
        table_to=table_to,
    )
    code = measured_and_judged(
        profiles,
        delivery,
        settings,
        version_rounds(ctx, wanted),
        baseline=baseline,
        exports=exports,
        expected=lambda profile: not again and is_meant(profile, select),
    )
    if code == INTERRUPTED:
        return code
    return worst(code, USAGE) if invalid else code


def selected(select: Sequence[str], places: Sequence[Path]) -> tuple[Sequence[Profile], bool]:
    """The profiles that the words mean, and whether some of those cannot run."""
    catalog = catalog_for(select, places)
    if not select:
        report_problems(catalog.problems)
        suites = ", ".join(suite.name for suite in catalog.suites)
        raise click.UsageError(f"expected a SELECT: '*', a profile or a suite ({suites})")
    selected = selected_from(catalog, select)
    report_problems(selected.problems)
    return selected.profiles, bool(selected.problems)


def _check_shared(processes: int | None, profiles: Sequence[Profile]) -> None:
    """Reports before anything is measured that a load cannot be shared by that number."""
    from cortex_tui.session.planning import shared_by

    try:
        shared_by(processes, profiles)
    except ValueError as error:
        raise click.UsageError(f"--processes: {error}") from None


def _warn_of_no_terminal() -> None:
    from cortex_tui.report.inline import can_redraw

    if not can_redraw(sys.stderr):
        report_error(
            "--inline: stderr is no terminal that can draw; progress is shown in lines instead"
        )


def overridden(
    profile: Profile,
    duration_ns: int | None,
    warmup: tuple[Length, bool] | None,
    decide_ns: int | None = None,
) -> Profile:
    """The profile with what the command line says in place of its own."""
    if duration_ns is not None:
        profile = lasting(profile, duration_ns)
    if decide_ns is not None:
        profile = going_on(profile, decide_ns)
    if warmup is not None:
        profile = warmed_up(profile, warmup[0], auto=warmup[1])
    return profile
