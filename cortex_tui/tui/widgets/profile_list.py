"""The suites and profiles: their table, the line that filters it, and what is checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.reactive import var
from textual.widgets import Static

from cortex_tui.profiles.model import Catalog
from cortex_tui.tui.render.columns import sortable
from cortex_tui.tui.state.latest_runs import LatestRuns
from cortex_tui.tui.state.listing import Listing
from cortex_tui.tui.state.sorting import Sort, next_sort, pressed, sorted_names, turned
from cortex_tui.tui.state.versus import Versus
from cortex_tui.tui.widgets.live_table import LiveTable, TableHeader
from cortex_tui.tui.widgets.row_table import RowTable

if TYPE_CHECKING:
    from textual.widgets import Input


class ProfileList(Vertical):
    """Changes its listing as a person does; the rows are drawn by the screen with all else."""

    DEFAULT_CSS = """
    ProfileList {
        #empty { display: none; padding: 1 2; height: 1fr; }
        &.-empty LiveTable { display: none; }
        &.-empty #empty { display: block; }
    }
    """
    EMPTY = (
        "There are no profiles.\n\n"
        "A suite is a TOML file in ./profiles, or name one with --profiles PATH.\n"
        "The pane of problems lists what is wrong with the files that were found."
    )

    class Changed(Message):
        """The listing has other rows, or others are checked, or the cursor has moved."""

    versus: var[Versus] = var(Versus(), init=False)
    """What runs are compared with; with a baseline the table has a column for it."""

    @property
    def table(self) -> LiveTable:
        return self.get_child_by_type(LiveTable)

    @property
    def header(self) -> TableHeader:
        return self.get_child_by_type(TableHeader)

    def __init__(self, listing: Listing, latest: LatestRuns) -> None:
        super().__init__(classes="" if listing.catalog.profiles else "-empty")
        self._listing = listing
        self._latest = latest

    def compose(self) -> ComposeResult:
        yield TableHeader(self._listing)
        yield LiveTable(self._listing, self._latest)
        yield Static(self.EMPTY, id="empty", markup=False)

    def watch_versus(self, versus: Versus) -> None:
        self.header.versus = versus.name
        self.table.versus = versus

    def take(self, catalog: Catalog, edited: frozenset[str]) -> None:
        """Lists another catalog; `edited` are the families that are others than in their files."""
        self._listing.take(catalog, edited)
        self.relist()

    def show_row(self, key: str) -> None:
        """Puts the cursor on a profile or a suite; a filter that hides it goes."""
        if all(entry.key != key for entry in self._listing.entries):
            self._filter("")
        self._listing.move_to_key(key)
        self.table.keep_cursor_in_sight()
        self.post_message(self.Changed())

    def relist(self) -> None:
        """Call when the listing has other rows than before."""
        self.set_class(not self._listing.catalog.profiles, "-empty")
        self.header.refresh()
        self.table.relist()
        self.post_message(self.Changed())

    def check(self, name: str) -> None:
        """Checks or unchecks what the action of that name is about."""
        listing, current = self._listing, self._listing.current
        if name == "check_all":
            listing.toggle_all()
        elif current and name == "check_suite":
            listing.toggle_suite(current.suite)
        elif current:
            listing.toggle(current)
        self.post_message(self.Changed())

    @on(RowTable.CursorMoved)
    def _cursor_moved(self) -> None:
        self.post_message(self.Changed())

    @on(RowTable.Pressed)
    def _row_pressed(self, event: RowTable.Pressed) -> None:
        self._listing.move_to(event.row)
        if event.box:
            self.check("check")
        self.post_message(self.Changed())

    # --- the order ------------------------------------------------------------------------------

    def sort(self, name: str) -> None:
        """Does what the action of that name means for the order of the rows."""
        sort = self._listing.sort
        if name == "sort_other_way":
            self.sort_rows(turned(sort))
        else:
            columns = sortable(self.table.columns)
            self.sort_rows(next_sort(sort, columns, back=name == "sort_previous"))

    @on(TableHeader.Pressed)
    def _title_pressed(self, event: TableHeader.Pressed) -> None:
        self.sort_rows(pressed(self._listing.sort, event.column))

    def sort_rows(self, sort: Sort | None = None) -> None:
        """Sorts by what is seen now, the same way as before if `sort` is None.

        Rows do not move on their own while numbers change: nobody could put the cursor on them.
        """
        sort = self._listing.sort if sort is None else sort
        names = [profile.full_name for profile in self._listing.catalog.profiles]
        seen = {name: self.table.latest.seen(name) for name in names}
        runs = {name: each.run for name, each in seen.items() if each and not each.awaited}
        order = sorted_names(sort, names, runs, self.versus.verdicts)
        self._listing.arrange(sort, order)
        self.relist()

    # --- the filter -----------------------------------------------------------------------------

    async def open_filter(self) -> None:
        # Imported when it is first used: an input costs more than the rest of the first frame.
        from cortex_tui.tui.widgets.filter_line import FilterLine

        line = next(iter(self.query(FilterLine)), None)
        if line is None:
            line = FilterLine(self._listing.filter)
            await self.mount(line)
        # At once, unlike `line.focus()`: the letters may be right behind the key.
        self.screen.set_focus(line)

    async def clear_filter(self) -> None:
        await self._close_filter()
        self._filter("")

    async def _close_filter(self) -> None:
        # First, for the next key may come while the line is being removed.
        self.screen.set_focus(self.table)
        await self.query("FilterLine").remove()

    def _filter(self, text: str) -> None:
        self._listing.set_filter(text)
        self.table.relist()
        self.post_message(self.Changed())

    def on_input_changed(self, event: Input.Changed) -> None:
        self._filter(event.value)

    async def on_input_submitted(self) -> None:
        await self._close_filter()

    async def on_filter_line_cleared(self) -> None:
        await self.clear_filter()
