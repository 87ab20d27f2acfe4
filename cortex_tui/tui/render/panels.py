"""Plots of values over time: curves in braille with a logarithmic height, and bars from 0."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from cortex_tui.tables import Tone
from cortex_tui.tui.render.canvas import DOTS_ACROSS, DOTS_DOWN, Canvas
from cortex_tui.tui.render.marks import IDLE
from cortex_tui.tui.render.short import short_duration
from cortex_tui.tui.render.text import fit_right
from cortex_tui.tui.render.time_axis import LABEL_WIDTH, TimeAxis

Values = Sequence[float | None]
"""One for each column, None for a gap."""
Curve = tuple[str, Values, Tone]
"""Name, values in ns, tone."""

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_ROUND_LOG = (1, 2, 5, 10)
_ROUND = (1, 1.5, 2, 3, 4, 5, 6, 8, 10)


class Panel(NamedTuple):
    """A plot, and the label of each of its lines at the upright axis."""

    labels: list[str]
    plot: Canvas


def curves(drawn: Sequence[Curve], axis: TimeAxis, rows: int) -> Panel:
    """Curves over each other, between two round values. Of curves in one cell, the last one gives
    the tone."""
    labels, plot = _named(drawn, rows), Canvas(axis.cells, rows)
    known = [value for _, values, _ in drawn for value in values if value is not None]
    if known:
        low, high = _round_below(max(1, min(known))), _round_above(max(1, *known))
        if low >= high:
            high = _round_above(low * 1.01)
        # Of all dots of the height, which one, from above.
        per_e = (rows * DOTS_DOWN - 1) / math.log(high / low)
        dots = {value: round(math.log(high / max(value, low)) * per_e) for value in known}
        for _, values, tone in drawn:
            across = [None if value is None else dots[value] for value in values]
            wide = axis.wide * DOTS_ACROSS
            plot.curve([dot for dot in across for _ in range(wide)], tone)
        for value in steps(low, high):
            row = round(math.log(high / value) * per_e) // DOTS_DOWN
            near = labels[max(0, row - 1) : row + 2] if low < value < high else [labels[row]]
            if not any(near):
                labels[row] = short_duration(value)
    return Panel([_label(text) for text in labels], plot)


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
    plot = Canvas(axis.cells, rows)
    for number, value in enumerate(values):
        if value is None:
            continue
        eighths = round(value / (top or 1.0) * rows * 8)
        for row in range(rows):
            above = eighths - (rows - 1 - row) * 8
            cell = _EIGHTHS[max(0, min(8, above))]
            if row == rows - 1 and above <= 0:
                cell = _EIGHTHS[1] if value else IDLE
            # What is below the end of a bar need not be looked at.
            plot.put(row, number * axis.wide, cell * axis.wide, "dim" if above > 8 else "plain")
    return Panel([_label(text) for text in labels], plot)


def _label(text: str) -> str:
    return fit_right(text, LABEL_WIDTH - 2) + (" ┤" if text else " │")


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
