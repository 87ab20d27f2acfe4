"""The pane with what the session's workloads printed."""

from __future__ import annotations

from cortex_tui.results.view import LogEntry
from cortex_tui.text import one_line
from cortex_tui.tui.panes.port import LinesPane, PaneInput
from cortex_tui.tui.render.line_builder import LineBuilder
from cortex_tui.tui.render.text import Line, Span, fit_middle, width_of, wrap

_TIME_WIDTH = 8
_TEXT_LEAST = 40
"""A profile's name gives way where a text would have fewer cells than this."""
_NAME_MOST = 24


def _time(offset_ns: int | None) -> str:
    return "" if offset_ns is None else f"{offset_ns / 1e9:.2f}s"


def _name_width(log: tuple[LogEntry, ...], width: int) -> int:
    """The cells of the profiles' names; none where no line has one."""
    longest = max((width_of(one_line(entry.profile)) for entry in log), default=0)
    return max(0, min(longest, _NAME_MOST, width - _TIME_WIDTH - _TEXT_LEAST))


class LogPane(LinesPane):
    """The newest lines, of all runs of the session: when, by which profile, and what.

    What was not printed on standard output has the name of its stream before it.
    """

    NAME = "log"
    TAB = 6
    KEY = "l"
    LABEL = "log"
    TOOLTIP = "Show the log of the session, or the details again"
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
        names = _name_width(view.log, width)
        for entry in view.log:
            head = f"{_time(entry.offset_ns):>{_TIME_WIDTH}} "
            if names:
                head += fit_middle(one_line(entry.profile), names) + " "
            stream = "" if entry.stream == "stdout" else f"{entry.stream}: "
            for line in wrap(one_line(stream + entry.text), max(8, width - len(head))):
                builder.lines.append((Span(head, "dim"), Span(line)))
                head = " " * width_of(head)
        return builder.lines
