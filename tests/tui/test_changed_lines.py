"""What a terminal has after all changes were written is what would be drawn anew."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from rich.cells import cell_len
from rich.color import ColorSystem
from textual._compositor import CompositorUpdate, LayoutUpdate
from textual.app import App
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from cortex_tui.tui.changed_lines import LinesUpdate
from cortex_tui.tui.widgets.live_table import LiveTable
from tests.tui.samples import TENTH_NS, finished, replaced, running, session_view
from tests.tui.series_samples import eventful
from tests.tui.stand_in import SIZES, Bench, StandIn, bench

pytestmark = pytest.mark.usefixtures("every_frame")

_PIECE = re.compile(r"\x1b\[(\d+);(\d+)H|\x1b\[([\d;]*)m|\n|[^\x1b\n]+")


class Terminal:
    """Understands what Textual writes: places, styles and text."""

    def __init__(self) -> None:
        self.cells: dict[tuple[int, int], tuple[str, str]] = {}
        self.updates: list[CompositorUpdate] = []

    def take(self, update: CompositorUpdate, app: App[Any]) -> None:
        self.updates.append(update)
        x = y = 0
        style = ""
        # Rich keeps with a style how it was written first, and pictures have them in true colours.
        app.console._color_system = ColorSystem.TRUECOLOR
        written = update.render_segments(app.console)
        assert not _PIECE.sub("", written)
        for found in _PIECE.finditer(written):
            row, column, attributes = found.groups()
            if row:
                x, y = int(column) - 1, int(row) - 1
            elif attributes is not None:
                style = attributes.removeprefix("0")
            elif found[0] != "\n":
                for character in found[0]:
                    self.cells[x, y] = character, style
                    x += cell_len(character)


@contextmanager
def terminal() -> Iterator[Terminal]:
    """Of the workbench that is started then; a headless one has nothing written."""
    shown = Terminal()
    display = App._display

    def displayed(app: App[Any], screen: Screen[Any], update: Any) -> None:
        if isinstance(update, CompositorUpdate) and not app._batch_count:
            shown.take(update, app)
        display(app, screen, update)

    with patch.object(App, "_display", displayed):
        yield shown


def drawn_anew(b: Bench) -> dict[tuple[int, int], tuple[str, str]]:
    fresh = Terminal()
    for widget in b.app.screen.walk_children(Widget):
        widget._styles_cache.clear()
    fresh.take(b.app.screen._compositor.render_full_update(), b.app)
    return fresh.cells


STEPS = (
    ("j", "j"),
    ("2",), ("3",), ("4",), ("5",), ("6",), ("7",),
    ("1", "enter", "j", "j", "pagedown"),
    ("enter", "s"),
    ("/", "q", "u"),
    ("escape", "question_mark"),
    ("escape", "z"),
    ("z", "left"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("size", "theme"),
    [
        *((size, "textual-dark") for size in SIZES),
        (SIZES[0], "textual-light"),
        (SIZES[1], "ansi-dark"),
    ],
)
async def test_changes_that_are_written_lead_to_the_screen_as_it_is_drawn_anew(
    size: tuple[int, int], theme: str
) -> None:
    with terminal() as shown:
        async with bench(size=size) as b:
            b.app.theme = theme
            view = running()
            await b.show(view)
            for number, keys in enumerate(STEPS):
                await b.press(*keys)
                view = replaced(view, number % 4, operations=10**number, max_ns=3**number)
                await b.show(view)
                assert shown.cells == drawn_anew(b), keys
            await b.show(finished())
            assert shown.cells == drawn_anew(b)
    assert any(isinstance(update, LinesUpdate) for update in shown.updates)


async def test_all_that_a_view_changes_is_written_in_one_piece() -> None:
    with terminal() as shown:
        async with bench(size=(120, 40)) as b:
            await b.show(running())
            before = b.lines
            shown.updates.clear()
            await b.show(replaced(running(), 3, operations=123_456))
            assert [type(each) for each in shown.updates] == [LinesUpdate]
            assert b.lines != before


async def test_a_fault_in_what_draws_ends_the_workbench(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(table: LiveTable, y: int) -> Strip:
        raise ZeroDivisionError

    async def show() -> None:
        async with bench() as b:
            await b.show(running())
            monkeypatch.setattr(LiveTable, "render_line", fail)
            await b.show(replaced(running(), 3, operations=123_456))

    with pytest.raises(ZeroDivisionError):
        await show()


async def test_of_a_row_that_has_changed_nothing_else_is_written() -> None:
    with terminal() as shown:
        async with bench(size=(120, 40)) as b:
            await b.show(running())
            await b.press("6")
            before = b.lines
            shown.updates.clear()
            await b.show(replaced(running(), 3, operations=123_456))
            changed = {y for y, line in enumerate(b.lines) if line != before[y]}
    written = {
        y
        for update in shown.updates
        if isinstance(update, LinesUpdate)
        for _, y, _ in update.pieces
    }
    assert written == changed


async def test_of_a_heat_map_that_grows_only_the_columns_with_something_new_are_written() -> None:
    control = StandIn()
    with terminal() as shown:
        async with bench(control, size=(120, 40)) as b:
            for tenths in (20, 50, 51, 52, 80, 81, 160, 161):
                runs = [
                    msgspec.structs.replace(run, measured_ns=tenths * TENTH_NS)
                    for run in running().runs
                ]
                control.intervals = {run.run: eventful(run, tenths=tenths) for run in runs}
                shown.updates.clear()
                await b.show(session_view(*runs))
                await b.press("3") if tenths == 20 else await b.pilot.pause()
                assert shown.cells == drawn_anew(b), tenths
                if tenths in (51, 52, 81):
                    assert 0 < widest_of(shown, b.main.pane.body.region) <= 4
            # The cursor and its line, too, are drawn over what is there.
            await b.press("enter", "left", "left", "up", "up")
            assert shown.cells == drawn_anew(b)


def widest_of(shown: Terminal, plot: Region) -> int:
    """The widest piece that was written of a plot: not of the axis and the legend below it."""
    return max(
        strip.cell_length
        for update in shown.updates
        if isinstance(update, LinesUpdate)
        for x, y, strip in update.pieces
        if plot.contains(x, y) and y < plot.bottom - 2
    )


async def test_a_tab_that_is_opened_leaves_the_rest_of_the_screen_as_it_is() -> None:
    with terminal() as shown:
        async with bench(size=(120, 40)) as b:
            await b.show(running())
            for key in "23456721":
                shown.updates.clear()
                await b.press(key)
                assert shown.updates
                assert not any(isinstance(update, LayoutUpdate) for update in shown.updates), key
                assert shown.cells == drawn_anew(b), key


@pytest.mark.parametrize("due", [False, True], ids=["nothing due", "all of it due"])
async def test_a_row_that_the_mouse_is_on_while_it_changes_is_drawn(due: bool) -> None:
    """Textual asks what is at the mouse, before a change and behind it: that draws nothing."""
    with terminal() as shown:
        async with bench(size=(80, 24)) as b:
            await b.pilot.pause()
            table, listing = b.main.table, b.main.listing
            row = next(at for at, entry in enumerate(listing.entries) if entry.profile)
            x, y = table.region.x + 2, table.region.y + row
            if due:
                table.refresh()
            for _ in range(2):
                b.app.screen.get_style_at(x, y)
                b.app.screen.get_widget_and_offset_at(x, y)
                listing.toggle(listing.entries[row])
                listing.move_to(row)
                b.app.screen.get_style_at(x, y)
                b.app.screen.get_widget_and_offset_at(x, y)
                await b.pilot.pause()
                if due:
                    shown.take(b.app.screen._compositor.render_full_update(), b.app)
                b.main.show()
                await b.pilot.pause()
                assert shown.cells == drawn_anew(b)
                assert f"[{' x'[listing.check_state(listing.entries[row]) == 'all']}]" in b.lines[y]


async def test_a_row_that_is_uncovered_while_it_changes_stays_as_it_was_drawn() -> None:
    """What was in front of it is gone, which has the row drawn, and not drawn again."""
    with terminal() as shown:
        async with bench(size=(80, 24)) as b:
            await b.pilot.pause()
            screen, table, listing = b.app.screen, b.main.table, b.main.listing
            row = next(at for at, entry in enumerate(listing.entries) if entry.profile)
            shown.take(screen._compositor.render_full_update(), b.app)
            listing.toggle(listing.entries[row])
            screen._compositor._dirty_regions.add(
                Region(table.region.x, table.region.y + row, table.row_width, 1)
            )
            screen._compositor_refresh()
            b.main.show()
            await b.pilot.pause()
            shown.take(screen._compositor.render_full_update(), b.app)
            assert shown.cells == drawn_anew(b)
