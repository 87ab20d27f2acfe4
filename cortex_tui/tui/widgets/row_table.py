"""Rows with a cursor on one of them, drawn line by line: a refresh costs what changed."""

from __future__ import annotations

from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip

from cortex_tui.tui.render.marks import CURSOR
from cortex_tui.tui.render.text import Line, Span
from cortex_tui.tui.widgets.lines import Highlight, Move, Scrolled


class RowTable(Scrolled, can_focus=True, inherit_bindings=False):
    """Asks for the lines of the rows that are in sight."""

    class CursorMoved(Message):
        """The cursor is on another row."""

    class Pressed(Message):
        """A row was clicked, in the column `x`."""

        def __init__(self, row: int, x: int) -> None:
            super().__init__()
            self.row = row
            self.x = x

    def __init__(self) -> None:
        super().__init__()
        self._drawn: dict[int, tuple[Line, Highlight]] = {}

    def row_count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError  # each table has its own rows

    def line_of(self, row: int, width: int) -> Line:
        """A row in `width` cells less that of the cursor's mark."""
        raise NotImplementedError  # each table has its own rows

    @property
    def cursor(self) -> int:
        """The row that the cursor is on."""
        raise NotImplementedError  # the state behind the table has it

    def move_to(self, row: int) -> None:
        """Puts the cursor on a row, or on the nearest that there is."""
        raise NotImplementedError  # the state behind the table has it

    @property
    def in_sight(self) -> range:
        """The rows that are seen."""
        top = self.scroll_offset.y
        return range(top, min(top + self.size.height, self.row_count()))

    def relist(self) -> None:
        """Call when rows are others than before."""
        self._drawn.clear()
        self.virtual_size = Size(self.row_width, self.row_count())
        self._keep_cursor_in_sight()
        self.refresh()

    def sync(self) -> None:
        """Call when the cursor or the content of a row may have changed: draws those that did."""
        width, drawn = self.row_width, self._drawn.get
        self.refresh_some([row for row in self.in_sight if drawn(row) != self._content(row, width)])

    def move(self, how: Move) -> None:
        """Moves the cursor."""
        at, page = self.cursor, max(1, self.size.height - 1)
        by = {"down": 1, "up": -1, "page_down": page, "page_up": -page}
        match how:
            case "first":
                self.move_to(0)
            case "last":
                self.move_to(self.row_count() - 1)
            case _:
                self.move_to(at + by.get(how, 0))
        self._keep_cursor_in_sight()
        self.post_message(self.CursorMoved())

    def _keep_cursor_in_sight(self) -> None:
        self.scroll_to_region(Region(0, self.cursor, 1, 1), animate=False, force=True)

    def _content(self, row: int, width: int) -> tuple[Line, Highlight]:
        return self.line_of(row, width), "cursor" if row == self.cursor else ""

    def on_resize(self) -> None:
        self.relist()

    def render_line(self, y: int) -> Strip:
        row, width = y + self.scroll_offset.y, self.row_width
        if row >= self.row_count():
            return Strip.blank(width, self.tone_style("plain"))
        line, highlight = self._drawn[row] = self._content(row, width)
        mark = Span(CURSOR if highlight else " ")
        return self.strip((mark, *line), width, highlight=highlight)

    def on_click(self, event: events.Click) -> None:
        row = event.y + self.scroll_offset.y
        if row < self.row_count():
            self.post_message(self.Pressed(row, event.x))
