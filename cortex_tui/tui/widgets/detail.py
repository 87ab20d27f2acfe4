"""The pane about the row under the cursor: its percentile curve and its facts.

In their place it shows the log, or how the session fares.
"""

from __future__ import annotations

from functools import partial
from typing import Literal

from textual import getters
from textual.app import ComposeResult
from textual.containers import Container

from cortex_tui.profiles.model import Problem
from cortex_tui.text import one_line
from cortex_tui.tui.render.error_bars import error_bars
from cortex_tui.tui.render.facts import log_lines, profile_facts, suite_facts, title
from cortex_tui.tui.render.rows import SECOND_NS
from cortex_tui.tui.render.session_facts import session_facts
from cortex_tui.tui.render.text import Line, Span
from cortex_tui.tui.state.latest_runs import LatestRuns
from cortex_tui.tui.state.listing import Entry
from cortex_tui.tui.state.view_poller import ViewPoller
from cortex_tui.tui.widgets.curve import Curve
from cortex_tui.tui.widgets.lines import Lines, TextLine

Pane = Literal["log", "session"]


class Detail(Container):
    """Curve and facts side by side, or one above the other with the class `-wide`."""

    DEFAULT_CSS = """
    Detail {
        layout: horizontal;
        & > TextLine { background: $panel; dock: top; }
        Curve { width: 2fr; padding-right: 1; }
        Lines { width: 3fr; }
        &.-whole Curve { display: none; }
    }
    """

    lines = getters.query_one("#facts", Lines)
    _heading = getters.query_one("#detail-title", TextLine)
    _curve = getters.query_one("#curve", Curve)

    def compose(self) -> ComposeResult:
        yield TextLine(id="detail-title")
        yield Curve(id="curve")
        yield Lines(id="facts")

    def __init__(self) -> None:
        super().__init__()
        self._pane: Pane | None = None

    def toggle(self, pane: Pane) -> None:
        """Shows this in place of the details, or the details again."""
        self._pane = None if self._pane == pane else pane
        self.set_class(self.covered, "-whole")

    @property
    def covered(self) -> bool:
        """Whether something is shown in place of the details."""
        return self._pane is not None

    def uncover(self) -> None:
        """Shows the details again."""
        if self._pane is not None:
            self.toggle(self._pane)

    def show(
        self,
        entry: Entry | None,
        latest: LatestRuns,
        problems: tuple[Problem, ...],
        poller: ViewPoller,
    ) -> None:
        """Draws what has changed; `entry` is None when there are no rows."""
        mark = Span("▸" if self.lines.has_focus else " ")
        if self._pane == "log":
            self._heading.show((mark, Span("log of the session", "head")))
            self.lines.show(partial(log_lines, latest.view), topic="log", follow=True)
            return
        if self._pane == "session":
            self._heading.show((mark, Span("the session", "head")))
            source = partial(session_facts, latest.view, poller.cost, poller.pace, poller.cores)
            self.lines.show(source, topic="session")
            return
        if entry is None:
            self._heading.show((mark,))
            self._curve.show(())
            self.lines.show(lambda width: [], topic=None)
        elif entry.profile is None:
            line: Line = (mark, Span(one_line(entry.suite.name), "head"), Span("  suite", "dim"))
            self._heading.show(line)
            self._curve.show(())
            self.lines.show(partial(suite_facts, entry.suite, problems), topic=entry.key)
        else:
            known = latest.known(entry.key)
            run = known.run if known else None
            silent = latest.view.silent_ns if latest.view else 0
            silent = silent if silent > SECOND_NS else 0
            current = known.current if known else True
            rounds = known.rounds if known else 1
            earlier = known.earlier if known else ()
            self._heading.show((mark, *title(entry.profile, run, current, rounds)))
            self._curve.show(run.curve if run else (), error_bars(run) if run else ())
            source = partial(profile_facts, entry.profile, run, earlier=earlier, silent_ns=silent)
            self.lines.show(source, topic=entry.key)
