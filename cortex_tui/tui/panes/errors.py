"""The tab with what failed in the run under the cursor."""

from __future__ import annotations

from functools import partial

from cortex_tui.results.error_times import error_times
from cortex_tui.tui.panes.headings import run_heading
from cortex_tui.tui.panes.port import PaneInput, WithLines
from cortex_tui.tui.render.errors import error_lines
from cortex_tui.tui.render.text import Line, Span


class ErrorsPane(WithLines):
    """Errors by type, what was lost, messages and tracebacks."""

    NAME = "errors"
    TAB = 5
    LABEL = "errors"
    TOOLTIP = "Show what failed in the run under the cursor, with messages and tracebacks"
    WANTS_SERIES = True

    @classmethod
    def has_content(cls, now: PaneInput) -> bool:
        run = now.run
        return run is not None and bool(run.errors or run.unfinished or run.unstarted or run.reason)

    def heading(self, now: PaneInput) -> Line:
        return run_heading(now)

    def draw(self, now: PaneInput) -> None:
        topic = now.entry.key if now.entry else None
        if now.run is None:
            nothing: Line = (Span(now.nothing("Nothing was run here yet."), "dim"),)
            self.lines.show(lambda width: [nothing], topic=topic)
            return
        series = now.series
        if series is not None and now.window is not None:
            series = series.within(series.snapped(now.window))
        seen = error_times(series.slices, now.run.errors) if series is not None else {}
        self.lines.show(partial(error_lines, now.run, seen), topic=topic)
