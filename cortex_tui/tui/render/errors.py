"""What failed, line by line: errors by type, what was lost, messages and tracebacks. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cortex_tui.quantities import format_count, format_duration
from cortex_tui.results.error_times import Seen
from cortex_tui.results.run_result import RunResult
from cortex_tui.tables import Cell, Column
from cortex_tui.text import one_line
from cortex_tui.tui.render.distribution import format_share
from cortex_tui.tui.render.line_builder import LineBuilder
from cortex_tui.tui.render.marks import UNKNOWN
from cortex_tui.tui.render.text import Line, Span, fit_middle, width_of
from cortex_tui.tui.render.time_axis import clock_text

_TYPES, _DESCRIBED = 40, 20
"""How many types have a line, and how many their message and traceback."""
_NAME_MOST = 40
_OLDEST = 5


class _Row(NamedTuple):
    name: str
    errors: int
    share: float
    first_ns: int | None
    last_ns: int | None


def _name(row: _Row) -> Cell:
    name = one_line(row.name)
    return Cell(fit_middle(name, min(width_of(name), _NAME_MOST)), "bad")


def _moment(ns: int | None) -> Cell:
    return Cell(UNKNOWN if ns is None else clock_text(ns), "dim")


_COLUMNS: tuple[Column[_Row], ...] = (
    Column("error", _name, left=True),
    Column("count", lambda row: Cell(format_count(row.errors))),
    Column("share", lambda row: Cell(format_share(row.share))),
    Column("first", lambda row: _moment(row.first_ns), goes=1),
    Column("last", lambda row: _moment(row.last_ns), goes=2),
)


def error_lines(run: RunResult, seen: Mapping[str, Seen], width: int) -> list[Line]:
    """Those of a run; `seen` has the times of each type, as far as they are known."""
    builder = LineBuilder(width)
    if run.reason:
        builder.add(run.reason, "bad" if run.state == "failed" else "warn", indent="  ")
    counts = sorted(run.errors.items(), key=lambda item: (-item[1], item[0]))
    ended = run.operations + run.error_count
    rows = [
        _Row(name, count, count / max(1, ended), *seen.get(name, (None, None)))
        for name, count in counts
    ]
    if rows:
        builder.table(_COLUMNS, rows[:_TYPES], "  ")
    if rest := rows[_TYPES:]:
        more = f"{len(rest)} more types, {format_count(sum(row.errors for row in rest))} errors"
        builder.add(more, "dim")
    if rows:
        builder.add(f"of {ended:,} operations that ended", "dim")
    _lost(builder, run)
    if not builder.lines:
        builder.add("No operation failed.", "good" if run.operations else "dim")
    _described(builder, run, [row.name for row in rows[:_DESCRIBED]])
    return builder.lines


def _lost(builder: LineBuilder, run: RunResult) -> None:
    """Failed operations' own times, and what is in no percentile."""
    failures = run.times.get("failure")
    if failures is not None and failures.max_ns is not None:
        parts = [
            f"{name} {format_duration(failures.percentiles_ns.get(name))}"
            for name in ("p50", "p99")
            if failures.percentiles_ns.get(name) is not None
        ]
        parts.append(f"max {format_duration(failures.max_ns)}")
        builder.fact("failed in", ", ".join(parts))
    if run.unfinished:
        ages = ", ".join(format_duration(ns) for ns in run.unfinished_ns[:_OLDEST])
        text = f"{format_count(run.unfinished)} unfinished, the oldest for {ages or 'too long'}"
        builder.add(text, "bad")
    if run.unstarted:
        text = f"{format_count(run.unstarted)} unstarted: too many were in flight at their time"
        builder.add(text, "bad")
    if run.overflow:
        builder.add(f"{format_count(run.overflow)} took more than an hour", "bad")
    if run.flattered:
        builder.add(f"! {', '.join(run.flattered)} may be too low: these are missing there", "warn")


def _described(builder: LineBuilder, run: RunResult, types: list[str]) -> None:
    """Message and first traceback of each type."""
    if run.own_traceback:
        builder.add("")
        builder.add("the run failed", "head")
        builder.block(run.own_traceback)
    for name in types:
        message, traceback = run.messages.get(name, ""), run.tracebacks.get(name, "")
        if not message and not traceback:
            continue
        builder.add("")
        builder.row((Span(fit_middle(one_line(name), min(len(name), builder.width)), "head"),))
        if message:
            builder.block(message)
        if traceback:
            builder.block(traceback, "dim")
