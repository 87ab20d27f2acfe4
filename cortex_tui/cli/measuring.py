"""Measures profiles for a command: one session without a screen, and what is delivered of it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TextIO

import click

from cortex_tui.cli.documents import check_targets
from cortex_tui.cli.options import StoreError, loop_factory
from cortex_tui.files import STDOUT, cannot_write
from cortex_tui.profiles.model import Profile
from cortex_tui.starting import without_collections
from cortex_tui.store.names import is_tag

if TYPE_CHECKING:
    from cortex_tui.cli.exporting import Export
    from cortex_tui.placement.port import Place
    from cortex_tui.protocol.plan import LoopName
    from cortex_tui.report.headless import Delivery
    from cortex_tui.session.control import UntilDecided
    from cortex_tui.session.versions import Version


class Ran(NamedTuple):
    code: int
    """The exit code that its runs and targets come to."""
    session: str
    """Its id, "" where none began."""
    stored: bool
    """Whether all of it is in the store."""


class SessionSettings(NamedTuple):
    """How a session measures its profiles."""

    place: Place
    loop: LoopName
    one_by_one: bool
    repeat: int
    """The number of rounds."""
    processes: int | None = None
    """Among how many each load is shared; None as the loads say."""
    table_to: TextIO | None = None
    """Where its table goes in place of stdout."""
    needed: Sequence[str] = ()
    """The ids of stored sessions that it is looked at with: they stay, however old they are."""


def check_delivery(
    store: Path,
    *,
    save: str,
    note: str,
    tags: Sequence[str],
    json: str,
    exports: Sequence[Export] = (),
) -> None:
    """Says before the measuring, not after it, that its results could not be delivered."""
    if note and not save:
        raise click.UsageError("--note: expected --save NAME, too")
    problem = cannot_write(json) if json not in ("", STDOUT) else ""
    if problem:
        raise click.UsageError(f"--json: {json}: {problem}")
    targets = [("--json", json)] if json else []
    check_targets([*targets, *(("--export", each.target) for each in exports)], store)
    check_tags(tags)
    if save:
        _check_save(store, save)


def check_tags(tags: Sequence[str]) -> None:
    """Says before anything is written that one cannot be a tag."""
    for tag in tags:
        if not is_tag(tag):
            raise click.UsageError(f"--tag: expected a tag, which has no blank, got {tag!r}")


def run_profiles(
    profiles: Sequence[Profile],
    delivery: Delivery,
    settings: SessionSettings,
    *,
    versions: Sequence[Version] = (),
    until: UntilDecided | None = None,
) -> Ran:
    """Measures them in one session and delivers what came of it."""
    import asyncio
    import tempfile

    with without_collections():
        from cortex_tui.isolation import run_to_end
        from cortex_tui.report.headless import run_headless, view_s_of
        from cortex_tui.session.controller import SessionController
        from cortex_tui.session.planning import runners_at

    place, loop = settings.place, settings.loop
    try:
        runners_at(place, profiles)
    except ValueError as error:
        raise click.UsageError(str(error)) from None

    # Taken before a session in this process redirects what its workloads print.
    out, err = settings.table_to or sys.stdout, sys.stderr

    async def session(store: Path) -> Ran:
        control = SessionController(
            store,
            place=place,
            loop=loop,
            processes=settings.processes,
            measuring_loop=asyncio.get_running_loop() if place.shares_loop else None,
            view_s=view_s_of(err),
            needed=settings.needed,
        )
        try:
            code = await run_headless(
                control, profiles, delivery, one_by_one=settings.one_by_one,
                repeat=settings.repeat, versions=versions, until=until, out=out, err=err,
            )  # fmt: skip
            view = control.view
            return Ran(code, "", False) if view is None else Ran(code, view.session, view.stored)
        finally:
            # It waits for its thread, which in-process needs this loop to end its runs.
            await asyncio.to_thread(control.close)

    factory = loop_factory(loop) if place.shares_loop else None
    with asyncio.Runner(loop_factory=factory) as runner:

        def run(store: Path) -> Ran:
            if not place.shares_loop:
                return runner.run(session(store))
            from cortex_tui.placement.in_process import interrupted

            # A workload may stop the loop, or raise SystemExit in a task of its own.
            return run_to_end(runner.get_loop(), session(store), interrupted)

        if not delivery.dry_run:
            return run(delivery.store)
        with tempfile.TemporaryDirectory() as nowhere:
            return run(Path(nowhere) / "dry-run.db")


def _check_save(store: Path, name: str) -> None:
    from cortex_tui.store.errors import SnapshotError
    from cortex_tui.store.port import check_can_save

    try:
        check_can_save(store, name)
    except SnapshotError as error:
        raise StoreError(f"--save: {error}") from None
