"""Percentile curves as lines of cells: values over percentiles, with bands, limits and names. Pure.

x counts nines (p0, p90, p99, p99.9 at equal distances), as HdrHistogram's plotter has it; y is
logarithmic, or linear from 0. A letter on each curve says which it is, without a colour.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from cortex_tui.quantities import format_duration
from cortex_tui.results.run_result import CurvePoint
from cortex_tui.tui.render.canvas import DOTS_ACROSS, DOTS_DOWN, Canvas
from cortex_tui.tui.render.error_bars import ErrorBar
from cortex_tui.tui.render.marks import BAND, GAP, LIMIT
from cortex_tui.tui.render.text import Line, Span, SpanTone, width_of

LABEL_WIDTH = 8
"""Of what stands to the left of the plot: a label, a blank and the upright axis."""
TICKS = ("p0", "p90", "p99", "p99.9", "p99.99", "p99.999")
"""At as many nines as their place in the row."""
_CROSSING = "┼"
_LEAST_COLUMNS, _LEAST_ROWS = 10, 2
_USUAL_NINES, _MOST_NINES = 4, 5
_LEAST_HEIGHT = 0.3
"""Of the upright axis, in powers of ten: less does not fill it."""
_NEAR = 1.0
"""A limit this many powers of ten beyond the curves still has its line."""
_LETTER_EVERY = 16
"""Cells between two letters of one curve."""


class Trace(NamedTuple):
    """One curve."""

    points: Sequence[CurvePoint]
    sure: float
    """The nines from which on it is dotted, since few values lie beyond."""
    max_ns: int | None = None
    tone: SpanTone = "plain"
    letter: str = ""
    """Stands on it here and there."""


class Limit(NamedTuple):
    """What a percentile is expected to be: a horizontal line."""

    text: str
    limit_ns: float
    nines: float
    """Where along the line it is meant for; infinite for the maximum."""
    tone: SpanTone


class Key(NamedTuple):
    """What something in the picture is."""

    text: str
    tone: SpanTone = "dim"


class Plot(NamedTuple):
    """What there is to draw, from back to front."""

    traces: tuple[Trace, ...] = ()
    gap: bool = False
    """Whether the room between the last two curves is shaded."""
    bands: tuple[tuple[ErrorBar, ...], ...] = ()
    """How well curves are known: bars at some percentiles of each."""
    limits: tuple[Limit, ...] = ()
    keys: tuple[Key, ...] = ()
    linear: bool = False


class _Scale(NamedTuple):
    """The upright axis: what is at its ends, in ns or their logarithms, and its lines."""

    low: float
    high: float
    rows: int
    linear: bool

    def dots(self, logs: Sequence[float | None]) -> list[int | None]:
        """Of the dots of all lines, which ones, from above, for logarithms of ns."""
        if self.linear:
            logs = [None if log is None else 10**log for log in logs]
        by = (self.rows * DOTS_DOWN - 1) / (self.high - self.low)
        return [None if at is None else round((self.high - at) * by) for at in logs]

    def dot(self, value_ns: float) -> int:
        """The same for a number of ns."""
        (dot,) = self.dots([_log(value_ns)])
        return dot or 0

    def side(self, value_ns: float) -> int:
        """0 for a value that has a place on the axis, 1 for one above, -1 for one below."""
        at = value_ns if self.linear else _log(value_ns)
        return (at > self.high) - (at < self.low)

    def labels(self) -> list[str]:
        """Of each line; at both ends and in the middle there is one."""
        texts = [""] * self.rows
        for row in {0, self.rows // 2, self.rows - 1}:
            at = self.high - (self.high - self.low) * row / (self.rows - 1)
            texts[row] = format_duration(at if self.linear else 10**at)
        return texts


def _log(value_ns: float) -> float:
    return math.log10(max(value_ns, 1))


def _scale_of(plot: Plot, rows: int, end: int) -> _Scale:
    """Such that all curves have room, and so have limits that are not far from them."""
    values: list[float] = []
    for trace in plot.traces:
        values += [point.value_ns for point in trace.points if point.nines <= end]
        values += [] if trace.max_ns is None else [trace.max_ns]
    values += [ns for band in plot.bands for bar in band for ns in (bar.low_ns, bar.high_ns)]
    if plot.linear:
        high = max(*values, 1)
        near = [limit.limit_ns for limit in plot.limits if limit.limit_ns <= 2 * high]
        return _Scale(0, max([high, *near]), rows, linear=True)
    low, high = _log(min(values)), _log(max(values))
    logs = [_log(limit.limit_ns) for limit in plot.limits]
    near = [log for log in logs if low - _NEAR <= log <= high + _NEAR]
    low, high = min([low, *near]), max([high, *near])
    if high - low < _LEAST_HEIGHT:
        middle = (high + low) / 2
        low, high = middle - _LEAST_HEIGHT / 2, middle + _LEAST_HEIGHT / 2
    return _Scale(low, high, rows, linear=False)


def _logs(points: Sequence[tuple[float, float]], columns: int, end: int) -> list[float | None]:
    """The logarithm of the value at each of `columns` places from 0 to `end` nines, on straight
    lines between points; None where there is none. `points` are pairs of nines and ns."""
    known = [(nines, _log(ns)) for nines, ns in points]
    if not known:
        return [None] * columns
    logs: list[float | None] = []
    step, at, last = end / (columns - 1), 0, known[-1][0] + 1e-9
    for column in range(columns):
        nines = column * step
        if nines < known[0][0] - 1e-9 or nines > last:
            logs.append(None)
            continue
        while at + 2 < len(known) and known[at + 1][0] < nines:
            at += 1
        start, low = known[at]
        stop, high = known[min(at + 1, len(known) - 1)]
        share = (min(nines, stop) - start) / (stop - start) if stop > start else 0.0
        logs.append(low + (high - low) * share)
    return logs


def _shade(
    canvas: Canvas,
    some: Sequence[int | None],
    others: Sequence[int | None],
    character: str,
) -> None:
    """Fills the cells of which the middle lies between two curves, whichever is above; dots of each
    column of cells."""
    for column, (one, other) in enumerate(zip(some, others, strict=True)):
        if one is None or other is None:
            continue
        top, foot = min(one, other), max(one, other)
        for row in range(max(0, top // DOTS_DOWN), min(canvas.rows, foot // DOTS_DOWN + 1)):
            if top <= row * DOTS_DOWN + 1.5 <= foot:
                canvas.put(row, column, character, "dim")


def _draw(
    canvas: Canvas, scale: _Scale, trace: Trace, dots: Sequence[int | None], end: int
) -> None:
    """Draws a curve, and from its end a dotted line to its maximum."""
    first = max(0, math.floor(trace.sure / end * (len(dots) - 1)) + 1)
    canvas.curve(dots, trace.tone, dotted_from=first if first < len(dots) else -1)
    last = max((x for x, dot in enumerate(dots) if dot is not None), default=None)
    if last is not None and trace.max_ns is not None:
        canvas.rise(last, dots[last] or 0, scale.dot(trace.max_ns), trace.tone)


def _write_letters(canvas: Canvas, traces: Sequence[tuple[Trace, Sequence[int | None]]]) -> None:
    """Puts its letter on each curve, here and there, and never two in one cell."""
    taken: set[tuple[int, int]] = set()
    step = max(_LETTER_EVERY, len(traces) * 3)
    for number, (trace, dots) in enumerate(traces):
        if not trace.letter:
            continue
        column = 2 + number * 3 % step
        while column < canvas.columns:
            dot = dots[column * DOTS_ACROSS]
            row = None if dot is None else dot // DOTS_DOWN
            if row is not None and not {(row, column), (row, column - 1)} & taken:
                canvas.put(row, column, trace.letter, trace.tone)
                taken.add((row, column))
                column += step
            else:
                column += 1


def _name_limit(canvas: Canvas, row: int, limit: Limit) -> None:
    """Writes what a line is where nothing else is on it: at its left if there is room. Where there
    is not enough anywhere, its statistic alone."""
    for text in (limit.text, limit.text.split()[0]):
        column = canvas.find(row, width_of(text) + 3, LIMIT + GAP + BAND)
        if column >= 0:
            canvas.put(row, column + 1, f" {text} ", limit.tone)
            return


def _write_keys(canvas: Canvas, keys: Sequence[Key]) -> None:
    """Each where there is room for it, the highest line first."""
    for key in keys:
        for row in range(canvas.rows):
            column = canvas.find(row, width_of(key.text) + 2)
            if column >= 0:
                canvas.put(row, column + 1, key.text, key.tone)
                break


def _ticks(width: int, end: int) -> str:
    """The percentiles under the plot; where they are too close for `p99.9`, they say `99.9`."""
    cells = [" "] * width
    free = width
    for nines in range(end, -1, -1):
        label = TICKS[nines] if width >= 34 or nines == 0 else TICKS[nines][1:]
        at = min(round(nines / end * (width - 1)) - len(label) // 2, free - len(label))
        at = max(0, at)
        if at + len(label) <= free:
            cells[at : at + len(label)] = label
            free = at - 1
    return "".join(cells)


def percentile_plot(plot: Plot, width: int, height: int) -> list[Line]:
    """`height` lines of `width` cells, both axes labelled. Without points, or without room, the
    axes stand alone."""
    columns, rows = width - LABEL_WIDTH, height - 1
    if columns < _LEAST_COLUMNS or rows < _LEAST_ROWS:
        return [(Span(" " * max(0, width)),) for _ in range(height)]
    canvas, labels = Canvas(columns, rows), [""] * rows
    plot = plot._replace(traces=tuple(trace for trace in plot.traces if trace.points))
    most = max((trace.sure for trace in plot.traces), default=0)
    end = _MOST_NINES if most >= _MOST_NINES else _USUAL_NINES
    if plot.traces:
        scale = _scale_of(plot, rows, end)
        labels = scale.labels()
        _fill(canvas, scale, plot, end)
    lines: list[Line] = [
        (Span(label.rjust(LABEL_WIDTH - 2) + (" ┤" if label else " │"), "dim"), *canvas.line(row))
        for row, label in enumerate(labels)
    ]
    return [*lines, (Span(" " * LABEL_WIDTH + _ticks(columns, end), "dim"),)]


def _fill(canvas: Canvas, scale: _Scale, plot: Plot, end: int) -> None:
    """Draws everything within the axes."""
    columns = canvas.columns
    curves = [
        (trace, scale.dots(_logs([*map(_pair, trace.points)], columns * DOTS_ACROSS, end)))
        for trace in plot.traces
    ]
    if plot.gap:
        (_, feet), (_, tops) = curves[-2:]
        _shade(canvas, feet[::DOTS_ACROSS], tops[::DOTS_ACROSS], GAP)
    for band in plot.bands:
        low, high = (
            scale.dots(_logs([(bar.nines, bar[side]) for bar in band], columns, end))
            for side in (1, 2)
        )
        _shade(canvas, low, high, BAND)
    lines = [limit for limit in plot.limits if not scale.side(limit.limit_ns)]
    for limit in lines:
        row = scale.dot(limit.limit_ns) // DOTS_DOWN
        canvas.put(row, 0, LIMIT * columns, limit.tone)
        if limit.nines <= end:
            canvas.put(row, round(limit.nines / end * (columns - 1)), _CROSSING, limit.tone)
    for trace, dots in curves:
        _draw(canvas, scale, trace, dots, end)
    _write_letters(canvas, curves)
    for limit in lines:
        _name_limit(canvas, scale.dot(limit.limit_ns) // DOTS_DOWN, limit)
    far = [
        Key(("↑ " if side > 0 else "↓ ") + limit.text, limit.tone)
        for limit in plot.limits
        if (side := scale.side(limit.limit_ns))
    ]
    _write_keys(canvas, (*plot.keys, *far))


def _pair(point: CurvePoint) -> tuple[float, float]:
    return point.nines, point.value_ns
