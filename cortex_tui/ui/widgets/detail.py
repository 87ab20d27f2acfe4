"""The pane about the row under the cursor: its percentile curve and its facts, or the log."""

from __future__ import annotations

from functools import partial

from textual import getters
from textual.app import ComposeResult
from textual.containers import Container

from cortex_tui.profiles.model import Problem
from cortex_tui.ui.board import Board
from cortex_tui.ui.facts import log_lines, profile_facts, suite_facts, title
from cortex_tui.ui.listing import Entry
from cortex_tui.ui.rows import SECOND_NS
from cortex_tui.ui.text import Line, Span, visible
from cortex_tui.ui.widgets.curve import Curve
from cortex_tui.ui.widgets.lines import Lines, TextLine


class Detail(Container):
    """Curve and facts side by side, or one above the other with the class `-wide`."""

    DEFAULT_CSS = """
    Detail {
        layout: horizontal;
        & > TextLine { background: $panel; dock: top; }
        Curve { width: 2fr; padding-right: 1; }
        Lines { width: 3fr; }
        &.-log Curve { display: none; }
    }
    """

    lines = getters.query_one("#facts", Lines)
    _heading = getters.query_one("#detail-title", TextLine)
    _curve = getters.query_one("#curve", Curve)

    def compose(self) -> ComposeResult:
        yield TextLine(id="detail-title")
        yield Curve(id="curve")
        yield Lines(id="facts")

    @property
    def log_shown(self) -> bool:
        return self.has_class("-log")

    def toggle_log(self) -> None:
        self.toggle_class("-log")

    def show(self, entry: Entry | None, board: Board, problems: tuple[Problem, ...]) -> None:
        """Draws what has changed; `entry` is None when there are no rows."""
        mark = Span("▸" if self.lines.has_focus else " ")
        if self.log_shown:
            self._heading.show((mark, Span("log of the session", "head")))
            self.lines.show(partial(log_lines, board.view), topic="log", follow=True)
            return
        if entry is None:
            self._heading.show((mark,))
            self._curve.show(())
            self.lines.show(lambda width: [], topic=None)
        elif entry.profile is None:
            line: Line = (mark, Span(visible(entry.suite.name), "head"), Span("  suite", "dim"))
            self._heading.show(line)
            self._curve.show(())
            self.lines.show(partial(suite_facts, entry.suite, problems), topic=entry.key)
        else:
            known = board.known(entry.key)
            run = known.run if known else None
            silent = board.view.silent_ns if board.view else 0
            silent = silent if silent > SECOND_NS else 0
            current = known.current if known else True
            self._heading.show((mark, *title(entry.profile, run, current)))
            self._curve.show(run.curve if run else ())
            self.lines.show(
                partial(profile_facts, entry.profile, run, silent_ns=silent), topic=entry.key
            )
