"""The table of stored sessions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from cortex_tui.store.records import SessionVerdict
from cortex_tui.tui.render.columns import MARK_WIDTH
from cortex_tui.tui.render.library_rows import header_line, library_columns, session_line
from cortex_tui.tui.render.text import Line
from cortex_tui.tui.state.library_list import ORDERS, LibraryList
from cortex_tui.tui.state.sorting import Sort
from cortex_tui.tui.widgets.lines import SCROLLBAR
from cortex_tui.tui.widgets.row_table import RowTable
from cortex_tui.tui.widgets.tones import Toned


class LibraryHeader(Toned):
    """The titles of the columns; a click sorts by one."""

    DEFAULT_CSS = "LibraryHeader { height: 1; background: $panel; text-style: bold; }"

    class Pressed(Message):
        """A title was clicked."""

        def __init__(self, column: str) -> None:
            super().__init__()
            self.column = column

    sort: reactive[Sort] = reactive(Sort())

    def render_line(self, y: int) -> Strip:
        columns = library_columns(self.size.width - SCROLLBAR)
        return self.strip(header_line(columns, self.sort), self.size.width)

    def on_click(self, event: events.Click) -> None:
        at = MARK_WIDTH
        for column in library_columns(self.size.width - SCROLLBAR):
            if at <= event.x < at + column.width and column.key in ORDERS:
                self.post_message(self.Pressed(column.key))
            at += column.width + 1


class LibraryTable(RowTable):
    """The rows of a list of stored sessions; it moves the list's cursor."""

    def __init__(self, sessions: LibraryList, verdicts: Mapping[str, SessionVerdict]) -> None:
        """`verdicts` are those of the sessions of which they are known, by id."""
        super().__init__()
        self._sessions = sessions
        self._verdicts = verdicts
        self._year = str(datetime.now(UTC).year)

    def row_count(self) -> int:
        return len(self._sessions.rows)

    def line_of(self, row: int, width: int) -> Line:
        entry = self._sessions.rows[row]
        return session_line(
            entry,
            library_columns(width),
            checked=entry.id in self._sessions.checked,
            baselines=self._sessions.all.baselines,
            verdict=self._verdicts.get(entry.id, SessionVerdict()),
            year=self._year,
        )

    class OthersInSight(Message):
        """Other rows may be in sight than before."""

    def on_resize(self) -> None:
        self.post_message(self.OthersInSight())

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self.post_message(self.OthersInSight())

    @property
    def cursor(self) -> int:
        return self._sessions.cursor

    def move_to(self, row: int) -> None:
        self._sessions.move_to(row)
