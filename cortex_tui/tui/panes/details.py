"""The pane that is there when no other is open: the run's percentile curve and its facts."""

from __future__ import annotations

from functools import partial

from textual.app import ComposeResult

from cortex_tui.text import one_line
from cortex_tui.tui.panes.port import PaneInput, WithLines
from cortex_tui.tui.render.error_bars import error_bars
from cortex_tui.tui.render.facts import profile_facts, suite_facts, title
from cortex_tui.tui.render.rows import SECOND_NS
from cortex_tui.tui.render.text import Line, Span
from cortex_tui.tui.widgets.curve import Curve


class DetailsPane(WithLines):
    """Curve and facts side by side, or one above the other on a wide screen."""

    NAME = "details"
    TAB = 1
    LABEL = "percentiles"
    TOOLTIP = "Show percentiles and facts of the run under the cursor"
    DEFAULT_CSS = """
    DetailsPane {
        layout: horizontal;
        Curve { width: 2fr; padding-right: 1; }
        Lines { width: 3fr; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._curve = Curve()

    def compose(self) -> ComposeResult:
        heading, lines = super().compose()
        yield heading
        yield self._curve
        yield lines

    def heading(self, now: PaneInput) -> Line:
        entry = now.entry
        if entry is None:
            return ()
        if entry.profile is None:
            return (Span(one_line(entry.suite.name), "head"), Span("  suite", "dim"))
        known = now.latest.seen(entry.key)
        if known is None:
            return title(entry.profile, None, current=True)
        return title(entry.profile, known.run, known.current, known.rounds)

    def draw(self, now: PaneInput) -> None:
        entry = now.entry
        if entry is None:
            self._curve.show(())
            self.lines.show(lambda width: [], topic=None)
        elif entry.profile is None:
            self._curve.show(())
            self.lines.show(partial(suite_facts, entry.suite, now.problems), topic=entry.key)
        else:
            known = now.latest.seen(entry.key)
            run = known.run if known else None
            silent_ns = now.latest.view.silent_ns if now.latest.view else 0
            source = partial(
                profile_facts,
                entry.profile,
                run,
                earlier=known.earlier if known else (),
                silent_ns=silent_ns if silent_ns > SECOND_NS else 0,
                versus=now.versus,
            )
            self._curve.show(run.curve if run else (), error_bars(run) if run else ())
            self.lines.show(source, topic=entry.key)
