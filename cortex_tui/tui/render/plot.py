"""Numbers as characters: a trend in one line, a percentile curve in braille."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from cortex_tui.quantities import format_duration
from cortex_tui.results.run_result import CurvePoint
from cortex_tui.tui.render.error_bars import ErrorBar
from cortex_tui.tui.render.marks import BAR, TICK
from cortex_tui.tui.render.text import Line, Span

NINES = 4.0
"""The right end of the curve: p99.99."""
LABEL_WIDTH = 7
TICKS = ((0.0, "p0"), (1.0, "p90"), (2.0, "p99"), (3.0, "p99.9"), (4.0, "p99.99"))

_LEVELS = "▁▂▃▄▅▆▇"
_LEAST_SPAN = math.log(3.0)
_LEAST_HEIGHT = 0.3
"""Of the upright axis, in powers of ten."""
_MEDIAN = -math.log10(0.5)
_BEHIND = re.compile(r"[^⠀-⣿ ]+")
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))


def trend(values_ns: Sequence[int | None], width: int, ticks: Sequence[int] = ()) -> str:
    """The newest values as bars of logarithmic height, `width` cells; a gap for None.

    Bars less than a factor of three apart do not fill the height, so that noise looks like noise.
    In the places `ticks` of the values stands `│` instead.
    """
    tail = values_ns[-width:] if width > 0 else ()
    logs = [None if value is None else math.log(max(value, 1)) for value in tail]
    known = [value for value in logs if value is not None]
    if not known:
        return " " * width
    low, high = min(known), max(known)
    span = max(high - low, _LEAST_SPAN)
    base = (low + high - span) / 2
    scale = (len(_LEVELS) - 1) / span
    bars = "".join(
        " " if value is None else _LEVELS[round((value - base) * scale)] for value in logs
    )
    if ticks:
        hidden = len(values_ns) - len(tail)
        cells = list(bars)
        for place in ticks:
            if hidden <= place < len(values_ns):
                cells[place - hidden] = TICK
        bars = "".join(cells)
    return bars.rjust(width)


class PlotLine(NamedTuple):
    """A line of a plot: the label at the axis, and the dots next to it."""

    label: str
    dots: str


def spans_of(dots: str) -> Line:
    """The dots of a line as spans: what stands behind the curve is dim."""
    spans: list[Span] = []
    at = 0
    for behind in _BEHIND.finditer(dots):
        spans += [Span(dots[at : behind.start()]), Span(behind[0], "dim")]
        at = behind.end()
    return (*spans, Span(dots[at:]))


def _heights(points: Sequence[CurvePoint], columns: int) -> list[float | None]:
    """log10 of the value at each of `columns` places along the nines; None where no point is."""
    heights: list[float | None] = []
    logs = [math.log10(max(point.value_ns, 1)) for point in points]
    at = 0
    for column in range(columns):
        nines = column * NINES / (columns - 1)
        if nines < points[0].nines or nines > points[-1].nines:
            heights.append(None)
            continue
        while at + 2 < len(points) and points[at + 1].nines < nines:
            at += 1
        if at + 1 >= len(points):
            heights.append(logs[at])
            continue
        start, end = points[at].nines, points[at + 1].nines
        share = 0.0 if end <= start else min(1.0, max(0.0, (nines - start) / (end - start)))
        heights.append(logs[at] + (logs[at + 1] - logs[at]) * share)
    return heights


def _axis(width: int) -> str:
    """The ticks under the plot; where they are too close for `p99.9`, they say `99.9`."""
    cells = [" "] * width
    free = width
    for nines, name in reversed(TICKS):
        label = name if width >= 34 or nines == 0 else name[1:]
        at = min(round(nines / NINES * (width - 1)) - len(label) // 2, free - len(label))
        at = max(0, at)
        if at + len(label) <= free:
            cells[at : at + len(label)] = label
            free = at - 1
    return "".join(cells)


def _log(value_ns: float) -> float:
    return math.log10(max(value_ns, 1))


class _Scale(NamedTuple):
    """The upright axis: logarithms of what is at its ends, and how many lines it has."""

    low: float
    high: float
    rows: int

    def dot(self, log: float) -> int:
        """Of the four dots of each line, which one, from above."""
        return round((self.high - log) / (self.high - self.low) * (self.rows * 4 - 1))

    def labels(self) -> list[str]:
        """Of each line; at both ends and in the middle there is one."""
        texts = [""] * self.rows
        for row in {0, self.rows // 2, self.rows - 1}:
            log = self.high - (self.high - self.low) * row / (self.rows - 1)
            texts[row] = format_duration(10**log)
        return texts


def _scale_of(points: Sequence[CurvePoint], bars: Sequence[ErrorBar], rows: int) -> _Scale:
    """Such that all have room; less than a factor of two does not fill it."""
    logs = [_log(point.value_ns) for point in points]
    logs += [_log(ns) for bar in bars for ns in (bar.low_ns, bar.high_ns)]
    low, high = min(logs), max(logs)
    if high - low < _LEAST_HEIGHT:
        middle = (high + low) / 2
        low, high = middle - _LEAST_HEIGHT / 2, middle + _LEAST_HEIGHT / 2
    return _Scale(low, high, rows)


def _dotted(points: Sequence[CurvePoint], columns: int, scale: _Scale) -> list[list[str]]:
    """The cells of each line with the dots of the curve in them."""
    masks = [[0] * columns for _ in range(scale.rows)]
    before: int | None = None
    for x, value in enumerate(_heights(points, columns * 2)):
        if value is None:
            before = None
            continue
        y = scale.dot(value)
        start = y if before is None or before == y else before + (1 if y > before else -1)
        for dot in range(min(start, y), max(start, y) + 1):
            masks[dot // 4][x // 2] |= _DOTS[x % 2][dot % 4]
        before = y
    return [[chr(0x2800 + mask) if mask else " " for mask in line] for line in masks]


def _importance(bar: ErrorBar) -> tuple[bool, bool, bool]:
    """Sorts the bar of p99 first, that of the median second, then those at the ticks."""
    at = [math.isclose(bar.nines, nines, abs_tol=1e-6) for nines, _ in TICKS]
    return not math.isclose(bar.nines, 2.0), not math.isclose(bar.nines, _MEDIAN), not any(at)


def _stand(bars: Sequence[ErrorBar], cells: list[list[str]], scale: _Scale) -> None:
    """Draws the bars behind the curve, where that is not. Of two that would touch, the one that
    the eye looks for is drawn; none where the curve is as precise as it can be drawn."""
    columns = len(cells[0])
    taken: set[int] = set()
    for bar in sorted(bars, key=_importance):
        column = round(bar.nines / NINES * (columns - 1))
        top, foot = (scale.dot(_log(ns)) // 4 for ns in (bar.high_ns, bar.low_ns))
        if top == foot or taken & {column - 1, column, column + 1}:
            continue
        taken.add(column)
        for row in range(top, foot + 1):
            if cells[row][column] == " ":
                cells[row][column] = "┬" if row == top else "┴" if row == foot else "│"
    if taken:
        _explain(cells)


def _explain(cells: list[list[str]]) -> None:
    """What the bars are, where the upper half has room for it, the highest line first."""
    for line in cells[: len(cells) // 2]:
        at = "".join(line).find(" " * (len(BAR) + 2))
        if at >= 0:
            line[at + 1 : at + 1 + len(BAR)] = BAR
            return


def curve(
    points: Sequence[CurvePoint], width: int, height: int, bars: Sequence[ErrorBar] = ()
) -> list[PlotLine]:
    """`height` lines of `width` cells: value over percentile, both axes labelled.

    x counts nines (p0, p90, p99, p99.9, p99.99 at equal distances), y is logarithmic. With no
    points, or no room, the axes stand alone. The curve is of dots; `bars` are upright lines behind
    it, so that the two are distinct without a colour.
    """
    columns, rows = width - LABEL_WIDTH - 1, height - 1
    if columns < 10 or rows < 2:
        return [PlotLine("", " " * width) for _ in range(height)]
    labels, cells = [""] * rows, [[" "] * columns for _ in range(rows)]
    if shown := [point for point in points if point.nines <= NINES]:
        bars = [bar for bar in bars if bar.nines <= NINES]
        scale = _scale_of(shown, bars, rows)
        labels, cells = scale.labels(), _dotted(shown, columns, scale)
        _stand(bars, cells, scale)
    lines = [
        PlotLine(label.rjust(LABEL_WIDTH - 1) + (" ┤" if label else " │"), "".join(line))
        for label, line in zip(labels, cells, strict=True)
    ]
    return [*lines, PlotLine(" " * (LABEL_WIDTH + 1), _axis(columns))]
