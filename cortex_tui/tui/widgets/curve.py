"""The percentile curve of one run."""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Region
from textual.strip import Strip

from cortex_tui.results.run_result import CurvePoint
from cortex_tui.tui.render.error_bars import ErrorBar
from cortex_tui.tui.render.plot import PlotLine, curve, spans_of
from cortex_tui.tui.render.text import Span
from cortex_tui.tui.widgets.lines import Toned


class Curve(Toned):
    """Value over percentile in braille: x in nines, y logarithmic; with error bars, where known."""

    DEFAULT_CSS = "Curve { width: 1fr; height: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._points: Sequence[CurvePoint] = ()
        self._bars: Sequence[ErrorBar] = ()
        self._plot: list[PlotLine] = []

    def show(self, points: Sequence[CurvePoint], bars: Sequence[ErrorBar] = ()) -> None:
        """Draws the lines that differ from those before."""
        if points == self._points and bars == self._bars:
            return
        self._points, self._bars = points, bars
        before, self._plot = self._plot, curve(points, *self.size, bars)
        if len(before) != len(self._plot):
            self.refresh()
            return
        pairs = enumerate(zip(before, self._plot, strict=True))
        changed = [Region(0, y, self.size.width, 1) for y, (old, new) in pairs if old != new]
        if changed:
            self.refresh(*changed)

    def on_resize(self) -> None:
        self._plot = curve(self._points, *self.size, self._bars)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        if y >= len(self._plot):
            return Strip.blank(self.size.width, self.tone_style("plain"))
        label, dots = self._plot[y]
        is_axis = y == len(self._plot) - 1
        plotted = (Span(dots, "dim"),) if is_axis else spans_of(dots)
        return self.strip((Span(label, "dim"), *plotted), self.size.width)
