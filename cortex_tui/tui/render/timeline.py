"""A run over time as lines: times, throughput and level above each other on one axis, with what a
person did to the run and what went on in the machine.

What there is room for is chosen by the height: at 8 lines p50 and p99 in one plot, throughput,
marks, the machine in one line, and the axis; from 28 lines on each value has a plot of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from cortex_tui.profiles.model import Profile
from cortex_tui.results.series import RunSeries, TimeWindow
from cortex_tui.store.records import MarkRecord
from cortex_tui.text import one_line
from cortex_tui.tui.render.machine import (
    MACHINE_ROWS,
    cause_text,
    machine_legend,
    machine_lines,
    machine_text,
)
from cortex_tui.tui.render.marks import TICK
from cortex_tui.tui.render.panels import Curve, Panel, bars, curves
from cortex_tui.tui.render.short import short_count, short_duration
from cortex_tui.tui.render.text import Line, Span, fit
from cortex_tui.tui.render.time_axis import (
    LABEL_WIDTH,
    LEAST_CELLS,
    TimeAxis,
    axis_line,
    clock_text,
)

if TYPE_CHECKING:
    # Brings numpy, which the first frame need not wait for.
    from cortex_tui.results.time_columns import TimeColumn

MEDIUM = 13
"""From this height on each kind of event of the machine has a line of its own."""
_TALL = 28
_GUIDE = "┊"


class Layout(NamedTuple):
    """How many lines each part has; 0 leaves it out."""

    p50: int
    """Where the lines of the times below are 0, all of them are in this plot."""
    p99: int
    maximum: int
    throughput: int
    level: int
    marks: int
    machine: int
    legend: int


def layout(height: int, *, marks: bool, level: bool) -> Layout:
    """Of `height` lines, of which the last is the axis. `marks` is whether there are any, `level`
    whether the load has a level."""
    room = height - 1
    if height >= _TALL:
        texts = 3 if marks else 0
        room -= texts + MACHINE_ROWS + 1
        each, rest = divmod(room, 5 if level else 4)
        return Layout(each, each + rest, each, each, each * level, texts, MACHINE_ROWS, 1)
    if height >= MEDIUM:
        texts, rows = (2 if marks else 0), (2 if level else 0)
        room -= texts + rows + MACHINE_ROWS + 1
        throughput = max(2, room // 4)
        return Layout(room - throughput, 0, 0, throughput, rows, texts, MACHINE_ROWS, 1)
    machine = int(room >= 3)
    texts = int(marks and room >= 5)
    throughput = (room >= 4) + (room >= 9)
    times = room - machine - texts - throughput
    return Layout(max(0, times), 0, 0, throughput, 0, texts, machine, 0)


def run_marks(series: RunSeries, profile: Profile, *, ended: bool) -> tuple[MarkRecord, ...]:
    """What is marked on the axis: the stages of the load, what was done to the run, and where the
    last operation of a run that has ended was started."""
    marks = list(series.marks)
    for before, segment in pairwise(profile.load.segments(0)):
        if 0 < segment.start_ns < series.end_ns:
            text = profile.load.level_text(segment.last)
            if segment.first != segment.last:
                text = f"to {text}"
            elif segment.first == before.last:
                text = f"stays {text}"
            marks.append(MarkRecord(segment.start_ns, text))
    if ended and series.last_ns >= series.end_ns + series.slice_ns:
        marks.append(MarkRecord(series.end_ns, "in flight awaited"))
    return tuple(sorted(marks, key=lambda mark: mark.offset_ns))


def timeline(
    columns: Sequence[TimeColumn | None],
    axis: TimeAxis,
    height: int,
    profile: Profile,
    *,
    marks: Sequence[MarkRecord] = (),
    window: TimeWindow | None = None,
    cursor: int | None = None,
) -> list[Line]:
    """`height` lines of LABEL_WIDTH and the axis' cells; `cursor` is the number of a column."""
    if axis.cells < LEAST_CELLS or height < 2:
        return [() for _ in range(height)]
    parts = layout(height, marks=bool(marks), level=_has_level(columns))
    guides = {axis.cell_of(mark.offset_ns) for mark in marks if mark.offset_ns < axis.until_ns}
    lines: list[Line] = []
    for panel in _panels(columns, axis, parts, profile):
        lines += _drawn(panel, axis, guides, window, cursor)
    lines += _mark_lines(marks, axis, parts.marks)
    lines += machine_lines(columns, axis, parts.machine)
    if parts.legend:
        lines.append(machine_legend(apart=True))
    at = None if cursor is None else cursor * axis.wide
    rule = axis_line(axis, window=window, cursor=at)
    return [*lines, (Span(" " * (LABEL_WIDTH - 1) + "└", "dim"), *rule)]


