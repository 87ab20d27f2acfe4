"""An upright logarithmic axis with labels, for pictures of one character a point."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from cortex_tui.quantities import format_duration
from cortex_tui.tui.render.log_axis import change_text
from cortex_tui.tui.render.text import Line, Span, fit, width_of, wrap

LABEL_WIDTH = 9
"""A label, a blank and the axis."""


class Scale(NamedTuple):
    """What is at its ends, as natural logarithms, and over how many lines."""

    high: float
    low: float
    rows: int

    def row(self, log: float) -> int:
        """The line of a value, from above; what is beyond the ends lies outside."""
        return round((self.high - log) / (self.high - self.low) * (self.rows - 1))


def scale_over(logs: Sequence[float], rows: int, *, least: float) -> Scale:
    """Such that all have room; what is less than `least` apart does not fill it."""
    low, high = min(logs), max(logs)
    spare = max(0.0, least - (high - low)) / 2
    return Scale(high + spare, low - spare, rows)


def ratio_text(log: float) -> str:
    """A logarithm of a ratio, such as `+8.4%`; 0 for equal ones."""
    return change_text(math.exp(log)) if log else "0"


def time_text(log: float) -> str:
    """A logarithm of ns."""
    return format_duration(math.exp(log))


def framed(
    cells: Sequence[Sequence[Span]],
    scale: Scale,
    text: Callable[[float], str],
    *,
    middle: float | None = None,
) -> list[Line]:
    """The lines with their axis: labels at both ends, and at `middle` where that lies between."""
    marked = {0: scale.high, scale.rows - 1: scale.low}
    if middle is not None and 0 <= scale.row(middle) < scale.rows:
        marked[scale.row(middle)] = middle
    return [
        (
            Span(
                f"{text(marked[at]) if at in marked else '':>{LABEL_WIDTH - 2}} "
                f"{'┤' if at in marked else '│'}",
                "dim",
            ),
            *line,
        )
        for at, line in enumerate(cells)
    ]


def words(text: str, width: int) -> list[Line]:
    """Text in place of a picture."""
    lines = wrap(text, max(width, 1))
    return [(Span(fit(line, min(width, width_of(line))), "dim"),) for line in lines]
