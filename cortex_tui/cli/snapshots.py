"""The commands on what is stored: `snapshots`, `show`, `save` and `rm`."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Coroutine, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cortex_tui.cli.options import StoreError, given, say_error, store_option
from cortex_tui.quantities import format_count
from cortex_tui.text import one_line
from cortex_tui.toml.words import nearest, shown

if TYPE_CHECKING:
    from cortex_tui.store.port import Store

T = TypeVar("T")


@click.command()
@click.option("--all", "everything", is_flag=True, help="List every session, saved or not.")
@store_option
def snapshots(everything: bool, store: Path) -> int:
    """List what was saved, the newest first."""
    from cortex_tui.store.port import open_store

    async def lines() -> list[str]:
        async with await open_store(store, "read") as opened:
            _say(opened.notice)
            if everything:
                return _table(
                    ("session", "started", "state", "operations", "names", "profiles"),
                    (
                        (
                            entry.id,
                            entry.started_at,
                            entry.state,
                            format_count(entry.operations),
                            ", ".join(entry.names) or "–",
                            _profiles(entry.profiles),
                        )
                        for entry in await opened.list_sessions()
                    ),
                )
            return _table(
                ("name", "saved", "state", "operations", "profiles", "note"),
                (
                    (
                        entry.name,
                        entry.created_at,
                        entry.state,
                        format_count(entry.operations),
                        _profiles(entry.profiles),
                        entry.note,
                    )
                    for entry in await opened.list_snapshots()
                ),
            )

    found = _answer(lines())
    for line in found:
        click.echo(line)
    if not found:
        what = "no sessions" if everything else "no snapshots (--all lists unsaved sessions)"
        _say(f"{store}: {what}")
    return 0


@click.command()
@click.argument("ref", metavar="NAME|ID")
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")
@store_option
def show(ref: str, as_json: bool, store: Path) -> int:
    """Show a snapshot, or a session by the start of its id."""
    from cortex_tui.formats.registry import FORMATS
    from cortex_tui.report import summary
    from cortex_tui.report.stream import wants_colour, width_of
    from cortex_tui.results.session_result import SessionResult
    from cortex_tui.results.stored import from_stored
    from cortex_tui.store.port import open_store

    async def result() -> SessionResult:
        async with await open_store(store, "read") as opened:
            _say(opened.notice)
            return from_stored(await opened.load(ref))

    found = _answer(result())
    if as_json:
        click.echo(FORMATS["session-json"].write(found), nl=False)
        return 0
    out = sys.stdout
    colour = wants_colour(out)
    click.echo(summary(found.view(), width=width_of(out), colour=colour, store=store), color=colour)
    return 0


@click.command()
@click.argument("ref", metavar="ID", callback=given("the start of an id, or a name"))
@click.argument("name", metavar="NAME", callback=given("a name"))
@click.option("--note", default="", help="A line to keep with it.")
@store_option
def save(ref: str, name: str, note: str, store: Path) -> int:
    """Save a session under a name; ID is the start of its id, or another name of it."""
    from cortex_tui.store.port import open_store

    _need(store)

    async def name_it() -> None:
        async with await open_store(store) as opened:
            session, run = await _session_of(opened, store, ref)
            await opened.name_snapshot(name, session, run, note)

    _answer(name_it())
    _say(f"saved as {name}")
    return 0


@click.command()
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@store_option
def rm(names: Sequence[str], store: Path) -> int:
    """Remove names; a session goes with its last one."""
    from cortex_tui.store.errors import SnapshotError
    from cortex_tui.store.port import open_store

    _need(store)

    async def remove() -> int:
        code = 0
        async with await open_store(store) as opened:
            for name in dict.fromkeys(names):
                try:
                    await opened.remove(name)
                except SnapshotError as error:
                    say_error(str(error))
                    code = StoreError.exit_code
                else:
                    _say(f"removed {name}")
        return code

    return _answer(remove())


def _need(store: Path) -> None:
    """A store is not made for a name that cannot be in it."""
    if not store.exists():
        raise StoreError(f"{store}: there is no store: run something first, or name its --store")


async def _session_of(store: Store, url: Path, ref: str) -> tuple[str, int | None]:
    """The full id of a session, and the run of it that is meant, None for the whole."""
    from cortex_tui.store.errors import SnapshotError

    named = {entry.name: entry for entry in await store.list_snapshots()}
    if ref in named:
        return named[ref].session, named[ref].run
    ids = [entry.id for entry in await store.list_sessions()]
    found = [ref] if ref in ids else [session for session in ids if session.startswith(ref)]
    if len(found) == 1:
        return found[0], None
    if found:
        raise SnapshotError(f"{shown(ref)} is the start of several sessions: {', '.join(found)}")
    near = nearest(ref, [*named, *ids])
    hint = f"did you mean {near}?" if near else "`cortex-tui snapshots --all` lists them"
    raise SnapshotError(f"{url}: no session {shown(ref)}: {hint}")


def _answer(work: Coroutine[Any, Any, T]) -> T:
    import asyncio

    from cortex_tui.store.errors import SnapshotError

    try:
        return asyncio.run(work)
    except SnapshotError as error:
        raise StoreError(str(error)) from None


def _say(text: str) -> None:
    if text:
        click.echo(one_line(text), err=True)


def _profiles(names: Sequence[str]) -> str:
    """Of the names of all runs: those of several rounds have the same one."""
    runs = Counter(names)
    profiles = next(iter(runs)) if len(runs) == 1 else f"{len(runs)} profiles"
    rounds = max(runs.values(), default=1)
    return profiles if rounds == 1 else f"{profiles}, {rounds} rounds"


def _table(title: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Aligned lines, title first; none where there are no rows."""
    lines = [title, *([one_line(cell) for cell in row] for row in rows)]
    if len(lines) == 1:
        return []
    widths = [max(len(line[at]) for line in lines) for at in range(len(title))]
    right = title.index("operations")
    return [
        "  ".join(
            cell.rjust(width) if at == right else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
