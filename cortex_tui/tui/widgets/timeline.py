"""A run over time: curves, bars, marks and what went on in the machine, on one axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.strip import Strip

from cortex_tui.results.run_result import RunResult
from cortex_tui.results.series import RunSeries, TimeWindow
from cortex_tui.store.records import MarkRecord
from cortex_tui.tui.render.machine import machine_legend
from cortex_tui.tui.render.text import Line
from cortex_tui.tui.render.timeline import MEDIUM, reading, run_marks, timeline
from cortex_tui.tui.widgets.time_plot import AT_ONCE, TimePlot

if TYPE_CHECKING:
    # Brings numpy, which the first frame need not wait for.
    from cortex_tui.results.time_columns import TimeColumn, TimeColumns


class Timeline(TimePlot):
    """Draws the columns of a run's intervals."""

    def __init__(self) -> None:
        super().__init__()
        self._keeper: TimeColumns | None = None
        self._shown: tuple[RunSeries, RunResult, TimeWindow | None] | None = None
        self._columns_drawn: tuple[TimeColumn | None, ...] = ()
        self._marks: tuple[MarkRecord, ...] = ()
        self._lines: list[Line] = []

    def show(
        self, series: RunSeries | None, run: RunResult | None, window: TimeWindow | None
    ) -> None:
        """Draws the lines that differ; nothing where there are no intervals."""
        self._shown = None if series is None or run is None else (series, run, window)
        self.redraw()

    @property
    def inputs(self) -> object:
        return self._shown

    def prepare(self) -> bool:
        if self._shown is None or not self.has_room:
            return True
        series = self._shown[0]
        return self._kept_columns.make(series, self.axis_of(series).column_ns, AT_ONCE)

    @property
    def _kept_columns(self) -> TimeColumns:
        if self._keeper is None:
            from cortex_tui.results.time_columns import TimeColumns

            self._keeper = TimeColumns()
        return self._keeper

    def remake(self) -> None:
        before, self._lines = self._lines, self._made()
        if len(before) != len(self._lines):
            self.refresh()
            return
        pairs = enumerate(zip(before, self._lines, strict=True))
        self.refresh_lines([y for y, (old, new) in pairs if old != new])

    def _made(self) -> list[Line]:
        if self._shown is None or not self.has_room:
            self.axis = None
            return []
        series, run, window = self._shown
        axis = self.fit_axis(series)
        self._columns_drawn = self._kept_columns.of(series, axis.column_ns)
        self._marks = run_marks(series, run.profile, ended=run.life.is_over)
        return timeline(
            self._columns_drawn,
            axis,
            self.size.height,
            run.profile,
            marks=self._marks,
            window=self.shown_window(window),
            cursor=self.cursor,
        )

    @property
    def legend(self) -> Line:
        """What the letters mean, where the machine has a line of letters only."""
        return machine_legend(apart=False) if self.size.height < MEDIUM else ()

    @property
    def reading(self) -> str:
        """The column that the cursor is on, in words; empty without one."""
        number = self.cursor
        if number is None or self.axis is None or self._shown is None:
            return ""
        columns, window = self._columns_drawn, self.axis.columns(number, number)
        column = columns[number] if number < len(columns) else None
        marks = [mark for mark in self._marks if window.from_ns <= mark.offset_ns < window.until_ns]
        return reading(column, window, marks, self._shown[1].profile)

    def render_line(self, y: int) -> Strip:
        return self.strip(self._lines[y] if y < len(self._lines) else (), self.size.width)