def reading(
    column: TimeColumn | None, window: TimeWindow, marks: Sequence[MarkRecord], profile: Profile
) -> str:
    """A column in words, such as `2.1s–2.2s  p50 62µs  p99 812µs  max 2.3ms  498/s`, with what
    happened in it."""
    parts = [f"{clock_text(window.from_ns)}–{clock_text(window.until_ns)}"]
    if column is None or column.max_ns is None:
        parts.append("nothing ended")
    else:
        for name, ns in (("p50", column.p50_ns), ("p99", column.p99_ns), ("max", column.max_ns)):
            parts.append(f"{name} {short_duration(ns)}")
    if column is not None:
        if column.throughput_per_s is not None:
            parts.append(short_rate(column.throughput_per_s))
        if column.errors:
            parts.append("1 error" if column.errors == 1 else f"{column.errors:,} errors")
        if column.unstarted:
            parts.append(f"{column.unstarted:,} not started")
        parts += filter(None, [machine_text(column.health)])
    parts += [one_line(mark.text) for mark in marks]
    if column is not None and column.level is not None:
        parts.append(f"load {profile.load.level_text(column.level)}")
    if column is not None:
        # Last: it is the longest, and what does not fit is cut.
        parts += filter(None, [cause_text(column.health)])
    return "  ".join(parts)


def _has_level(columns: Sequence[TimeColumn | None]) -> bool:
    return any(column is not None and column.level is not None for column in columns)


def _values(
    columns: Sequence[TimeColumn | None], value: Callable[[TimeColumn], float | None]
) -> list[float | None]:
    return [None if column is None else value(column) for column in columns]


def _panels(
    columns: Sequence[TimeColumn | None], axis: TimeAxis, parts: Layout, profile: Profile
) -> list[Panel]:
    p50: Curve = "p50", _values(columns, lambda each: each.p50_ns), "plain"
    p99: Curve = "p99", _values(columns, lambda each: each.p99_ns), "head"
    maximum: Curve = "max", _values(columns, lambda each: each.max_ns), "dim"
    panels = []
    if parts.p99:
        for curve, rows in ((p50, parts.p50), (p99, parts.p99), (maximum, parts.maximum)):
            panels.append(curves([curve], axis, rows))
    elif parts.p50:
        # From above, as they lie in the plot; the one that is drawn last has the tone.
        together = [maximum, p99, p50] if parts.legend else [p99, p50]
        panels.append(curves(together, axis, parts.p50))
    if parts.throughput:
        rates = _values(columns, lambda each: each.throughput_per_s)
        panels.append(bars("done/s", rates, axis, parts.throughput, short_rate))
    if parts.level:
        levels = _values(columns, lambda each: each.level)
        panels.append(bars("load", levels, axis, parts.level, short_level(profile)))
    return panels


def short_rate(per_s: float) -> str:
    """Such as `1.2k/s`."""
    return f"{short_count(round(per_s)) if per_s >= 10 else f'{per_s:.2g}'}/s"


def short_level(profile: Profile) -> Callable[[float], str]:
    return short_rate if profile.load.has_schedule else lambda level: short_count(round(level))


def _drawn(
    panel: Panel,
    axis: TimeAxis,
    guides: set[int],
    window: TimeWindow | None,
    cursor: int | None,
) -> list[Line]:
    """The lines of a panel, with upright lines at marks and cursor, dim outside the window."""
    plot = panel.plot
    if window is not None:
        last = max(window.from_ns, window.until_ns - 1)
        plot.tint(range(axis.cell_of(window.from_ns)), "dim")
        plot.tint(range(axis.cell_of(last) + axis.wide, axis.cells), "dim")
    if cursor is not None:
        plot.behind(cursor * axis.wide, TICK, "head")
        plot.tint(range(cursor * axis.wide, (cursor + 1) * axis.wide), "head")
    for cell in guides:
        plot.behind(cell, _GUIDE, "dim")
    return [(Span(label, "dim"), *plot.line(row)) for row, label in enumerate(panel.labels)]


def _mark_lines(marks: Sequence[MarkRecord], axis: TimeAxis, rows: int) -> list[Line]:
    """Ticks with their texts, those of one cell together. Each line has every `rows`-th tick; of a
    text as much is there as fits before the next tick of its line."""
    texts: dict[int, str] = {}
    for mark in marks:
        if mark.offset_ns < axis.until_ns:
            cell, text = axis.cell_of(mark.offset_ns), one_line(mark.text)
            texts[cell] = f"{texts[cell]}, {text}" if cell in texts else text
    lines: list[Line] = []
    for row in range(rows):
        starts = list(texts)[row::rows]
        line: list[Span] = [Span(" " * (starts[0] if starts else axis.cells))]
        for start, end in pairwise([*starts, axis.cells]):
            line.append(Span(TICK + fit(texts[start], end - start - 1), "warn"))
        label = ("marks" if row == 0 else "").rjust(LABEL_WIDTH - 2) + " │"
        lines.append((Span(label, "dim"), *line))
    return lines
