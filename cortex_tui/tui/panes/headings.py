"""The heading of panes about the run under the cursor."""

from __future__ import annotations

import msgspec

from cortex_tui.text import one_line
from cortex_tui.tui.panes.port import PaneInput
from cortex_tui.tui.render.facts import title
from cortex_tui.tui.render.text import Line, Span


def run_heading(now: PaneInput) -> Line:
    """Its name, where it stands and its verdict."""
    entry = now.entry
    if entry is None:
        return ()
    if entry.profile is None:
        return (Span(one_line(entry.suite.name), "head"), Span("  suite", "dim"))
    known = now.latest.seen(entry.key)
    if known is None:
        return title(entry.profile, None, current=True, edited=entry.edited)
    run = known.run
    if known.awaited:
        run = msgspec.structs.replace(run, verdict="none")
    return title(entry.profile, run, known.current, known.rounds, edited=entry.edited)
