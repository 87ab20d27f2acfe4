"""`cortex-tui diff`: what two sessions measured, and where, before anybody compares their times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from cortex_tui.cli.completing import offer_sessions
from cortex_tui.cli.documents import json_of
from cortex_tui.cli.options import json_option, store_option
from cortex_tui.cli.stored import REF, answer, report
from cortex_tui.quantities import format_noun
from cortex_tui.text import cell_width, one_line

if TYPE_CHECKING:
    from cortex_tui.results.differences import Change, SessionDifference
    from cortex_tui.store.records import StoredSession

SCHEMA = "cortex-tui/diff@1"


@click.command()
@click.argument("a", metavar=REF, shell_complete=offer_sessions)
@click.argument("b", metavar=REF, shell_complete=offer_sessions)
@json_option
@store_option
def diff(a: str, b: str, as_json: bool, store: Path) -> int:
    """Show how profiles and environment of two sessions differ.

    `compare` compares their results.
    """
    from cortex_tui.results.differences import differences
    from cortex_tui.store.port import open_store

    async def both() -> tuple[StoredSession, StoredSession]:
        async with await open_store(store, "read") as opened:
            report(opened.notice)
            return await opened.load(a), await opened.load(b)

    sides = answer(both())
    found = differences(*sides)
    if as_json:
        click.echo(_document(*sides, found), nl=False)
        return 0
    for side, stored in zip("AB", sides, strict=True):
        click.echo(one_line(f"{side}: {_called(stored)}"))
    for line in _lines(found):
        click.echo(line)
    return 0


def _document(a: StoredSession, b: StoredSession, found: SessionDifference) -> bytes:
    sides = {"a": _side(a), "b": _side(b)}
    return json_of({"schema": SCHEMA, **sides, **msgspec.structs.asdict(found)})


def _side(stored: StoredSession) -> dict[str, Any]:
    return {
        "session": stored.session.id,
        "snapshot": stored.snapshot.name if stored.snapshot else None,
        "started_at": stored.session.started_at,
    }


def _called(stored: StoredSession) -> str:
    name = f"{stored.snapshot.name}, " if stored.snapshot else ""
    return f"{name}session {stored.session.id}, started {stored.session.started_at}"


def _lines(found: SessionDifference) -> Iterator[str]:
    yield ""
    if found.none:
        yield "the same profiles in the same environment"
        return
    yield from _part("environment", found.environment)
    yield from _part("session", found.session)
    for each in found.profiles:
        yield from _part(each.profile, each.changes)
    for side in ("a", "b"):
        names = [each.profile for each in found.profiles if each.found == side]
        if names:
            yield one_line(f"only in {side.upper()}: {', '.join(names)}")
    same = sum(1 for each in found.profiles if each.found == "both" and not each.changes)
    if same:
        yield f"the same in both: {format_noun(same, 'profile')}"


def _part(title: str, changes: Sequence[Change]) -> Iterator[str]:
    """The changes under their title, keys aligned; nothing for none."""
    from cortex_tui.results.differences import value_text

    if not changes:
        return
    yield one_line(title)
    keys = [one_line(change.key.removesuffix("_ns").removesuffix("_per_s")) for change in changes]
    widest = max(map(cell_width, keys))
    for key, change in zip(keys, changes, strict=True):
        fill = " " * (widest - cell_width(key))
        texts = (value_text(change.key, value) for value in (change.a, change.b))
        yield f"  {key}{fill}  {' → '.join(texts)}"
