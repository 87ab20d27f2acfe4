"""The commands that read what is stored: `snapshots` and `show`."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cortex_tui.cli.completing import offer_sessions
from cortex_tui.cli.entries import as_document, lines_of
from cortex_tui.cli.moments import moment
from cortex_tui.cli.options import StoreError, json_option, store_option
from cortex_tui.cli.stored import REF, answer, report
from cortex_tui.text import one_line

if TYPE_CHECKING:
    from cortex_tui.cli.entries import Entry
    from cortex_tui.store.filters import Filter
    from cortex_tui.store.port import Store
    from cortex_tui.store.records import SessionEntry, SnapshotEntry


@click.command()
@click.option("--all", "everything", is_flag=True, help="List every session, saved or not.")
@click.option("--removed", is_flag=True, help="List what `undo` restores.")
@click.option(
    "--profile",
    metavar="SELECT",
    help="Only with this profile or suite; * and ? stand for any characters, or one.",
)
@click.option("--tag", "tags", multiple=True, help="Only with this tag; all, if given repeatedly.")
@click.option("--commit", metavar="REV", help="Only of this commit: its start, or HEAD, a branch …")
@click.option(
    "--since", callback=moment, metavar="WHEN", help="Only started then or later: 2026-03-31, 7d."
)
@click.option("--until", callback=moment, metavar="WHEN", help="Only started before that.")
@json_option
@store_option
def snapshots(
    everything: bool,
    removed: bool,
    profile: str | None,
    tags: tuple[str, ...],
    commit: str | None,
    since: str,
    until: str,
    as_json: bool,
    store: Path,
) -> int:
    """List what was saved, the newest first. Times are UTC."""
    from cortex_tui.library.filtering import profile_pattern
    from cortex_tui.store.filters import Filter
    from cortex_tui.store.port import open_store

    if removed and (everything or profile or tags or commit or since or until):
        raise click.UsageError("--removed takes no filter, and not --all")
    wanted = Filter(
        profile=profile_pattern(profile) if profile else None,
        tags=tags,
        revision=_commit_of(commit) if commit else "",
        since=since,
        until=until,
    )

    async def listed() -> tuple[str, Sequence[Entry], int]:
        async with await open_store(store, "read") as opened:
            if removed:
                gone = await opened.list_removed()
                return opened.notice, gone, len(gone)
            found = await _entries(opened, everything=everything)
            return opened.notice, [each for each in found if wanted.accepts(each)], len(found)

    with _no_garbage():
        notice, entries, there = answer(listed())
        report(notice)
        if as_json:
            click.echo(as_document(entries), nl=False)
        elif lines := lines_of(entries):
            click.echo("\n".join(lines))
        else:
            report(f"{store}: {_nothing(wanted, there, everything=everything, removed=removed)}")
    return 0


@click.command()
@click.argument("ref", metavar=REF, shell_complete=offer_sessions)
@json_option
@store_option
def show(ref: str, as_json: bool, store: Path) -> int:
    """Show a snapshot, or a session by the start of its id. `newest` is the one started last."""
    from cortex_tui.formats.session_json import write_session
    from cortex_tui.report.stream import wants_colour, width_of
    from cortex_tui.report.summary import summary
    from cortex_tui.results.session_result import SessionResult
    from cortex_tui.results.stored import from_stored
    from cortex_tui.store.port import open_store

    async def result() -> SessionResult:
        async with await open_store(store, "read") as opened:
            report(opened.notice)
            return from_stored(await opened.load(ref))

    found = answer(result())
    if as_json:
        click.echo(write_session(found), nl=False)
        return 0
    out = sys.stdout
    colour = wants_colour(out)
    text = summary(found.view(), width=width_of(out), colour=colour, store=store)
    remarks = "\n".join(
        f"{what}: {one_line(words)}"
        for what, words in (("tags", " ".join(found.tags)), ("note", found.note))
        if words
    )
    click.echo("\n\n".join(filter(None, (text, remarks))), color=colour)
    return 0


@contextmanager
def _no_garbage() -> Iterator[None]:
    """Of a list of 10,000 sessions nothing is garbage until the end, and looking for it takes a
    tenth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


async def _entries(store: Store, *, everything: bool) -> Sequence[SessionEntry | SnapshotEntry]:
    return await store.list_sessions() if everything else await store.list_snapshots()


def _commit_of(revision: str) -> str:
    """Digits stand for themselves; for other names git is asked."""
    from cortex_tui.library.filtering import COMMIT

    if COMMIT.fullmatch(revision):
        return revision
    from cortex_tui.environment.code import commit_of

    commit = commit_of(revision)
    if not commit:
        raise StoreError(
            f"--commit {revision!r}: git knows no such revision here: expected four or more "
            "digits of a commit, or a revision of the repository in the working folder"
        )
    return commit


def _nothing(wanted: Filter, there: int, *, everything: bool, removed: bool) -> str:
    if removed:
        return "nothing was removed that could be restored"
    what = "sessions" if everything else "snapshots"
    if there and wanted != type(wanted)():
        return f"none of {there:,} {what} is like that"
    return f"no {what}" if everything else f"no {what} (--all lists unsaved sessions)"
