"""The commands that write about what is stored: `save`, `baseline`, `tag` and `note`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cortex_tui.cli.completing import offer_sessions
from cortex_tui.cli.entries import lines_of
from cortex_tui.cli.options import given, store_option
from cortex_tui.cli.stored import REF, answer, need_store, report
from cortex_tui.paths import command_on
from cortex_tui.text import lines

if TYPE_CHECKING:
    from cortex_tui.store.records import SnapshotEntry

_a_session = given("a name, or the start of an id")


@click.command()
@click.argument("ref", metavar=REF, callback=_a_session, shell_complete=offer_sessions)
@click.argument("name", metavar="NEW_NAME", callback=given("a name"))
@click.option("--note", default="", help="A line to keep with the session.")
@click.option("--tag", "tags", multiple=True, help="A tag of the session; may be repeated.")
@store_option
def save(ref: str, name: str, note: str, tags: tuple[str, ...], store: Path) -> int:
    """Save a session under a name. ID is the start of its id, or another name of it."""
    from cortex_tui.store.port import open_store

    need_store(store)

    async def name_it() -> None:
        async with await open_store(store) as opened:
            session, run = await opened.find(ref)
            await opened.name_snapshot(name, session, run, note, tags)

    answer(name_it())
    report(f"saved as {name}")
    return 0


@click.command()
@click.argument("name", required=False, callback=given("a name"))
@click.argument(
    "ref", metavar=f"[{REF}]", required=False, callback=_a_session, shell_complete=offer_sessions
)
@store_option
def baseline(name: str | None, ref: str | None, store: Path) -> int:
    """Point a baseline at a session. The newest finished one is the default.

    A baseline is a name that moves, such as main: `compare` and `run --baseline` take it. Without
    a NAME, all baselines are listed.
    """
    from cortex_tui.store.errors import SnapshotError
    from cortex_tui.store.port import Store, open_store

    async def listed() -> list[SnapshotEntry]:
        async with await open_store(store, "read") as opened:
            report(opened.notice)
            return [entry for entry in await opened.list_snapshots() if entry.baseline]

    if name is None:
        found = lines_of(answer(listed()))
        if found:
            click.echo("\n".join(found))
        else:
            report(f"{store}: no baselines (`{command_on(store, 'baseline', 'NAME')}` makes one)")
        return 0
    need_store(store)

    async def newest(opened: Store) -> str:
        for entry in await opened.list_sessions():
            if entry.state == "finished":
                return entry.id
        raise SnapshotError(f"{store}: no session has finished yet: run something first")

    async def point(name: str) -> tuple[str, str]:
        async with await open_store(store) as opened:
            wanted = ref or await newest(opened)
            before = await opened.set_baseline(name, wanted)
            session, _ = await opened.find(name)
            return before, session

    before, session = answer(point(name))
    moved = f" (it was {before}; `{command_on(store, 'undo')}` points it back)" if before else ""
    report(f"baseline {name} is session {session}{moved}")
    return 0


@click.command()
@click.argument("ref", metavar=REF, callback=_a_session, shell_complete=offer_sessions)
@click.argument("tags", metavar="[TAG]...", nargs=-1)
@click.option("--remove", multiple=True, metavar="TAG", help="Remove a tag; may be repeated.")
@store_option
def tag(ref: str, tags: Sequence[str], remove: Sequence[str], store: Path) -> int:
    """Tag a session, or print its tags."""
    from cortex_tui.store.port import open_store

    need_store(store)

    async def found() -> tuple[str, ...]:
        async with await open_store(store, "write" if tags or remove else "read") as opened:
            if tags or remove:
                return await opened.change_tags(ref, tags, remove)
            session, _ = await opened.find(ref)
            return next(e.tags for e in await opened.list_sessions() if e.id == session)

    text = " ".join(answer(found()))
    if tags or remove:
        report(f"tags of {ref}: {text or 'none'}")
    elif text:
        click.echo(text)
    return 0


@click.command()
@click.argument("ref", metavar=REF, callback=_a_session, shell_complete=offer_sessions)
@click.argument("text", required=False, callback=given("a text (--remove takes the note away)"))
@click.option("--remove", is_flag=True, help="Take the note away.")
@store_option
def note(ref: str, text: str | None, remove: bool, store: Path) -> int:
    """Write a note on a session, or print it. It replaces the one that the session has."""
    from cortex_tui.store.port import open_store

    if remove and text is not None:
        raise click.UsageError("--remove takes the note away: give no text with it")
    need_store(store)

    async def found() -> str:
        async with await open_store(store, "write" if remove or text else "read") as opened:
            if remove or text:
                await opened.set_note(ref, text or "")
                return ""
            session, _ = await opened.find(ref)
            return next(e.note for e in await opened.list_sessions() if e.id == session)

    before = answer(found())
    if remove or text:
        report(f"note of {ref}: {text or 'none'}")
    elif before:
        click.echo(lines(before))
    return 0
