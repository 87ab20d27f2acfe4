"""The pane about latency over time: how many operations took how long, and when."""

from __future__ import annotations

from cortex_tui.tui.panes.port import PaneInput
from cortex_tui.tui.panes.time_pane import TimePane
from cortex_tui.tui.panes.unmeasured import why_no_times
from cortex_tui.tui.render.marks import P50, P99
from cortex_tui.tui.render.text import Line, Span
from cortex_tui.tui.widgets.heat_map import HeatMap


class HeatMapPane(TimePane):
    """Latency upwards, time to the right, and how many operations as colour."""

    NAME = "heatmap"
    TAB = 3
    LABEL = "heat map"
    TOOLTIP = "Show how many operations took how long over the time of the run"
    TITLE = "heat map"
    NEEDS = ("cortex_tui.tui.state.heat",)

    def __init__(self) -> None:
        super().__init__()
        self.body = self._map = HeatMap()

    def act(self, name: str) -> bool:
        if name != "scale":
            return super().act(name)
        self._map.next_kind()
        return True

    def legend(self, now: PaneInput) -> Line:
        if self._map.is_preparing:
            return ()
        if self._map.found_nothing:
            return (Span(f"  {why_no_times(now.whole, now.latest)}", "dim"),)
        return (Span(f"  {P50} p50  {P99} p99", "dim"),) if self._map.has_values else ()

    def reading(self, now: PaneInput) -> str:
        return self._map.reading

    def draw(self, now: PaneInput) -> None:
        run, view = now.whole, now.latest.view
        self._map.show(
            None if run is None else now.series,
            topic=(view and view.session, run and run.run),
            live=run is not None and not run.life.is_over,
            window=now.window,
        )
