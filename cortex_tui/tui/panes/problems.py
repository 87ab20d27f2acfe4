"""The pane that lists what is wrong now: with the session, with the store, with suites."""

from __future__ import annotations

from cortex_tui.tui.panes.port import LinesPane, PaneInput
from cortex_tui.tui.render.line_builder import LineBuilder
from cortex_tui.tui.render.text import Line


class ProblemsPane(LinesPane):
    """Where each problem is, and what it is."""

    NAME = "problems"
    KEY = "e"
    LABEL = "problems"
    TOOLTIP = "List what is wrong with suites and store, or show the details again"
    HEADING = "problems"

    @classmethod
    def has_content(cls, now: PaneInput) -> bool:
        view = now.latest.view
        return bool(now.problems or (view and (view.died or view.store_error)))

    @staticmethod
    def lines_of(now: PaneInput, width: int) -> list[Line]:
        builder, view = LineBuilder(width), now.latest.view
        if view is not None and view.died:
            builder.fact("session", view.died, "bad")
        if view is not None and view.store_error:
            builder.fact("store", view.store_error, "bad")
        for problem in now.problems:
            builder.add(problem.place, "head", indent="  ")
            builder.add("  " + problem.message, indent="  ")
        if not builder.lines:
            builder.add("Nothing is wrong.", "good")
        return builder.lines
