"""`cortex-tui pytest`: runs the benchmarks of an existing test suite as they are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from cortex_tui.cli.exporting import Export, export_option, export_stored, table_stream
from cortex_tui.cli.measuring import check_delivery, run_profiles
from cortex_tui.cli.options import (
    delivery_options,
    duration,
    repeat_option,
    store_option,
    warmup,
)
from cortex_tui.exit_codes import USAGE
from cortex_tui.profiles.model import Catalog, Length, Suite


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
@export_option
def pytest_suite(
    arguments: tuple[str, ...],
    duration_ns: int | None,
    warmup: tuple[Length, bool] | None,
    repeat: int,
    store: Path,
    save: str,
    note: str,
    tags: tuple[str, ...],
    json: str,
    exports: tuple[Export, ...],
) -> int:
    """Run the benchmarks of a test suite, unchanged, with percentiles.

    Each test that uses the `benchmark` fixture is a run. pytest itself runs it, with its fixtures,
    marks and plugins; PATH and every other option go to pytest: cortex-tui pytest tests -k search.

    Exit codes are those of run.
    """
    from cortex_tui.placement.registry import PROCESS
    from cortex_tui.report import Delivery, worst

    length, auto = (None, False) if warmup is None else warmup
    if auto:
        raise click.UsageError("--warmup: expected a length, a test's warm-up does not end itself")
    check_delivery(store, save=save, note=note, tags=tags, json=json)
    table_to = table_stream(exports, json)
    suites = collected_suites(arguments, duration_ns=duration_ns, warmup=length)
    code, session = run_profiles(
        Catalog(suites).profiles,
        Delivery(store=store, save=save, note=note, tags=tags, json=json),
        one_by_one=True,
        repeat=repeat,
        place=PROCESS,
        loop="auto",
        table_to=table_to,
    )
    return worst(code, export_stored(store, session, exports)) if exports and session else code
