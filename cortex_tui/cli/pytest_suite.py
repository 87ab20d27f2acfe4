"""`cortex-tui pytest`: runs the benchmarks of an existing test suite as they are."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from cortex_tui.cli.against import Wanted, against_options_for_tests, version_rounds
from cortex_tui.cli.comparing import alike_to_baseline
from cortex_tui.cli.exporting import Export, export_option, table_stream
from cortex_tui.cli.judging import baseline_option, failing_options, measured_and_judged
from cortex_tui.cli.measuring import SessionSettings, check_delivery
from cortex_tui.cli.options import (
    delivery_options,
    duration,
    refuse_with,
    repeat_option,
    store_option,
    warmup,
)
from cortex_tui.exit_codes import USAGE
from cortex_tui.profiles.model import Catalog, Length, Profile, Suite
from cortex_tui.protocol.programs import is_test
from cortex_tui.pytest_runner.profiles import node_id_of


class CollectionFailedError(click.ClickException):
    """pytest found nothing to measure; the message says why."""

    exit_code = USAGE


def collected_suites(
    arguments: Sequence[str], *, duration_ns: int | None = None, warmup: Length | None = None
) -> tuple[Suite, ...]:
    """The tests that pytest collects for these arguments, as suites of profiles."""
    from cortex_tui.pytest_runner.collecting import CollectionError, collect
    from cortex_tui.pytest_runner.profiles import suites_of

    try:
        return suites_of(collect(arguments), duration_ns=duration_ns, warmup=warmup)
    except CollectionError as error:
        raise CollectionFailedError(str(error)) from None


def suites_named(words: str) -> tuple[Suite, ...]:
    """The suites of the tests that pytest collects for the words after an option `--pytest`."""
    try:
        return collected_suites(shlex.split(words))
    except ValueError as error:
        raise click.UsageError(f"--pytest: {error}") from None


@click.command(
    "pytest",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": True},
)
@click.argument(
    "arguments", nargs=-1, type=click.UNPROCESSED, metavar="[PATH]... [PYTEST OPTION]..."
)
@click.option(
    "--duration",
    "duration_ns",
    callback=duration,
    metavar="DURATION",
    help="How long each test measures, in place of its max_time (1s).",
)
@click.option(
    "--warmup",
    callback=warmup,
    metavar="LENGTH",
    help="How long each test is called before it counts (200ms), or how often; 0 for none.",
)
@repeat_option("N rounds of all tests, each a run of pytest.")
@store_option
@delivery_options
@baseline_option
@export_option
@click.option(
    "--until-decided",
    "decide_ns",
    callback=duration,
    metavar="DURATION",
    help="With --against or --variant, add rounds until there is a verdict on each test, at most "
    "that long, such as 60s.",
)
@against_options_for_tests
@failing_options
@click.pass_context
def pytest_suite(
    ctx: click.Context,
    arguments: tuple[str, ...],
    duration_ns: int | None,
    warmup: tuple[Length, bool] | None,
    repeat: int,
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
    """Run a test suite's benchmarks, unchanged, with percentiles.

    Each test that uses the `benchmark` fixture is a run. pytest itself runs it, with its fixtures,
    marks and plugins; PATH and every other option go to pytest: cortex-tui pytest tests -k search.

    With --against REV the tests run on the code of a revision and on the code as it is, in
    alternating rounds, and each gets a verdict.

    Exit codes are those of run.
    """
    from cortex_tui.placement.registry import PROCESS
    from cortex_tui.report.headless import Delivery

    if wanted:
        refuse_with(ctx, wanted.option, ("baseline",))
    elif decide_ns is not None:
        raise click.UsageError("--until-decided: expected --against or --variant with it")

    length, auto = (None, False) if warmup is None else warmup
    if auto:
        raise click.UsageError("--warmup: expected a length, a test's warm-up does not end itself")
    table_to = table_stream(exports, json)
    check_delivery(store, save=save, note=note, tags=tags, json=json, exports=exports)
    suites = collected_suites(arguments, duration_ns=duration_ns, warmup=length)
    profiles: Sequence[Profile] = Catalog(suites).profiles
    if baseline:
        profiles = alike_to_baseline(store, baseline, profiles, PROCESS)

    delivery = Delivery(
        store=store,
        save=save,
        note=note,
        tags=tags,
        json=json,
        fail_on=fail_on,
    )
    settings = SessionSettings(
        place=PROCESS, loop="auto", one_by_one=True, repeat=repeat, table_to=table_to
    )
    return measured_and_judged(
        profiles,
        delivery,
        settings,
        version_rounds(ctx, wanted),
        baseline=baseline,
        exports=exports,
        expected=_those_of(arguments, profiles),
    )


def _those_of(arguments: Sequence[str], measured: Sequence[Profile]) -> Callable[[Profile], bool]:
    """Whether a test of a baseline would have been measured if it were still there: where pytest is
    given nothing but files and folders, it is one of theirs. Any option may choose among tests."""
    if not measured or not all(map(os.path.exists, arguments)):
        return lambda _: False
    rootdir = Path(os.path.realpath(str(measured[0].params["rootdir"])))
    places = [Path(os.path.realpath(argument)) for argument in arguments]

    def is_expected(profile: Profile) -> bool:
        file = rootdir / node_id_of(profile).partition("::")[0]
        return is_test(profile) and (not places or any(map(file.is_relative_to, places)))

    return is_expected
