"""The difference of two sides by percentile, with its band."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from cortex_tui.analysis.shift import Shift, ShiftPoint
from cortex_tui.tables import Tone
from cortex_tui.tui.render.text import Line, Span, fit
from cortex_tui.tui.render.upright import LABEL_WIDTH, Scale, framed, ratio_text, words

POINT, UNSURE, BAND, ZERO, UP, DOWN = "●", "·", "▒", "┈", "↑", "↓"
_LEAST_ROWS = 3
_LEAST_REACH, _MOST_REACH = math.log(1.05), math.log(1_000)
"""Of the axis: noise looks like noise."""
_LABELS = ("p50", "p99", "p90", "p95", "p99.9", "p25", "p75", "p10", "p99.5", "p5", "p99.99")
"""In the order in which they get room under the plot."""


def shift_plot(shift: Shift, width: int, height: int) -> list[Line]:
    """`height` lines: x the percentiles, evenly spaced, y the ratio B / A, logarithmic."""
    points = shift.points
    rows, columns = height - 2, width - LABEL_WIDTH
    if not points or rows < _LEAST_ROWS or columns < 2 * len(points):
        why = "there is no room for the picture here" if points else shift.band
        return words(why, width)
    scale = _scale_of(points, rows)
    cells = [[Span(" ")] * columns for _ in range(rows)]
    zero = scale.row(0.0)
    places = [round((at + 0.5) / len(points) * columns) for at in range(len(points))]
    _fill_band(cells, scale, points, places)
    # Over the band: whether 0 lies within is what one looks for.
    cells[zero] = [Span(ZERO, "plain")] * columns
    for each, x in zip(points, places, strict=True):
        y = scale.row(each.difference)
        if 0 <= y < rows:
            cells[y][x] = Span(POINT if each.enough else UNSURE, _tone(each))
    lines = framed(cells, scale, ratio_text, middle=0.0)
    lines.append((Span(" " * LABEL_WIDTH + _ticks(points, places, columns), "dim"),))
    mark = f"{BAND} " if any(each.low is not None for each in points) else ""
    lines.append((Span(fit(f"{POINT} B / A  {mark}{shift.band}", width), "dim"),))
    return lines


def _scale_of(points: Sequence[ShiftPoint], rows: int) -> Scale:
    """Such that all that is sure has room, and bands as far as twice that."""
    sure = [each.difference for each in points if each.enough] or [
        each.difference for each in points
    ]
    low, high = min(0.0, *sure), max(0.0, *sure)
    most = max(high, -low, 2 * _LEAST_REACH)
    ends = [end for each in points for end in (each.low, each.high) if end is not None]
    low = max(min([low, *ends]), -2 * most, -_MOST_REACH)
    high = min(max([high, *ends]), 2 * most, _MOST_REACH)
    if high - low < _LEAST_REACH:
        low, high = low - _LEAST_REACH / 2, high + _LEAST_REACH / 2
    return Scale(high, low, rows)


def _fill_band(
    cells: list[list[Span]],
    scale: Scale,
    points: Sequence[ShiftPoint],
    places: Sequence[int],
) -> None:
    """Between neighbouring percentiles the band is drawn on straight lines."""

    def stand(column: int, low: float, high: float) -> None:
        top, foot, last = scale.row(high), scale.row(low), scale.rows - 1
        for row in range(max(top, 0), min(foot, last) + 1):
            beyond = UP if row == 0 > top else DOWN if row == last < foot else BAND
            cells[row][column] = Span(beyond, "dim")

    bands = [
        None if each.low is None or each.high is None else (x, each.low, each.high)
        for x, each in zip(places, points, strict=True)
    ]
    for band in filter(None, bands):
        stand(*band)
    for left, right in pairwise(bands):
        if left is not None and right is not None:
            for column in range(left[0] + 1, right[0]):
                share = (column - left[0]) / (right[0] - left[0])
                low, high = (a + share * (b - a) for a, b in zip(left[1:], right[1:], strict=True))
                stand(column, low, high)


def _tone(point: ShiftPoint) -> Tone:
    if not point.enough:
        return "dim"
    if point.low is None or point.high is None:
        return "plain"
    if point.low > 0:
        return "bad"
    return "good" if point.high < 0 else "plain"


def _ticks(points: Sequence[ShiftPoint], places: Sequence[int], columns: int) -> str:
    cells = [" "] * columns
    names = {each.name: x for each, x in zip(points, places, strict=True)}
    for name in _LABELS:
        if name not in names:
            continue
        label = name.removeprefix("p") if columns < 60 else name
        start = min(max(0, names[name] - len(label) // 2), columns - len(label))
        around = cells[max(0, start - 1) : start + len(label) + 1]
        if all(cell == " " for cell in around):
            cells[start : start + len(label)] = label
    return "".join(cells)
