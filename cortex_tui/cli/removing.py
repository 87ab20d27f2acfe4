"""The commands that take out of the store: `rm`, `undo` and `gc`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cortex_tui.cli.completing import offer_sessions
from cortex_tui.cli.options import StoreError, given, report_error, store_option
from cortex_tui.cli.stored import REF, answer, need_store, report
from cortex_tui.library.moments import moment_of
from cortex_tui.paths import command_on
from cortex_tui.quantities import format_noun

if TYPE_CHECKING:
    from cortex_tui.store.library import Keep, Removed


@click.command()
@click.argument("refs", metavar=f"{REF}...", nargs=-1, required=True, shell_complete=offer_sessions)
@store_option
def rm(refs: Sequence[str], store: Path) -> int:
    """Remove names, or sessions with all their names.

    A session is removed with its last name. `undo` restores it, until `gc` deletes it for good.
    """
    from cortex_tui.library.removing import remove_all
    from cortex_tui.store.errors import SnapshotError
    from cortex_tui.store.port import open_store

    need_store(store)

    async def remove() -> list[Removed | SnapshotError]:
        async with await open_store(store) as opened:
            return await remove_all(opened, refs)

    code, found = 0, answer(remove())
    for each in found:
        if isinstance(each, SnapshotError):
            report_error(str(each))
            code = StoreError.exit_code
        else:
            report(f"removed {_removed_text(each)}")
    if not all(isinstance(each, SnapshotError) for each in found):
        report(f"`{command_on(store, 'undo')}` restores what was removed")
    return code


@click.command()
@click.argument(
    "ref",
    metavar=f"[{REF}]",
    default="",
    callback=given("a name or the start of an id, or nothing"),
    shell_complete=offer_sessions,
)
@store_option
def undo(ref: str, store: Path) -> int:
    """Take back the last `rm`, or the last change of a baseline. Once more takes back the one
    before.

    With a name or an id, the one that removed that, with everything else that it removed.
    """
    from cortex_tui.store.library import Restored
    from cortex_tui.store.port import open_store

    need_store(store)

    async def restore() -> Restored | None:
        async with await open_store(store) as opened:
            return await opened.restore(ref)

    restored = answer(restore())
    if restored is None:
        what = f"{ref!r} was not removed" if ref else "there is nothing to undo"
        listing = command_on(store, "snapshots", "--removed")
        raise StoreError(f"{store}: {what}: `{listing}` lists what can be")
    for name in restored.names:
        report(f"restored {name}")
    for session in restored.sessions:
        report(f"restored session {session}")
    for name in restored.taken:
        saving = command_on(store, "save", "ID", "NAME")
        report(f"the name {name} is taken by now: `{saving}` gives another")
    return 0


def _keep(ctx: click.Context, param: click.Parameter, texts: Sequence[str]) -> Keep:
    """A callback: numbers and ages."""
    from cortex_tui.store.library import Keep

    newest, since = None, ""
    for text in texts:
        if text.isascii() and text.isdecimal() and len(text) < 10:
            newest = int(text)
            continue
        try:
            since = moment_of(text)
        except ValueError:
            raise click.BadParameter(
                f"expected a number of sessions such as 20, or an age such as 30d, got {text!r}",
                ctx,
                param,
            ) from None
    return Keep(newest=newest, since=since)


@click.command()
@click.option(
    "--keep",
    multiple=True,
    callback=_keep,
    metavar="N|AGE",
    help="Also delete sessions without name, tag or note, except the newest N (20), or those "
    "younger than AGE (30d). With both, what either keeps stays.",
)
@click.option("--dry-run", is_flag=True, help="Only list what would be deleted.")
@store_option
def gc(keep: Keep, dry_run: bool, store: Path) -> int:
    """Delete for good what was removed, to free the disk."""
    from cortex_tui.store.library import Collected
    from cortex_tui.store.port import open_store

    need_store(store)

    async def collect() -> Collected:
        async with await open_store(store) as opened:
            return await opened.collect(keep, dry_run=dry_run)

    found = answer(collect())
    if dry_run:
        for session in (*found.removed, *found.unsaved):
            click.echo(session)
    counts = f"{format_noun(len(found.removed), 'session')} that had been removed"
    if keep.newest is not None or keep.since:
        counts += f", {format_noun(len(found.unsaved), 'session')} without name, tag or note"
    if dry_run:
        report(f"would delete {counts}")
    else:
        report(f"deleted {counts}; {found.freed_bytes / 1e6:.1f} MB are free again")
    return 0


def _removed_text(removed: Removed) -> str:
    names = ", ".join(removed.names)
    if not removed.session:
        return names
    return f"{names} and its session {removed.session}" if names else f"session {removed.session}"
