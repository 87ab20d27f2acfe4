"""An axis of ratios, 1 in its middle, logarithmic: where a value lies in a line of cells."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from cortex_tui.quantities import format_count

_ENDS = (1.05, 1.1, 1.15, 1.2, 1.3, 1.4, 1.5, 1.75, 2, 3, 5, 10, 30, 100, 1_000)


class RatioAxis(NamedTuple):
    """From 1 / `end` to `end`, over `width` cells."""

    end: float
    """The greatest ratio."""
    width: int

    def cell(self, log: float) -> int:
        """The cell of the natural logarithm of a ratio; what is beyond the ends lies outside."""
        share = log / math.log(self.end)
        return round((share + 1) / 2 * (self.width - 1))

    @property
    def title(self) -> str:
        """The ends and the middle, such as `-17%      0      +20%`, in as many cells."""
        low, high = change_text(1 / self.end), change_text(self.end)
        cells = [" "] * self.width
        middle = self.cell(0.0)
        if self.width < len(low) + len(high) + 3:
            return " " * middle + "0".ljust(self.width - middle)
        cells[: len(low)], cells[self.width - len(high) :], cells[middle] = low, high, "0"
        return "".join(cells)


def axis_of(logs: Iterable[float], wide: Iterable[float], width: int) -> RatioAxis:
    """An axis on which all `logs` have a place, natural logarithms of ratios; of `wide`, which are
    ends of intervals, as far as twice that."""
    most = max((abs(log) for log in logs), default=0.0)
    reach = max((abs(log) for log in wide), default=0.0)
    needed = max(most, min(reach, 2 * max(most, math.log(1.05))))
    end = next((end for end in _ENDS if math.log(end) >= needed - 1e-9), _ENDS[-1])
    return RatioAxis(end, max(3, width - (width + 1) % 2))


def change_text(ratio: float) -> str:
    """A ratio at an axis: `+20%`, `x3`, `÷3`."""
    if ratio >= 2:
        return f"x{format_count(ratio)}"
    if ratio <= 0.5:
        return f"÷{format_count(1 / ratio)}"
    return f"{100 * (ratio - 1):+.2g}%"
