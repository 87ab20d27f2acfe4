"""`cortex-tui screenshot`: a stored session as the workbench shows it, in a picture."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

import click

from cortex_tui.cli.options import StoreError, given, store_option
from cortex_tui.cli.stored import REF, answer, need_store, report
from cortex_tui.toml.words import shown, suggestion

STDOUT = "-"


class Size(NamedTuple):
    """Of a terminal, in cells."""

    columns: int
    rows: int


SMALLEST, LARGEST = Size(60, 15), Size(400, 200)


def _size(ctx: click.Context, param: click.Parameter, text: str) -> Size:
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)
    size = Size(int(match[1]), int(match[2])) if match else Size(0, 0)
    if not all(
        least <= cells <= most for least, cells, most in zip(SMALLEST, size, LARGEST, strict=True)
    ):
        raise click.BadParameter(
            f"expected columns and rows such as 120x40, from {SMALLEST.columns}x{SMALLEST.rows} to "
            f"{LARGEST.columns}x{LARGEST.rows}, got {shown(text)}",
            ctx,
            param,
        )
    return size


@click.command()
@click.argument("ref", metavar=REF, callback=given("a name or the start of an id"))
@click.option(
    "--tab",
    default="",
    callback=given("the name of a tab"),
    help="The tab that is open, such as timeline; the first if not given.",
)
@click.option(
    "--profile",
    default="",
    callback=given("the full name of a profile"),
    metavar="NAME",
    help="The profile under the cursor; the first if not given.",
)
@click.option(
    "--size", callback=_size, default="120x40", show_default=True, help="In columns and rows."
)
@click.option(
    "--theme",
    default="textual-dark",
    show_default=True,
    callback=given("the name of a theme"),
    metavar="NAME",
    help="The colours.",
)
@click.option(
    "-o",
    "--output",
    "target",
    metavar="FILE.svg",
    default=STDOUT,
    callback=given("a file, or - for stdout"),
    help="The file to write; stdout if not given.",
)
@store_option
def screenshot(
    ref: str, tab: str, profile: str, size: Size, theme: str, target: str, store: Path
) -> int:
    """Draw a stored session as the workbench shows it, as SVG.

    The picture needs nothing but itself, and the same session leads to the same picture.
    """
    if target != STDOUT and Path(target).suffix.lower() != ".svg":
        raise click.UsageError(f"-o {target}: expected a file that ends in .svg")
    need_store(store)
    # The colours of a picture are not those of this terminal.
    os.environ.pop("NO_COLOR", None)
    from cortex_tui.files import write_whole
    from cortex_tui.session.stored_control import StoredControl
    from cortex_tui.store.background import BackgroundStore
    from cortex_tui.store.errors import SnapshotError
    from cortex_tui.store.port import open_store
    from cortex_tui.store.records import StoredSession
    from cortex_tui.tui.session_picture import UnknownNameError, Wanted, picture_of

    async def load() -> StoredSession:
        async with await open_store(store, "read") as opened:
            report(opened.notice)
            return await opened.load(ref)

    stored = answer(load())
    background = BackgroundStore(store)
    try:
        control = StoredControl(stored, background)
        svg = picture_of(control, ref, Wanted(*size, tab, profile, theme))
    except SnapshotError as error:
        raise StoreError(str(error)) from None
    except UnknownNameError as error:
        raise click.UsageError(
            f"--{error.kind}: no {error.kind} {shown(error.name)} "
            f"{suggestion(error.name, error.known)}"
        ) from None
    finally:
        background.close()
    if target == STDOUT:
        click.echo(svg)
        return 0
    try:
        write_whole(Path(target), svg.encode())
    except OSError as error:
        raise click.UsageError(f"-o {target}: cannot be written: {error.strerror}") from None
    report(f"written to {target}")
    return 0
