"""What the panes about a run over time have in common: a picture with a cursor."""

from __future__ import annotations

from typing import ClassVar

from textual import on

from cortex_tui.results.series import TimeWindow
from cortex_tui.text import one_line
from cortex_tui.tui.panes.port import Pane, PaneInput
from cortex_tui.tui.panes.unmeasured import why_unmeasured
from cortex_tui.tui.render.text import Line, Span
from cortex_tui.tui.widgets.lines import Move
from cortex_tui.tui.widgets.time_plot import TimePlot


class TimePane(Pane):
    """A picture of the run under the cursor; the heading reads out where its cursor is."""

    WANTS_SERIES = True
    TITLE: ClassVar[str]
    DEFAULT_CSS = "TimePane TimePlot { width: 1fr; height: 1fr; }"

    body: TimePlot

    def __init__(self) -> None:
        super().__init__()
        self._now: PaneInput | None = None

    @classmethod
    def has_content(cls, now: PaneInput) -> bool:
        return now.whole is not None and now.whole.measured_ns > 0

    def show(self, now: PaneInput) -> None:
        self._now = now
        super().show(now)

    def heading(self, now: PaneInput) -> Line:
        if now.series is not None and (reading := self.reading(now)):
            return (Span(reading),)
        entry = now.entry
        if entry is None or entry.profile is None:
            return (Span(f"{self.TITLE} of a run: move to a profile", "dim"),)
        name = Span(f"{one_line(entry.profile.full_name)}", "head")
        if now.whole is None or not now.whole.measured_ns:
            why = why_unmeasured(now.whole, now.latest, here="in this session")
            failed = now.whole is not None and now.whole.state == "failed"
            return (name, Span(f"  {why}", "bad" if failed else "dim"))
        if now.series is None:
            return (name, Span("  its intervals are being read", "dim"))
        return (name, Span(f"  {now.series.headline} time", "dim"), *self.legend(now))

    def legend(self, now: PaneInput) -> Line:
        """What stands behind the title."""
        return ()

    def reading(self, now: PaneInput) -> str:
        """What the cursor is on, in words; empty without one."""
        raise NotImplementedError  # each picture has its own

    @property
    def moment_ns(self) -> int | None:
        return self.body.moment_ns

    @property
    def is_complete(self) -> bool:
        return not self.body.is_preparing

    def move(self, how: Move) -> None:
        self.body.move(how)

    @on(TimePlot.CursorMoved)
    def _cursor_moved(self, event: TimePlot.CursorMoved) -> None:
        event.stop()
        if self._now is not None:
            super().show(self._now)

    @on(TimePlot.Selected)
    def _selected(self, event: TimePlot.Selected) -> None:
        event.stop()
        self.post_message(self.WindowChosen(TimeWindow(*event.window)))
