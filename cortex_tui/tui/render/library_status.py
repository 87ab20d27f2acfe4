"""The line above the stored sessions: how many there are, and what has just happened."""

from __future__ import annotations

from cortex_tui.tables import Tone
from cortex_tui.text import one_line
from cortex_tui.tui.render.text import Line, Span, fit, fit_within, width_of
from cortex_tui.tui.state.library_list import LibraryList


def library_status(
    sessions: LibraryList, width: int, *, message: str, tone: Tone, running: bool
) -> Line:
    """`width` cells: a message, or else the number of sessions, on the left; what is checked and
    filtered on the right. `running` is whether a session is being measured meanwhile."""
    count = len(sessions.all.sessions)
    right: list[Span] = []
    if running:
        right.append(Span("a session is running", "good"))
    if sessions.filter:
        listed = f"/{one_line(sessions.filter)} {len(sessions.rows):,} of {count:,}"
        right.append(Span(fit_within(listed, width // 2), "head"))
    right.append(Span(f"{len(sessions.checked):,} checked"))
    number = f"{count:,} session{'' if count == 1 else 's'}"
    left = Span(one_line(message) if message else number, tone if message else "plain")
    title = Span(" Stored  ", "head")
    taken = width_of(title.text) + sum(width_of(span.text) + 2 for span in right)
    line = [title, Span(fit(left.text, max(0, width - taken)), left.tone)]
    for span in right:
        line += [Span("  "), span]
    return tuple(line)
