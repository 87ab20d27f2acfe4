"""What is said of the list of stored sessions: in the line above it, and in its place."""

from __future__ import annotations

from collections.abc import Sequence

from cortex_tui.quantities import format_noun
from cortex_tui.tables import Tone
from cortex_tui.text import one_line
from cortex_tui.tui.render.text import Line, Span, fit, fit_within, width_of
from cortex_tui.tui.state.library_list import LibraryList

TITLE = " Stored  "


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
    number = format_noun(count, "session")
    left = Span(one_line(message) if message else number, tone if message else "plain")
    title = Span(TITLE, "head")
    if message and width_of(title.text) + width_of(left.text) + _wide(right) > width:
        right = []  # the message is there for a moment, and all of it is to be read
    taken = width_of(title.text) + _wide(right)
    line = [title, Span(fit(left.text, max(0, width - taken)), left.tone)]
    for span in right:
        line += [Span("  "), span]
    return tuple(line)


def _wide(spans: Sequence[Span]) -> int:
    """How many cells they take, each behind a gap."""
    return sum(width_of(span.text) + 2 for span in spans)


def instead_of_rows(
    sessions: LibraryList, store: str, *, error: str, was_read: bool, not_stored: str = ""
) -> str:
    """Why no session is listed: `error` is why the store, a URL, could not be read, `not_stored`
    why what is run does not come into it."""
    if error:
        return f"{error}\n\nNothing was changed. R reads it again; escape goes back."
    if not was_read:
        return "reading the store …"
    if sessions.all.sessions:
        return "No session is like that; escape lists all of them."
    how = "Every session that is run is stored while it runs"
    if not_stored:
        how = f"What is run is not stored: {one_line(not_stored)}"
    what = f"{one_line(store)}: no session is stored yet."
    return f"{what}\n\n{how}; escape goes back to the profiles."
