"""Numbers over time as one line of bars."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cortex_tui.tui.render.marks import TICK

_LEVELS = "▁▂▃▄▅▆▇"
_LEAST_SPAN = math.log(3.0)


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
