"""The pane with what each of several runners has come to in the run under the cursor."""

from __future__ import annotations

from functools import partial

from cortex_tui.results.run_result import RunResult
from cortex_tui.results.shard_table import shard_columns, shard_summary, uneven_shard
from cortex_tui.tui.panes.headings import run_heading
from cortex_tui.tui.panes.port import PaneInput, WithLines
from cortex_tui.tui.render.line_builder import LineBuilder
from cortex_tui.tui.render.text import Line


class ShardsPane(WithLines):
    """A line for each process that shares the run: where it is, its times, how it stands.

    Enter on the row of such a run opens it, too.
    """

    NAME = "shards"
    KEY = "d"
    LABEL = "shards"
    TOOLTIP = "Show what each process that shares the run under the cursor has measured"

    @classmethod
    def has_content(cls, now: PaneInput) -> bool:
        return now.whole is not None and bool(now.whole.shards)

    def heading(self, now: PaneInput) -> Line:
        return run_heading(now)

    def draw(self, now: PaneInput) -> None:
        topic = now.entry.key if now.entry else None
        self.lines.show(partial(_lines, now.whole), topic=topic)


def _lines(run: RunResult | None, width: int) -> list[Line]:
    builder = LineBuilder(width)
    if run is None:
        builder.add("Nothing was run here yet.", "dim")
        return builder.lines
    if not run.shards:
        builder.add("One process has this run to itself: its load names no others.", "dim")
        return builder.lines
    uneven = uneven_shard(run)
    builder.add(shard_summary(run), "plain" if uneven is None else "warn", indent="  ")
    builder.table(shard_columns(run.shards, uneven), run.shards, "  ")
    if run.partial:
        builder.add(f"! partial: {run.partial}", "warn", indent="  ")
    return builder.lines
