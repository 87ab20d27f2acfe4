"""What is known of a stored session from the list alone, as lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from cortex_tui.quantities import format_count, format_noun
from cortex_tui.store.records import SessionEntry, SessionVerdict
from cortex_tui.tui.render.library_rows import names_text
from cortex_tui.tui.render.line_builder import LineBuilder
from cortex_tui.tui.render.marks import FAILED, VERDICTS
from cortex_tui.tui.render.text import Line


def session_facts(
    entry: SessionEntry | None, baselines: Collection[str], verdict: SessionVerdict, width: int
) -> list[Line]:
    """Everything that columns may have had no room for."""
    lines = LineBuilder(width)
    if entry is None:
        return lines.lines
    lines.fact("session", f"{entry.id}, started {entry.started_at}")
    _, _, tone, meaning = VERDICTS[verdict.verdict]
    parts = [entry.state, meaning]
    if verdict.failed:
        failed = f"{FAILED} {format_noun(verdict.failed, 'run')} failed"
        parts = [failed, entry.state, meaning and f"of the others {meaning}"]
        tone = "bad"
    lines.fact("state", ", ".join(filter(None, parts)), tone)
    if entry.names:
        lines.fact("names", names_text(entry.names, baselines))
    if entry.tags:
        lines.fact("tags", " ".join(entry.tags))
    if entry.note:
        lines.fact("note", entry.note)
    runs = Counter(entry.profiles)
    several = (f"{name} ({count} runs)" if count > 1 else name for name, count in runs.items())
    lines.fact("profiles", ", ".join(several))
    lines.fact("ops", format_count(entry.operations))
    if entry.revision:
        lines.fact("revision", entry.revision)
    return lines.lines
