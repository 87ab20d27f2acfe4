"""Widgets that draw lines of spans themselves: one line, or many that scroll.

Styles and strips are kept; of new content only the lines that differ are drawn again. Spans are
drawn as they are, so nothing in them is read as markup.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from textual.geometry import Region, Size
from textual.reactive import Reactive, reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from cortex_tui.tui.render.text import Line, Span
from cortex_tui.tui.widgets.tones import Toned

SCROLLBAR = 1
"""The width of a scrollbar."""


class TextLine(Toned):
    """One line of text."""

    DEFAULT_CSS = "TextLine { height: 1; width: 1fr; }"

    line: reactive[Line] = reactive((), repaint=False)

    def watch_line(self) -> None:
        self.refresh(Region(0, 0, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        return self.strip(self.line if y == 0 else (), self.size.width)


Source = Callable[[int], list[Line]]
"""The lines for a width in cells."""

Move = Literal["down", "up", "left", "right", "page_down", "page_up", "first", "last"]
"""What the keys for moving ask of the part that has the focus."""


def regions_of(rows: Sequence[int], width: int, top: int = 0) -> list[Region]:
    """These rows, in ascending order and counted from `top`, as one region for each run of
    neighbours."""
    regions: list[Region] = []
    start = 0
    for at in range(1, len(rows) + 1):
        if at == len(rows) or rows[at] != rows[at - 1] + 1:
            regions.append(Region(0, rows[start] - top, width, at - start))
            start = at
    return regions


class Scrolled(Toned, ScrollView):
    """Lines that scroll up and down, with a bar that is always there, so that none is wrapped
    anew when it comes."""

    DEFAULT_CSS = """
    Scrolled {
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size-vertical: 1;
        width: 1fr;
        height: 1fr;
    }
    """

    virtual_size: Reactive[Size] = Reactive(Size(0, 0), repaint=False)
    """Of all lines. Textual's own has the whole screen laid out again when their number changes,
    which takes longer than a frame; with a bar that is always there, nothing else moves."""

    def watch_virtual_size(self, size: Size) -> None:
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.window_virtual_size = size.height
        self.scroll_y = self.validate_scroll_y(self.scroll_y)

    @property
    def row_width(self) -> int:
        """The cells of a line: all but the scrollbar's."""
        return max(0, self.size.width - SCROLLBAR)

    def refresh_some(self, rows: Sequence[int]) -> None:
        """Refreshes these rows, in ascending order: one region for each run of neighbours, and one
        call for all, since a call costs 50 us whatever it is for."""
        if regions := regions_of(rows, self.row_width, self.scroll_offset.y):
            self.refresh(*regions)


class Lines(Scrolled, can_focus=True, inherit_bindings=False):
    """Lines that are made anew for each width."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._source: Source = lambda width: []
        self._topic: object = None
        self._follows = False
        self._lines: list[Line] = []

    def show(self, source: Source, *, topic: object, follow: bool = False) -> None:
        """Draws what differs. A new topic starts at its top; with `follow`, the end stays in sight
        if it was."""
        at_end = self.scroll_offset.y >= self.max_scroll_y
        fresh = topic != self._topic
        self._source, self._topic, self._follows = source, topic, follow
        if self.row_width:
            self._draw(source(self.row_width))
        if follow and (fresh or at_end):
            self.scroll_end(animate=False, immediate=True)
        elif fresh:
            self.scroll_to(y=0, animate=False, force=True)

    def _draw(self, lines: list[Line]) -> None:
        before, self._lines = self._lines, lines
        if len(lines) != len(before):
            self.virtual_size = Size(self.row_width, len(lines))
        top = self.scroll_offset.y
        shown = range(top, top + self.size.height)
        self.refresh_some([y for y in shown if lines[y : y + 1] != before[y : y + 1]])

    def move(self, how: Move) -> None:
        """Scrolls."""
        page = max(1, self.size.height - 1)
        match how:
            case "first":
                self.scroll_home(animate=False)
            case "last":
                self.scroll_end(animate=False)
            case "left" | "right":
                pass  # lines are cut to the width
            case _:
                by = {"down": 1, "up": -1, "page_down": page, "page_up": -page}[how]
                self.scroll_relative(y=by, animate=False)

    def on_resize(self) -> None:
        at_end = self.scroll_offset.y >= self.max_scroll_y
        self._draw(self._source(self.row_width))
        if self._follows and at_end:
            self.scroll_end(animate=False, immediate=True)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        at = y + self.scroll_offset.y
        line: Line = self._lines[at] if at < len(self._lines) else (Span(""),)
        return self.strip(line, self.row_width)
