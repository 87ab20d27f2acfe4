"""Lines with a cursor on one of them."""

from __future__ import annotations

from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from cortex_tui.tui.render.marks import CURSOR
from cortex_tui.tui.render.text import Line, Span
from cortex_tui.tui.widgets.lines import Lines, Move


class CursorLines(Lines):
    """The cursor stands in a column of its own, before each line."""

    class CursorMoved(Message):
        """The cursor is on another line."""

    class Pressed(Message):
        """The line of the cursor was clicked once more."""

    cursor = 0
    """The number of the line."""
    count = 0
    """How many lines there are."""

    def show_rows(self, rows: list[Line], *, topic: object, cursor: int = 0) -> None:
        """Other lines, with the cursor on one of them."""
        self.count, self.cursor = len(rows), max(0, min(cursor, len(rows) - 1))
        self.show(lambda width: rows, topic=topic)
        self.place_cursor(self.cursor)
        self.refresh()

    def place_cursor(self, at: int) -> None:
        """Puts the cursor on a line, or as near as there is one."""
        before, self.cursor = self.cursor, max(0, min(at, self.count - 1))
        self.scroll_to_region(Region(0, self.cursor, 1, 1), animate=False, force=True)
        if before != self.cursor:
            self.refresh_some(sorted({before, self.cursor}))
            self.post_message(self.CursorMoved())

    def move(self, how: Move) -> None:
        page = max(1, self.size.height - 1)
        last = self.count - 1
        steps = {"down": 1, "up": -1, "page_down": page, "page_up": -page}
        ends = {"first": 0, "last": last}
        self.place_cursor(ends[how] if how in ends else self.cursor + steps.get(how, 0))

    def render_line(self, y: int) -> Strip:
        at = y + self.scroll_offset.y
        if at >= len(self._lines):
            return self.strip((), self.row_width)
        line: Line = (Span(CURSOR if at == self.cursor else " "), *self._lines[at])
        return self.strip(line, self.row_width, highlight="cursor" if at == self.cursor else "")

    def on_click(self, event: events.Click) -> None:
        at = event.y + self.scroll_offset.y
        if at == self.cursor:
            self.post_message(self.Pressed())
        elif at < self.count:
            self.place_cursor(at)
