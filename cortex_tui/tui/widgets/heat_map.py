"""Latency over time as colours, or as shades where there are no colours."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from cortex_tui.results.series import RunSeries, TimeWindow
from cortex_tui.tui.render.marks import CURSOR, RESCALED
from cortex_tui.tui.render.ramp import ON_DARK, ON_LIGHT, text_on
from cortex_tui.tui.render.text import Line, Span
from cortex_tui.tui.render.time_axis import LABEL_WIDTH, axis_line
from cortex_tui.tui.widgets.time_plot import AT_ONCE, TimePlot

if TYPE_CHECKING:
    # Brings numpy, which the first frame need not wait for.
    from cortex_tui.tui.render.heatmap import Cell, HeatPicture
    from cortex_tui.tui.state.heat import HeatMemory

_BELOW = 2
"""Lines below the plot: the axis and the legend."""
_MOST_SEGMENTS = 4_096
"""That are kept to be drawn again: in an hour ever more differ."""
_POINTERS = "▴▾◆"
"""The cursor on the upper and the lower half of a cell, and on a whole one."""


class HeatMap(TimePlot):
    """Draws the columns of a run's intervals, one row for each range of latency."""

    def __init__(self) -> None:
        super().__init__()
        self._memory: HeatMemory | None = None
        self._shown: tuple[RunSeries, object, bool, TimeWindow | None] | None = None
        self._picture: HeatPicture | None = None
        self._empty: RunSeries | None = None
        """The intervals for which a picture was made, and in which there was nothing to draw."""
        self._axis_line: Line = ()
        self._row: int | None = None
        """Of the cursor; None for that of the median of its column."""
        self._drawn_cursor: tuple[int, int] | None = None
        self._segments: dict[Cell, Segment] = {}

    def show(
        self, series: RunSeries | None, *, topic: object, live: bool, window: TimeWindow | None
    ) -> None:
        """Draws the lines that differ; nothing where `series` is None. With another `topic` the
        scale begins anew."""
        self._shown = None if series is None else (series, topic, live, window)
        self.redraw()

    def next_kind(self) -> None:
        """Has the next frame drawn with another scale for the counts, made for what is there."""
        if self._memory is not None:
            self._memory.next_kind()

    # --- making the picture -----------------------------------------------------------------------

    @property
    def _halves(self) -> bool:
        """Whether there are colours, so that a line can have two rows."""
        return not self.app.native_ansi_color and "NO_COLOR" not in os.environ

    @property
    def inputs(self) -> object:
        kind = None if self._memory is None else self._memory.kind
        return self._shown, self._row, kind, self._halves

    def prepare(self) -> bool:
        if self._shown is None or not self.has_room:
            return True
        series = self._shown[0]
        return self._kept.make_columns(series, self.axis_of(series), AT_ONCE)

    @property
    def _kept(self) -> HeatMemory:
        if self._memory is None:
            from cortex_tui.tui.state.heat import HeatMemory

            self._memory = HeatMemory()
        return self._memory

    def remake(self) -> None:
        before, axis_before, cursor_before = self._picture, self._axis_line, self._drawn_cursor
        self._picture = self._made()
        self._drawn_cursor = self._cursor_place()
        after = self._picture
        if before is None or after is None or before.keys.shape != after.keys.shape:
            self.refresh()
            return
        changes = after.changes_from(before)
        whole = set(changes.labels)
        if cursor_before != self._drawn_cursor:
            places = filter(None, (cursor_before, self._drawn_cursor))
            whole |= {after.line_of(row) for _, row in places}
        if axis_before != self._axis_line:
            whole.add(len(after.labels))
        if before.scale != after.scale:
            whole.add(len(after.labels) + 1)
        # Of the other lines only the cells are drawn that are in columns with something new.
        self.refresh_lines(
            sorted(whole),
            [y for y in changes.lines if y not in whole],
            range(LABEL_WIDTH + changes.first, LABEL_WIDTH + changes.last),
        )

    def _made(self) -> HeatPicture | None:
        lines = self.size.height - _BELOW
        self._empty = None
        if self._shown is None or lines < 1 or not self.has_room:
            self.axis, self._axis_line = None, ()
            return None
        series, topic, live, window = self._shown
        axis = self.fit_axis(series)
        picture = self._kept.picture(
            series, axis, lines, halves=self._halves, topic=topic, live=live
        )
        if picture is None:
            self.axis, self._empty = None, series
            return None
        cursor = self.cursor
        at_ns = self._rescaled_ns
        self._axis_line = axis_line(
            axis,
            window=self.shown_window(window),
            cursor=None if cursor is None else cursor * axis.wide,
            signs=() if at_ns is None else ((axis.cell_of(at_ns), RESCALED),),
        )
        return picture

    @property
    def _rescaled_ns(self) -> int | None:
        return self._memory.rescaled_ns if self._memory is not None else None

    @property
    def has_values(self) -> bool:
        """Whether there is anything to draw."""
        return self._picture is not None

    @property
    def found_nothing(self) -> bool:
        """Whether there is nothing to draw, which is known only once it was looked for: before its
        tab is laid out there is no picture either."""
        return self._empty is not None

    # --- the cursor -------------------------------------------------------------------------------

    def _cursor_place(self) -> tuple[int, int] | None:
        """Column and row of the cursor."""
        column, picture = self.cursor, self._picture
        if column is None or picture is None:
            return None
        rows = picture.scale.rows
        if self._row is not None:
            return column, min(self._row, rows.number - 1)
        found = picture.columns[column] if column < len(picture.columns) else None
        median_ns = None if found is None else found.p50_ns
        return column, 0 if median_ns is None else rows.row_of(median_ns)

    @property
    def reading(self) -> str:
        """The cell that the cursor is on, in words; empty without one."""
        if self._picture is None or self._drawn_cursor is None:
            return ""
        return self._picture.reading(*self._drawn_cursor)

    def move_up(self, by: int) -> None:
        place, picture = self._cursor_place(), self._picture
        if place is not None and picture is not None:
            self._row = max(0, min(place[1] + by, picture.scale.rows.number - 1))
            self.moved()

    def point_at(self, y: int) -> None:
        if self._picture is not None:
            self._row = self._picture.row_at(y)

    # --- drawing ----------------------------------------------------------------------------------

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._segments.clear()
        if self.is_mounted:
            # Another theme may have no colours, or have them reversed.
            self.call_later(self.redraw)

    def _segment(self, cell: Cell) -> Segment:
        segment = self._segments.get(cell)
        if segment is None:
            if len(self._segments) >= _MOST_SEGMENTS:
                self._segments.clear()
            segment = self._segments[cell] = Segment(cell.text, self._style(cell))
        return segment

    def _style(self, cell: Cell) -> Style:
        plain = self.tone_style("plain")
        if not self._halves:
            return plain + Style(bold=True) if cell.sign else plain
        dark = self.app.current_theme.dark
        ramp = ON_DARK if dark else ON_LIGHT
        behind = ramp[cell.behind - 1] if cell.behind else None
        if cell.sign:
            return plain + Style(color=text_on(cell.behind, dark=dark), bgcolor=behind)
        return plain + Style(color=ramp[cell.level - 1] if cell.level else None, bgcolor=behind)

    def render_line(self, y: int) -> Strip:
        picture, width = self._picture, self.size.width
        if picture is None:
            return Strip.blank(width, self.tone_style("plain"))
        if y < len(picture.labels):
            return self._plot_line(picture, y)
        if y == len(picture.labels):
            corner = Span(" " * (LABEL_WIDTH - 1) + "└", "dim")
            return self.strip((corner, *self._axis_line), width)
        return self._legend_line(picture) if y == len(picture.labels) + 1 else self.strip((), width)

    def part_of_line(self, y: int, first: int, last: int) -> Strip:
        picture = self._picture
        cells = range(first - LABEL_WIDTH, last - LABEL_WIDTH)
        if (
            picture is None
            or y >= len(picture.labels)
            or not 0 <= cells.start < cells.stop <= picture.axis.cells
            or self._has_cursor(picture, y)
        ):
            return super().part_of_line(y, first, last)
        parts = picture.line(y, cells.start, cells.stop)
        return Strip(map(self._segment, parts), len(cells))

    def _has_cursor(self, picture: HeatPicture, y: int) -> bool:
        place = self._drawn_cursor
        return place is not None and picture.line_of(place[1]) == y

    def _plot_line(self, picture: HeatPicture, y: int) -> Strip:
        label, place = picture.labels[y], self._drawn_cursor
        has_cursor = self._has_cursor(picture, y)
        if has_cursor:
            label = label[:-1] + CURSOR
        segments = [Segment(label, self.tone_style("head" if has_cursor else "dim"))]
        segments += map(self._segment, picture.line(y))
        strip = Strip(segments, LABEL_WIDTH + picture.axis.cells)
        if not has_cursor or place is None:
            return strip
        column, row = place
        at = LABEL_WIDTH + column * picture.axis.wide + picture.axis.wide // 2
        pointer = _POINTERS[1 - row % 2 if picture.halves else 2]
        style = self.tone_style("plain") + Style(reverse=True, bold=True)
        ends = strip.divide([at, at + 1, strip.cell_length])
        return Strip.join([ends[0], Strip([Segment(pointer, style)], 1), *ends[2:]])

    def _legend_line(self, picture: HeatPicture) -> Strip:
        dim = self.tone_style("dim")
        segments = [Segment("count ".rjust(LABEL_WIDTH), dim)]
        segments += [Segment(c.text, self._style(c) if c.level else dim) for c in picture.legend()]
        kind = {
            "sqrt": "by square root",
            "rank": "by rank",
            "linear": "in proportion",
            "column": "of each column",
        }[picture.scale.kind]
        rescaled = f"  {RESCALED} scaled anew" if self._rescaled_ns is not None else ""
        segments.append(Segment(f" {kind}{rescaled}", dim))
        return Strip(segments).adjust_cell_length(self.size.width, self.tone_style("plain"))
