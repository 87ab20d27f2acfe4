"""`cortex-tui screenshot`: a screen of the workbench as a picture."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from cortex_tui.cli.completing import offer_sessions
from cortex_tui.cli.documents import check_targets, write_output
from cortex_tui.cli.options import StoreError, given, profiles_option, store_option
from cortex_tui.cli.stored import REF, answer, need_store, report
from cortex_tui.files import STDOUT
from cortex_tui.suggestions import suggestion
from cortex_tui.toml.words import shown

if TYPE_CHECKING:
    from cortex_tui.tui.pictures import Wanted

SCREENS = {"session": (1, 1), "library": (0, 1), "compare": (1, 1_000), "form": (0, 0)}
"""The screens that can be drawn, and how many sessions at least and at most each is of."""


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
@click.argument("refs", metavar=f"[{REF}]...", nargs=-1, shell_complete=offer_sessions)
@click.option(
    "--screen",
    type=click.Choice(list(SCREENS)),
    default="session",
    show_default=True,
    help="A session; the library, with the session under the cursor if one is named; the "
    "comparison of sessions, or of the variants of one; the form in which a profile is edited.",
)
@click.option(
    "--tab",
    default="",
    callback=given("the name of a tab"),
    help="The tab that is open, such as timeline, or the picture of a comparison, such as heat; "
    "the first if not given.",
)
@click.option(
    "--profile",
    default="",
    callback=given("the full name of a profile"),
    metavar="NAME",
    help="The profile under the cursor, or in the form; the first if not given.",
)
@click.option(
    "--together",
    is_flag=True,
    help="The percentile curves of all profiles of the session in one picture.",
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
@profiles_option
@store_option
def screenshot(
    refs: Sequence[str],
    screen: str,
    tab: str,
    profile: str,
    together: bool,
    size: Size,
    theme: str,
    target: str,
    places: Sequence[Path],
    store: Path,
) -> int:
    """Draw a screen of the workbench as SVG. By itself it is that of a stored session.

    The picture needs nothing but itself, and the same session leads to the same picture.
    """
    if target != STDOUT and Path(target).suffix.lower() != ".svg":
        raise click.UsageError(f"-o {target}: expected a file that ends in .svg")
    check_targets([("-o", target)], store)
    _check_use(screen, refs, tab=tab, profile=profile, together=together, places=places)
    if screen != "form":
        need_store(store)
    # The colours of a picture are not those of this terminal.
    os.environ.pop("NO_COLOR", None)
    from cortex_tui.profiles.drafts import DraftError
    from cortex_tui.store.errors import SnapshotError
    from cortex_tui.tui.pictures import UnknownNameError, Wanted

    try:
        svg = _drawn(screen, refs, places, store, Wanted(*size, tab, profile, theme, together))
    except SnapshotError as error:
        raise StoreError(str(error)) from None
    except DraftError as error:
        raise click.UsageError(str(error)) from None
    except UnknownNameError as error:
        raise click.UsageError(
            f"--{error.kind}: no {error.kind} {shown(error.name)} "
            f"{suggestion(error.name, error.known)}"
        ) from None
    write_output(target, svg)
    return 0


def _check_use(
    screen: str,
    refs: Sequence[str],
    *,
    tab: str,
    profile: str,
    together: bool,
    places: Sequence[Path],
) -> None:
    """Refuses what the screen has no place for."""
    least, most = SCREENS[screen]
    if not least <= len(refs) <= most:
        number = {(1, 1): "one session", (0, 1): "one session or none", (0, 0): "no session"}
        expected = number.get((least, most), "one session of variants, or several")
        raise click.UsageError(f"--screen {screen}: expected {expected}, got {len(refs)}")
    for option, text, screens in (
        ("--tab", tab, ("session", "compare")),
        ("--profile", profile, ("session", "compare", "form")),
        ("--together", together, ("session",)),
        ("--profiles", places, ("form",)),
    ):
        if text and screen not in screens:
            raise click.UsageError(f"{option} cannot be used with --screen {screen}")
    if together and tab not in ("", "percentiles"):
        raise click.UsageError("--together is of the tab percentiles: expected no other --tab")


def _drawn(
    screen: str, refs: Sequence[str], places: Sequence[Path], store: Path, wanted: Wanted
) -> str:
    from cortex_tui.profiles.search_path import search_path
    from cortex_tui.tui import pictures

    match screen:
        case "library":
            return pictures.library_picture(store, _id_of(store, *refs), wanted)
        case "compare":
            return pictures.compare_picture(store, refs, wanted)
        case "form":
            path = search_path(places)
            return pictures.form_picture(path.load(), path.folders, wanted)
        case _:
            return _session_picture(store, refs[0], wanted)


def _id_of(store: Path, ref: str = "") -> str:
    """The id of a session; "" for none."""
    from cortex_tui.store.port import open_store

    async def find() -> str:
        async with await open_store(store, "read") as opened:
            return (await opened.find(ref))[0]

    return answer(find()) if ref else ""


def _session_picture(store: Path, ref: str, wanted: Wanted) -> str:
    from cortex_tui.session.stored_control import StoredControl
    from cortex_tui.store.background import BackgroundStore
    from cortex_tui.store.port import open_store
    from cortex_tui.store.records import StoredSession
    from cortex_tui.tui.pictures import session_picture

    async def load() -> StoredSession:
        async with await open_store(store, "read") as opened:
            report(opened.notice)
            return await opened.load(ref)

    stored = answer(load())
    background = BackgroundStore(store)
    try:
        return session_picture(StoredControl(stored, background), ref, wanted)
    finally:
        background.close()
