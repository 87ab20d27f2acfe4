"""Rows with a cursor on one of them, drawn line by line: a refresh costs what changed."""

from __future__ import annotations

from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip

from cortex_tui.tui.render.columns import BOX
from cortex_tui.tui.render.marks import CURSOR
from cortex_tui.tui.render.text import Line, Span
from cortex_tui.tui.widgets.lines import Move, Scrolled
from cortex_tui.tui.widgets.tones import Highlight


class RowTable(Scrolled, can_focus=True, inherit_bindings=False):
    """Asks for the lines of the rows that are in sight, and keeps their strips."""

    class CursorMoved(Message):
        """The cursor is on another row."""

    class Opened(Message):
        """A row was clicked twice; the cursor is on it."""

    class Pressed(Message):
        """A row was clicked, on its check box or elsewhere."""

        def __init__(self, row: int, box: bool) -> None:
            super().__init__()
            self.row = row
            self.box = box

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.highlight: Highlight = "cursor"
        """What is special about the row of the cursor."""
        self._drawn: dict[int, tuple[Line, Highlight]] = {}
        self._strips: dict[int, tuple[tuple[Line, Highlight], Strip]] = {}
        self._to_draw: dict[int, tuple[Line, Highlight]] = {}
        """What was found to have changed, until it is drawn: it is made once."""

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

    def relist(self, *, follow: bool = True) -> None:
        """Call when rows are others than before; with `follow`, the cursor is brought in sight."""
        self.forget()
        self.virtual_size = Size(self.row_width, self.row_count())
        if follow:
            self.keep_cursor_in_sight()
        self.refresh()

    def draw_changes(self) -> None:
        """Call when the cursor or the content of a row may have changed: draws those that did."""
        width, drawn = self.row_width, self._drawn.get
        contents = {row: self._content(row, width) for row in self.in_sight}
        self._to_draw = {row: each for row, each in contents.items() if drawn(row) != each}
        self.refresh_some([*self._to_draw])

    def move(self, how: Move) -> None:
        """Moves the cursor."""
        at, page = self.cursor, max(1, self.size.height - 1)
        by = {"down": 1, "up": -1, "page_down": page, "page_up": -page}
        ends = {"first": 0, "last": self.row_count() - 1}
        self.move_to(ends[how] if how in ends else at + by.get(how, 0))
        self.keep_cursor_in_sight()
        self.post_message(self.CursorMoved())

    def keep_cursor_in_sight(self) -> None:
        """Scrolls if the cursor is out of sight."""
        self.scroll_to_region(Region(0, self.cursor, 1, 1), animate=False, force=True)

    def forget(self) -> None:
        """Makes every row anew when it is drawn next."""
        self._drawn.clear()
        self._strips.clear()
        self._to_draw.clear()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips.clear()

    def _content(self, row: int, width: int) -> tuple[Line, Highlight]:
        """What the row shows now: its line without the cursor, and whether that is on it."""
        return self.line_of(row, width), self.highlight if row == self.cursor else ""

    def on_resize(self) -> None:
        self.relist()

    def render_line(self, y: int) -> Strip:
        row, width = y + self.scroll_offset.y, self.row_width
        if row >= self.row_count():
            return Strip.blank(width, self.tone_style("plain"))
        content = self._to_draw.pop(row, None) or self._content(row, width)
        self._drawn[row] = content
        kept = self._strips.get(row)
        if kept is None or kept[0] != content:
            line, highlight = content
            mark = Span(CURSOR if highlight == "cursor" else " ")
            strip = self.strip((mark, *line), width, highlight=highlight)
            kept = self._strips[row] = (content, strip)
        return kept[1]

    def on_click(self, event: events.Click) -> None:
        row = event.y + self.scroll_offset.y
        if row < self.row_count():
            self.post_message(self.Pressed(row, event.x in BOX))
            if event.chain == 2 and event.x not in BOX:
                self.post_message(self.Opened())
