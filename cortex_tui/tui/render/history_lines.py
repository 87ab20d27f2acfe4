"""The history of a profile on the screen: the plot of the report, and a line for each change."""

from __future__ import annotations

from cortex_tui.analysis.series import History
from cortex_tui.quantities import format_noun
from cortex_tui.report.history import (
    MOST_COLUMNS,
    commits_text,
    left_out_texts,
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
    builder.add(f"{history.statistic} of {format_noun(len(history.points), 'session')}", "dim")
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
    for text in left_out_texts(history):
        builder.add(text, "dim")
    return builder.lines
