"""`cortex-tui noise`: how much sessions of equal code differ on this machine."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cortex_tui.cli.comparing import share_text
from cortex_tui.cli.completing import offer_selected
from cortex_tui.cli.measuring import SessionSettings, run_profiles
from cortex_tui.cli.options import (
    duration,
    loop_option,
    place_options,
    profiles_option,
    store_option,
    warmup,
)
from cortex_tui.cli.pytest_suite import suites_named
from cortex_tui.cli.running import overridden, selected
from cortex_tui.cli.stored import answer, report
from cortex_tui.exit_codes import FAILED, INTERRUPTED, USAGE
from cortex_tui.paths import command_on
from cortex_tui.profiles.model import Catalog
from cortex_tui.tables import table_lines

if TYPE_CHECKING:
    from cortex_tui.placement.port import Place
    from cortex_tui.profiles.model import Length, Profile
    from cortex_tui.protocol.plan import LoopName
    from cortex_tui.store.library import NoiseRecord
    from cortex_tui.store.records import StoredSession


@click.command()
@click.argument("select", nargs=-1, metavar="SELECT...", shell_complete=offer_selected)
@click.option(
    "--sessions",
    type=click.IntRange(5, 100),
    default=6,
    show_default=True,
    metavar="N",
    help="How many sessions of the same code are measured; with more, the noise is known better.",
)
@click.option(
    "--duration",
    "duration_ns",
    callback=duration,
    metavar="DURATION",
    help="How long each profile measures in each session, in place of its own stop rule.",
)
@click.option(
    "--warmup",
    callback=warmup,
    metavar="LENGTH",
    help="How each profile warms up, in place of its own way.",
)
@click.option(
    "--pytest",
    "tests",
    metavar="ARGS",
    help="The tests that `pytest ARGS` would run of a suite for pytest-benchmark, in place of "
    "SELECT; quoted words for pytest.",
)
@click.option(
    "--one-by-one",
    is_flag=True,
    help="One profile after the other; use it if you compare sessions that were measured so.",
)
@place_options
@loop_option
@profiles_option
@store_option
def noise(
    select: tuple[str, ...],
    sessions: int,
    duration_ns: int | None,
    warmup: tuple[Length, bool] | None,
    tests: str | None,
    one_by_one: bool,
    place: Place,
    loop: LoopName,
    places: Sequence[Path],
    store: Path,
) -> int:
    """Measure how much sessions of equal code differ.

    Two stored sessions of the same code never agree exactly. The result is kept in the store, and
    `compare` and `run --baseline` report only greater differences. It is valid for one profile
    with its load and neighbours, on one machine with one Python.

    Exit codes: 0 all good; 2 wrong usage or an invalid profile; 3 a run failed; 130 interrupted.
    """
    profiles: Sequence[Profile]
    if tests is None:
        profiles, invalid = selected(select, places)
    elif select:
        raise click.UsageError("--pytest: expected no SELECT with it")
    else:
        profiles, invalid = Catalog(suites_named(tests)).profiles, False
        one_by_one = True
    if not profiles:
        return USAGE
    profiles = [overridden(profile, duration_ns, warmup) for profile in profiles]
    from cortex_tui.library.again import batched_alike
    from cortex_tui.report.headless import Delivery

    settings = SessionSettings(
        place=place, loop=loop, one_by_one=one_by_one, repeat=1, table_to=io.StringIO()
    )
    ids: list[str] = []
    for number in range(1, sessions + 1):
        report(f"session {number} of {sessions}")
        code, session, stored = run_profiles(
            profiles, Delivery(store=store), settings._replace(needed=ids)
        )
        if code in (INTERRUPTED, FAILED):
            if code == FAILED:
                report(f"a run failed: `{command_on(store, 'show', session)}` has the reason")
            return code
        if not stored:  # why not is reported, and the noise would be that of what is left
            return code
        if not ids:
            profiles = batched_alike(profiles, answer(_loaded(store, session)))
        ids.append(session)
    for line in _table(answer(_kept(store, ids))):
        click.echo(line)
    return USAGE if invalid else 0


async def _loaded(store: Path, session: str) -> StoredSession:
    from cortex_tui.store.port import open_store

    async with await open_store(store, "read") as opened:
        return await opened.load(session)


async def _kept(store: Path, ids: Sequence[str]) -> list[NoiseRecord]:
    """The noise of these sessions, which the store keeps."""
    from cortex_tui.analysis.noise import noise_of
    from cortex_tui.store.port import open_store

    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    async with await open_store(store) as opened:
        records = noise_of([await opened.load(session) for session in ids], now)
        await opened.put_noise(records)
    return records


def _table(records: Sequence[NoiseRecord]) -> list[str]:
    from cortex_tui.analysis.noise import apart

    if not records:
        return ["nothing was measured that two sessions have in common"]
    names = list(dict.fromkeys(name for record in records for name in record.deviations))
    rows = [
        (
            record.name,
            *(
                share_text(apart(record.deviations[name], record.sessions))
                if name in record.deviations
                else "–"
                for name in names
            ),
        )
        for record in records
    ]
    lines = table_lines(("profile", *names), rows, right=names)
    sessions = records[0].sessions
    title = f"up to how far two sessions of equal code lie apart, from {sessions} (95 % confidence)"
    return [title, *lines]
