"""The pane with what the session's workloads printed."""

from __future__ import annotations

from cortex_tui.tui.panes.port import LinesPane, PaneInput
from cortex_tui.tui.render.line_builder import LineBuilder
from cortex_tui.tui.render.text import Line


class LogPane(LinesPane):
    """The newest lines, of all runs of the session."""

    NAME = "log"
    KEY = "l"
    LABEL = "log"
    TOOLTIP = "Show the log of the session, or the details again"
    RANK = 11
    HEADING = "log of the session"
    FOLLOWS = True

    @staticmethod
    def lines_of(now: PaneInput, width: int) -> list[Line]:
        builder, view = LineBuilder(width), now.latest.view
        if view is None or not (view.log or view.log_dropped):
            builder.add("Nothing was printed.", "dim")
            return builder.lines
        if view.log_dropped:
            builder.add(f"{view.log_dropped:,} earlier lines are gone", "dim")
        for text in view.log:
            builder.add(text, indent="  ")
        return builder.lines
