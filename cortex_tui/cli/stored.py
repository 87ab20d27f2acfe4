"""What the commands on stored sessions share."""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import click

from cortex_tui.cli.options import StoreError
from cortex_tui.paths import is_missing
from cortex_tui.text import one_line

T = TypeVar("T")

REF = "NAME|ID"
"""How help calls what means a stored session: a name, the start of a session's id, or `newest`."""


def answer(work: Coroutine[Any, Any, T]) -> T:
    """Runs the work to its end; what is wrong with the store becomes an error of the command."""
    import asyncio

    from cortex_tui.store.errors import SnapshotError

    found: list[T] = []

    async def keep() -> None:
        # Not returned: Runner.run makes a text of its task and its result when it puts Ctrl+C back
        # (signal.getsignal of a partial), which takes 0.4 s for two large sessions.
        found.append(await work)

    try:
        asyncio.run(keep())
    except SnapshotError as error:
        raise StoreError(str(error)) from None
    return found[0]


def need_store(store: Path) -> None:
    """A store is not made for what cannot be in it."""
    if is_missing(store):
        raise StoreError(f"{store}: there is no store: run something first, or name its --store")


def report(text: str) -> None:
    """A line on stderr; none for an empty text."""
    if text:
        click.echo(one_line(text), err=True)
