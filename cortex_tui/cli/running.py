"""`cortex-tui run`: the headless twin of the workbench."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from cortex_tui.cli.options import (
    catalog_for,
    duration,
    in_process_option,
    loop_factory,
    loop_option,
    profiles_option,
    say_problems,
    selected_from,
    store_option,
)
from cortex_tui.cli.snapshots import StoreError
from cortex_tui.profiles.model import Length, Profile

if TYPE_CHECKING:
    from cortex_tui.protocol import LoopName
    from cortex_tui.report import Delivery

INVALID_PROFILE = 2
INTERRUPTED = 130


@click.command()
@click.argument("select", nargs=-1, metavar="SELECT...")
@click.option(
    "--duration",
    "duration_ns",
    callback=duration,
    metavar="DURATION",
    help="How long each profile measures, such as 2s, in place of its own duration or iterations.",
)
@click.option(
    "--warmup",
    "warmup_ns",
    callback=partial(duration, at_least_ns=0),
    metavar="DURATION",
    help="How long each profile warms up, in place of its own warm-up; 0s for none.",
)
@click.option(
    "--one-by-one",
    is_flag=True,
    help="One profile after the other instead of all together, as each other's neighbours.",
)
@in_process_option
@loop_option
@profiles_option
@store_option
@click.option("--save", metavar="NAME", default="", help="Save the session as a snapshot.")
@click.option("--note", default="", help="A line to keep with the snapshot.")
@click.option(
    "--json",
    metavar="FILE",
    default="",
    help="Write the session as JSON; - is stdout, and the table goes to stderr.",
)
def run(
    select: tuple[str, ...],
    duration_ns: int | None,
    warmup_ns: int | None,
    one_by_one: bool,
    in_process: bool,
    loop: LoopName,
    places: Sequence[Path],
    store: Path,
    save: str,
    note: str,
    json: str,
) -> int:
    """Run profiles without a screen: progress on stderr, results on stdout.

    SELECT is a profile's full name (mediator.search), a suite's name, a pattern in which * and ?
    are special ('*-write'), or the path of a TOML file.

    Exit codes: 0 all good; 1 a target was missed; 2 wrong usage or an invalid profile; 3 a run
    failed; 130 interrupted, with what was measured stored.
    """
    catalog = catalog_for(select, places)
    if not select:
        say_problems(catalog.problems)
        suites = ", ".join(suite.name for suite in catalog.suites)
        raise click.UsageError(f"expected a SELECT: '*', a profile or a suite ({suites})")
    selected = selected_from(catalog, select)
    say_problems(selected.problems)
    if not selected.profiles:
        return INVALID_PROFILE
    if note and not save:
        raise click.UsageError("--note: expected --save NAME beside it")
    _check_json(json)
    if save:
        _check_save(store, save)
    from cortex_tui.report import Delivery

    code = _run(
        [_overridden(profile, duration_ns, warmup_ns) for profile in selected.profiles],
        Delivery(store=store, save=save, note=note, json=json),
        one_by_one=one_by_one,
        in_process=in_process,
        loop=loop,
    )
    if code == INTERRUPTED:
        return code
    return max(code, INVALID_PROFILE) if selected.problems else code


def _overridden(profile: Profile, duration_ns: int | None, warmup_ns: int | None) -> Profile:
    if duration_ns is not None:
        profile = msgspec.structs.replace(profile, stop=Length(duration_ns=duration_ns))
    if warmup_ns is not None:
        profile = msgspec.structs.replace(profile, warmup=Length(duration_ns=warmup_ns or None))
    return profile


def _check_json(target: str) -> None:
    """Says before the measuring, not after it, that its result could not be written."""
    if target in ("", "-"):
        return
    file = Path(target)
    if file.is_dir():
        raise click.UsageError(f"--json: {target}: expected a file, this is a folder")
    if not file.parent.is_dir():
        raise click.UsageError(f"--json: {target}: there is no folder {file.parent}")
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        raise click.UsageError(f"--json: {target}: cannot be written: permission denied")


def _run(
    profiles: Sequence[Profile],
    delivery: Delivery,
    *,
    one_by_one: bool,
    in_process: bool,
    loop: LoopName,
) -> int:

    import asyncio

    from cortex_tui.report import run_headless
    from cortex_tui.session.controller import SessionController

    # Taken before a session in this process redirects what its workloads print.
    out, err = sys.stdout, sys.stderr

    async def session() -> int:
        control = SessionController(
            delivery.store,
            placement="in-process" if in_process else "process",
            loop=loop,
            measuring_loop=asyncio.get_running_loop() if in_process else None,
        )
        try:
            return await run_headless(
                control, profiles, delivery, one_by_one=one_by_one, out=out, err=err
            )
        finally:
            # It waits for its thread, which in-process needs this loop to end its runs.
            await asyncio.to_thread(control.close)

    factory = loop_factory(loop) if in_process else None
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(session())


def _check_save(store: Path, name: str) -> None:
    """Says before the measuring, not after it, that its session could not be saved."""
    from cortex_tui.snapshots.store import SnapshotError, check_can_save

    try:
        check_can_save(store, name)
    except SnapshotError as error:
        raise StoreError(f"--save: {error}") from None
