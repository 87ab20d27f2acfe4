"""The table of suites and profiles, drawn line by line: a refresh costs what changed."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from cortex_tui.results.run_result import RunResult
from cortex_tui.results.shared import SharedWarning
from cortex_tui.text import one_line
from cortex_tui.tui.render.columns import Column, column_at, columns_for, sortable
from cortex_tui.tui.render.rows import (
    SECOND_NS,
    header_line,
    is_bare,
    no_match_line,
    profile_row,
    suite_row,
)
from cortex_tui.tui.render.text import Line, width_of
from cortex_tui.tui.state.latest_runs import LatestRuns
from cortex_tui.tui.state.listing import Listing
from cortex_tui.tui.state.versus import Versus
from cortex_tui.tui.widgets.lines import SCROLLBAR
from cortex_tui.tui.widgets.row_table import RowTable
from cortex_tui.tui.widgets.tones import Toned

if TYPE_CHECKING:
    from cortex_tui.analysis.baseline import BaselineVerdict

_Inputs = tuple[
    str,
    RunResult | None,
    bool,
    int,
    int,
    Collection[SharedWarning],
    "BaselineVerdict | None",
    bool,
]
"""Of which a row is made: check box, run, whether it is of the newest session, silence, rounds, the
warnings that stand elsewhere, how it compares with the baseline, and whether its numbers are to
come."""


def table_columns(listing: Listing, versus: str, width: int) -> tuple[Column, ...]:
    """Those of the table in `width` cells; `versus` is the name of what runs are compared with."""
    flat = listing.sort.is_flat
    names = (each.full_name if flat else each.name for each in listing.catalog.profiles)
    longest = max(map(width_of, names), default=0)
    return columns_for(width, longest, versus=one_line(versus), keep=listing.sort.column)


class TableHeader(Toned):
    """The titles of the columns; a click on one sorts by it."""

    DEFAULT_CSS = "TableHeader { height: 1; background: $panel; text-style: bold; }"

    class Pressed(Message):
        """The title of a column was clicked."""

        def __init__(self, column: str) -> None:
            super().__init__()
            self.column = column

    versus: reactive[str] = reactive("")
    """The name of the baseline; "" without one."""

    def __init__(self, listing: Listing) -> None:
        super().__init__()
        self._listing = listing

    @property
    def _columns(self) -> tuple[Column, ...]:
        return table_columns(self._listing, self.versus, self.size.width - SCROLLBAR)

    def render_line(self, y: int) -> Strip:
        return self.strip(header_line(self._columns, self._listing.sort), self.size.width)

    def on_click(self, event: events.Click) -> None:
        column = column_at(self._columns, event.x)
        if column is not None and column.key in sortable([column]):
            self.post_message(self.Pressed(column.key))


class LiveTable(RowTable):
    """The rows of a listing with what is known of their runs. It moves the listing's cursor."""

    def __init__(self, listing: Listing, latest: LatestRuns, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._listing = listing
        self.latest = latest
        """What is drawn; another one while the screen is frozen."""
        self.versus = Versus()
        """What runs are compared with."""
        self._columns: tuple[Column, ...] = ()
        self._columns_of = -1, ""
        self._bare: dict[str, bool] = {}
        """By suite: whether the names of its matrix cells have values alone."""
        self.clear_key = ""
        """The key that clears the filter, as a person reads it."""
        self._placed = False
        self._made: dict[int, tuple[_Inputs, Line]] = {}

    def row_count(self) -> int:
        return len(self._listing.entries)

    @property
    def cursor(self) -> int:
        return self._listing.cursor

    def move_to(self, row: int) -> None:
        self._listing.move_to(row)

    def render_line(self, y: int) -> Strip:
        if self._listing.entries or y != 1:
            return super().render_line(y)
        line = no_match_line(self._listing.filter, self.clear_key, self.row_width)
        return self.strip(line, self.row_width)

    def sync(self, *, has_cursor: bool) -> None:
        """Call when a cursor, a check or a run may have changed: draws the lines that did.

        With the cursor elsewhere on the screen, its row is only set off from the others.
        """
        self.highlight = "cursor" if has_cursor else "selected"
        self.draw_changes()

    def keep_cursor_in_sight(self) -> None:
        """Scrolls if the cursor is out of sight; a suite's head comes along with its first row."""
        row = self._listing.cursor
        entries = self._listing.entries
        first = row - 1 if row and not entries[row - 1].profile else row
        self.scroll_to_region(Region(0, first, 1, row - first + 1), animate=False, force=True)

    @property
    def columns(self) -> tuple[Column, ...]:
        """Those that are seen."""
        return table_columns(self._listing, self.versus.name, self.row_width)

    def bring_suite_up(self) -> None:
        """Scrolls so that as much as possible of the cursor's suite is seen."""
        if self._listing.sort.is_flat:
            self.keep_cursor_in_sight()
            return
        row = self._listing.cursor
        head = row
        while head and self._listing.entries[head].profile:
            head -= 1
        self.scroll_to(y=head if row - head < self.size.height else row, animate=False)

    def forget(self) -> None:
        super().forget()
        self._columns_of = -1, ""
        self._bare.clear()
        self._made.clear()

    def on_resize(self) -> None:
        if not self._placed:
            self._placed = True
            self.call_after_refresh(self.bring_suite_up)

    def line_of(self, row: int, width: int) -> Line:
        if (width, self.versus.name) != self._columns_of:
            self.forget()
            self._columns_of = width, self.versus.name
            self._columns = self.columns
        entry = self._listing.entries[row]
        known = self.latest.seen(entry.key) if entry.profile else None
        view = self.latest.view
        silent = view.silent_ns if view and view.silent_ns > SECOND_NS else 0
        box = self._listing.check_state(entry)
        inputs: _Inputs = (
            box,
            known.run if known else None,
            known.current if known else True,
            silent,
            known.rounds if known else 1,
            self.latest.shared if known else (),
            self.versus.verdicts.get(entry.key) if known and known.current else None,
            known is not None and known.awaited,
        )
        made = self._made.get(row)
        if made is None or made[0] != inputs:
            if entry.profile:
                suite = entry.suite
                if suite.name not in self._bare:
                    self._bare[suite.name] = is_bare(suite, self._columns[0].width)
                line = profile_row(
                    entry,
                    inputs[1],
                    self._columns,
                    box=box,
                    current=inputs[2],
                    silent_ns=silent,
                    rounds=inputs[4],
                    shared=inputs[5],
                    versus=inputs[6],
                    awaited=inputs[7],
                    suite=self._listing.sort.is_flat,
                    bare=self._bare[suite.name],
                )
            else:
                line = suite_row(entry, self._columns, box=box)
            self._made[row] = made = (inputs, line)
        return made[1]
