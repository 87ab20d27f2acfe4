"""Plots of values over time: curves in braille with a logarithmic height, and bars from 0."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from cortex_tui.tables import Tone
from cortex_tui.tui.render.marks import IDLE
from cortex_tui.tui.render.short import short_duration
from cortex_tui.tui.render.time_axis import LABEL_WIDTH, TimeAxis

Values = Sequence[float | None]
"""One for each column, None for a gap."""
Curve = tuple[str, Values, Tone]
"""Name, values in ns, tone."""

_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_EIGHTHS = " ▁▂▃▄▅▆▇█"
_ROUND_LOG = (1, 2, 5, 10)
_ROUND = (1, 1.5, 2, 3, 4, 5, 6, 8, 10)


class Panel(NamedTuple):
    """Lines of a plot: the labels at the upright axis, and the cells with their tones."""

    labels: list[str]
    cells: list[list[str]]
    tones: list[list[Tone]]


def curves(drawn: Sequence[Curve], axis: TimeAxis, rows: int) -> Panel:
    """Curves over each other, between two round values. Of curves in one cell, the last one gives
    the tone."""
    known = [value for _, values, _ in drawn for value in values if value is not None]
    if not known:
        return _blank(_named(drawn, rows), axis, rows)
    low, high = _round_below(max(1, min(known))), _round_above(max(1, *known))
    if low >= high:
        high = _round_above(low * 1.01)
    masks = [[0] * axis.cells for _ in range(rows)]
    tones: list[list[Tone]] = [["plain"] * axis.cells for _ in range(rows)]
    span = math.log(high / low)

    def dot(value: float) -> int:
        """Of the four dots of each line, which one, from above."""
        return round(math.log(high / max(value, low)) / span * (rows * 4 - 1))

    for _, values, tone in drawn:
        before: int | None = None
        for number, value in enumerate(values):
            if value is None or (number + 1) * axis.wide > axis.cells:
                before = None
                continue
            at = dot(value)
            for x in range(number * axis.wide * 2, (number + 1) * axis.wide * 2):
                start = (
                    at if before is None or before == at else before + (1 if at > before else -1)
                )
                for y in range(min(start, at), max(start, at) + 1):
                    masks[y // 4][x // 2] |= _DOTS[x % 2][y % 4]
                    tones[y // 4][x // 2] = tone
                before = at
    cells = [[chr(0x2800 + mask) if mask else " " for mask in line] for line in masks]
    labels = _named(drawn, rows)
    for value in steps(low, high):
        row = dot(value) // 4
        near = labels[max(0, row - 1) : row + 2] if value not in (low, high) else [labels[row]]
        if not any(near):
            labels[row] = short_duration(value)
    return Panel([_label(text) for text in labels], cells, tones)


def _named(drawn: Sequence[Curve], rows: int) -> list[str]:
    """The names of the curves, from above, below the uppermost line."""
    names = [name for name, _, _ in drawn]
    if rows >= len(names) + 2:
        return ["", *names, *[""] * (rows - 1 - len(names))]
    return [""] * rows


def bars(
    name: str, values: Values, axis: TimeAxis, rows: int, text: Callable[[float], str]
) -> Panel:
    """Bars from 0 up to a round value."""
    known = [value for value in values if value is not None]
    top = _round_to(max(known, default=0), _ROUND)
    labels = [""] * rows
    if top:
        labels[0] = text(top)
    if rows > 2:
        labels[-1] = "0"
    labels[min(1, rows - 1)] = labels[min(1, rows - 1)] or name
    panel = _blank(labels, axis, rows)
    if not top:
        top = 1.0
    for number, value in enumerate(values):
        if value is None:
            continue
        eighths = round(value / top * rows * 8)
        column = slice(number * axis.wide, (number + 1) * axis.wide)
        wide = len(panel.cells[0][column])
        for row in range(rows):
            filled = max(0, min(8, eighths - (rows - 1 - row) * 8))
            cell = _EIGHTHS[filled]
            if row == rows - 1 and not filled:
                cell = _EIGHTHS[1] if value else IDLE
            panel.cells[row][column] = [cell] * wide
            # What is below the end of a bar need not be looked at.
            if eighths > (rows - row) * 8:
                panel.tones[row][column] = ["dim"] * wide
    return panel


def _blank(labels: Sequence[str], axis: TimeAxis, rows: int) -> Panel:
    return Panel(
        [_label(text) for text in labels],
        [[" "] * axis.cells for _ in range(rows)],
        [["plain"] * axis.cells for _ in range(rows)],
    )


def _label(text: str) -> str:
    return text.rjust(LABEL_WIDTH - 2) + (" ┤" if text else " │")


def _round_below(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return max(each for each in _ROUND_LOG if each * power <= value * (1 + 1e-9)) * power


def _round_above(value: float) -> float:
    return _round_to(value, _ROUND_LOG)


def _round_to(value: float, steps: Sequence[float]) -> float:
    """The next of the round values, at least the value; 0 stays 0."""
    if value <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(value))
    return next((each * power for each in steps if each * power >= value * (1 - 1e-9)), 10 * power)


def steps(low: float, high: float) -> list[float]:
    """The ends, then the powers of ten between them, then their double and fivefold."""
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    between = [factor * 10.0**e for factor in (1, 2, 5) for e in exponents]
    return [high, low, *(each for each in between if low * 1.01 < each < high * 0.99)]
