"""The history of a profile on the screen: the plot of the report, and a line for each change."""

from __future__ import annotations

from cortex_tui.analysis.series import History
from cortex_tui.report.history import (
    MOST_COLUMNS,
    commits_text,
    newest_text,
    plot,
    step_text,
    unit_of,
)
from cortex_tui.tables import Tone
from cortex_tui.tui.render.line_builder import LineBuilder
from cortex_tui.tui.render.text import Line


def history_lines(history: History, width: int) -> list[Line]:
    """All of it, for `width` cells."""
    builder = LineBuilder(width)
    count = len(history.points)
    builder.add(f"{history.statistic} of {count:,} session{'' if count == 1 else 's'}", "dim")
    for line in plot(history, min(width, MOST_COLUMNS)):
        builder.add(line)
    unit = unit_of(history.statistic)
    for step in history.steps:
        tone: Tone = "dim" if step.note else "bad" if step.word == "slower" else "good"
        text = f"{step_text(step)} since {step.first.started_at[:10]}"
        builder.add(f"{text}: {unit(step.before)} → {unit(step.after)}; {commits_text(step)}", tone)
        if step.note:
            builder.add(f"  acknowledged: {step.note}", "dim", indent="  ")
    if not history.steps:
        builder.add("no change found", "dim")
    if history.newest is not None:
        builder.add(newest_text(history.newest), "warn")
    for reason, left_out in history.left_out.items():
        sessions = f"{left_out:,} session{'' if left_out == 1 else 's'}"
        builder.add(f"left out: {sessions} with {reason}", "dim")
    return builder.lines
