"""The pane about a run over time: times, throughput, level, marks and the machine."""

from __future__ import annotations

from cortex_tui.tui.panes.port import PaneInput
from cortex_tui.tui.panes.time_pane import TimePane
from cortex_tui.tui.render.text import Line
from cortex_tui.tui.widgets.timeline import Timeline


class TimelinePane(TimePane):
    """Everything that changed during the run, on one axis of time."""

    NAME = "timeline"
    TAB = 2
    LABEL = "timeline"
    TOOLTIP = "Show percentiles, throughput, load and what happened over the time of the run"
    TITLE = "timeline"
    NEEDS = ("cortex_tui.results.time_columns",)

    def __init__(self) -> None:
        super().__init__()
        self.body = self._plot = Timeline()

    def legend(self, now: PaneInput) -> Line:
        return self._plot.legend

    def reading(self, now: PaneInput) -> str:
        return self._plot.reading

    def draw(self, now: PaneInput) -> None:
        run = now.whole
        self._plot.show(None if run is None else now.series, run, now.window)
