"""The rounds of a profile in the order in which they were measured: drift, order, one bad round."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cortex_tui.analysis.close_up import RoundPoint, RoundSeries
from cortex_tui.text import one_line
from cortex_tui.tui.render.text import Line, Span, fit
from cortex_tui.tui.render.upright import (
    LABEL_WIDTH,
    framed,
    ratio_text,
    scale_over,
    time_text,
    words,
)

POINT, OTHER, MEAN, ZERO = "●", "○", "─", "┈"
_LEAST_ROWS = 3
_LEAST_SPAN = math.log(1.05)
_CELLS = 6
"""Most of them between two rounds."""


def round_plot(series: RoundSeries, sides: tuple[str, str], width: int, height: int) -> list[Line]:
    """`height` lines: the difference of each round where rounds were measured in turns, else the
    values of both sides."""
    rows, columns = height - 2, width - LABEL_WIDTH
    if rows < _LEAST_ROWS or columns < 2:
        return words("there is no room for the picture here", width)
    if any(each.difference is not None for each in series.points):
        return _differences(series, width, rows)
    return _values(series, sides, width, rows)


def _differences(series: RoundSeries, width: int, rows: int) -> list[Line]:
    points = [each for each in series.points if each.difference is not None]
    columns = width - LABEL_WIDTH
    logs = [each.difference for each in points if each.difference is not None]
    scale = scale_over([0.0, *logs], rows, least=_LEAST_SPAN)
    cells = [[Span(" ")] * columns for _ in range(rows)]
    cells[scale.row(0.0)] = [Span(ZERO, "dim")] * columns
    if series.mean is not None:
        cells[scale.row(series.mean)] = [Span(MEAN, "dim")] * columns
    places = _places(len(points), columns)
    for log, x in zip(logs, places, strict=True):
        cells[scale.row(log)][x] = Span(POINT)
    lines = framed(cells, scale, ratio_text, middle=0.0)
    lines.append((Span(" " * LABEL_WIDTH + _orders(points, places, columns), "dim"),))
    text = f"{POINT} B / A of {series.statistic} by round  "
    if series.mean is not None:
        text += f"{MEAN} mean {ratio_text(series.mean)}  "
    text += "below: which side was measured first"
    if series.pooled:
        text = (
            f"{POINT} what each round adds to B / A of {series.statistic}: single rounds have too "
            f"few operations  {MEAN} of all together"
        )
    lines.append((Span(fit(text, width), "dim"),))
    return lines


def _values(series: RoundSeries, sides: tuple[str, str], width: int, rows: int) -> list[Line]:
    """Of two sessions: A's rounds, then B's, with a blank between them."""
    known = [
        (mark, value)
        for each in series.points
        for mark, value in ((OTHER, each.a_ns), (POINT, each.b_ns))
        if value is not None
    ]
    if not known:
        return words(f"no round has a {series.statistic}", width)
    columns = width - LABEL_WIDTH
    logs = [math.log(max(value, 1)) for _, value in known]
    scale = scale_over(logs, rows, least=_LEAST_SPAN)
    cells = [[Span(" ")] * columns for _ in range(rows)]
    places = _places(len(known) + 1, columns)
    first = sum(mark == OTHER for mark, _ in known)
    places = [*places[:first], *places[first + 1 :]]
    for (mark, _), log, x in zip(known, logs, places, strict=True):
        cells[scale.row(log)][x] = Span(mark, "dim" if mark == OTHER else "plain")
    lines = framed(cells, scale, time_text)
    lines.append((Span(""),))
    names = [one_line(side) for side in sides]
    text = f"{OTHER} {names[0]}  {POINT} {names[1]}  {series.statistic} of each round, in order"
    lines.append((Span(fit(text, width), "dim"),))
    return lines


def _places(count: int, columns: int) -> list[int]:
    """The column of each round."""
    step = min(_CELLS, (columns - 2) / max(count - 1, 1))
    return [1 + round(at * step) for at in range(count)]


def _orders(points: Sequence[RoundPoint], places: Sequence[int], columns: int) -> str:
    """`AB` or `BA` below each round, or the side that was first; nothing where it is too dense."""
    cells = [" "] * columns
    step = places[1] - places[0] if len(places) > 1 else _CELLS
    for each, x in zip(points, places, strict=True):
        text = each.order if step > len(each.order) else each.order[:1]
        if step >= 1:
            start = max(0, min(x - len(text) // 2, columns - len(text)))
            cells[start : start + len(text)] = text
    return "".join(cells)
