"""A picture of a run over time that has a cursor, and of which the mouse selects a part."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from textual import events
from textual.geometry import Region
from textual.message import Message

from cortex_tui.results.series import RunSeries, TimeWindow
from cortex_tui.tui.render.time_axis import LABEL_WIDTH, LEAST_CELLS, TimeAxis, axis_for
from cortex_tui.tui.widgets.lines import Move
from cortex_tui.tui.widgets.tones import Toned

_PAGE = 10
"""Columns that the keys for pages move by."""
AT_ONCE = 128
"""Intervals of which columns are made in one turn of the loop: those of a whole run, when it is
looked at for the first time, take up to 12 ms."""


class TimePlot(Toned, can_focus=True, inherit_bindings=False):
    """What is common to pictures with time to the right: `axis`, cursor and selection.

    The cursor is on the newest column until it is moved, and is there again at the end.
    """

    DEFAULT_CSS = "TimePlot { width: 1fr; height: 1fr; }"

    class Selected(Message):
        """A part of the run was selected by a drag."""

        def __init__(self, window: TimeWindow) -> None:
            super().__init__()
            self.window = window

    class CursorMoved(Message):
        """The cursor is on another column, or another place in it; or the picture has another size,
        and there may be more of it; or a picture is there that took several turns to make."""

    def __init__(self) -> None:
        super().__init__()
        self.axis: TimeAxis | None = None
        """None while there is nothing to draw."""
        self._columns = 0
        self._cursor_ns: int | None = None
        self._drag: tuple[int, int] | None = None
        """The columns where a drag began, and where it is."""
        self._made_from: object = None
        self.is_preparing = False
        """Whether a picture is being made that takes several turns of the loop; until then the one
        before stands."""

    # --- what is drawn ----------------------------------------------------------------------------

    def redraw(self) -> None:
        """Makes what is to be drawn anew where anything that it is made from has changed, and
        refreshes the lines that differ."""
        focused = self.screen.focused is self
        made_from = self.size, focused, self._cursor_ns, self._drag, self.inputs
        if made_from == self._made_from or self.is_preparing:
            return
        if self.prepare():
            self._made_from = made_from
            self.remake()
        else:
            self.is_preparing = True
            self.call_later(self._continue)

    async def _continue(self) -> None:
        await asyncio.sleep(0)  # keys that came meanwhile are taken first
        self.is_preparing = False
        self.redraw()
        if not self.is_preparing:
            self.post_message(self.CursorMoved())

    def prepare(self) -> bool:
        """Does a part of what takes long, and returns whether all of that is done."""
        raise NotImplementedError  # each picture has its own

    @property
    def inputs(self) -> object:
        """What else it is made from."""
        raise NotImplementedError  # each picture has its own

    def remake(self) -> None:
        """Makes it anew, and refreshes the lines that differ."""
        raise NotImplementedError  # each picture has its own

    @property
    def has_room(self) -> bool:
        """Whether an axis fits into the width; there is none before its tab is laid out."""
        return self.size.width >= LABEL_WIDTH + LEAST_CELLS

    def axis_of(self, series: RunSeries) -> TimeAxis:
        """The axis for the width that there is."""
        return axis_for(series.last_ns, series.slice_ns, self.size.width - LABEL_WIDTH)

    def fit_axis(self, series: RunSeries) -> TimeAxis:
        """The same, from now on the picture's."""
        self.axis = self.axis_of(series)
        self._columns = max(1, -(-series.last_ns // self.axis.column_ns))
        return self.axis

    def shown_window(self, window: TimeWindow | None) -> TimeWindow | None:
        """What is marked on the axis: what is being selected, or else the window."""
        if self._drag is None or self.axis is None or self._drag[0] == self._drag[1]:
            return window
        return self.axis.columns(*self._drag)

    def refresh_lines(
        self, lines: Sequence[int], in_part: Sequence[int] = (), columns: range = range(0)
    ) -> None:
        """Draws these lines again, and of those `in_part` the columns that are given."""
        width, start, wide = self.size.width, columns.start, len(columns)
        regions = [Region(0, y, width, 1) for y in lines]
        regions += [Region(start, y, wide, 1) for y in in_part]
        if regions:
            self.refresh(*regions)

    def on_resize(self) -> None:
        self.moved()
        self.refresh()

    def on_focus(self) -> None:
        self.redraw()

    def on_blur(self) -> None:
        self.redraw()

    # --- the cursor -------------------------------------------------------------------------------

    @property
    def cursor(self) -> int | None:
        """The number of the column that the cursor is on; None without the focus."""
        # The focus may not have been reported to it yet when the next key comes.
        return self._at if self.screen.focused is self and self.axis is not None else None

    @property
    def moment_ns(self) -> int | None:
        """The middle of the column that the cursor is on, unless it is on the newest."""
        if self.cursor is None or self.axis is None or self._cursor_ns is None:
            return None
        return self.cursor * self.axis.column_ns + self.axis.column_ns // 2

    @property
    def _at(self) -> int:
        last = self._columns - 1
        if self._cursor_ns is None or self.axis is None:
            return last
        return min(last, self._cursor_ns // self.axis.column_ns)

    def go_to(self, column: int) -> None:
        """Puts the cursor on a column, or on the nearest that there is."""
        if self.axis is None:
            return
        last = self._columns - 1
        column = max(0, column)
        # On the newest column it stays on the newest.
        self._cursor_ns = column * self.axis.column_ns if column < last else None
        self.moved()

    def moved(self) -> None:
        """Draws the cursor where it is now."""
        self.redraw()
        self.post_message(self.CursorMoved())

    def move(self, how: Move) -> None:
        """What the keys for moving do."""
        match how:
            case "left" | "right":
                self.go_to(self._at + (-1 if how == "left" else 1))
            case "page_up" | "page_down":
                self.go_to(self._at + (-_PAGE if how == "page_up" else _PAGE))
            case "first":
                self.go_to(0)
            case "last":
                self.go_to(self._columns - 1)
            case "up" | "down":
                self.move_up(-1 if how == "down" else 1)

    def move_up(self, by: int) -> None:
        """Where a column has places above each other, moves between those."""

    # --- the mouse --------------------------------------------------------------------------------

    def point_at(self, y: int) -> None:
        """A column was clicked at a line."""

    def _column_at(self, x: int) -> int:
        assert self.axis is not None
        return min(self._columns - 1, self.axis.column_at(x - LABEL_WIDTH))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if self.axis is None or event.button != 1:
            return
        self.capture_mouse()
        column = self._column_at(event.x)
        self._drag = column, column

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._drag is None or self.axis is None:
            return
        drag = self._drag[0], self._column_at(event.x)
        if drag != self._drag:
            self._drag = drag
            self.redraw()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        drag, self._drag = self._drag, None
        if drag is None or self.axis is None:
            return
        self.release_mouse()
        if drag[0] == drag[1]:
            self.point_at(event.y)
            self.go_to(drag[0])
        else:
            self.post_message(self.Selected(self.axis.columns(*drag)))
            self.redraw()
