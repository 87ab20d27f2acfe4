"""How the time of an operation grows with a parameter, over the cells of a matrix."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Cell(NamedTuple):
    """A cell of a matrix and what is known of it."""

    name: str
    matrix: Mapping[str, object]
    """Its coordinates: a value for each parameter of the matrix."""
    median_ns: float | None
    """Of an operation; None while there are too few."""
    needs: int = 0
    """How many more operations a median needs."""
    live: bool = False
    """Whether there may come more."""


def exponent(cells: Sequence[Cell], parameter: str) -> tuple[float | None, str]:
    """The exponent b of median ~ parameter^b, or None and why there is none.

    A least-squares fit of log median over log parameter. Where the matrix has further parameters,
    each combination of theirs has a level of its own, and all share the slope: what they add to the
    time does not pass for growth.
    """
    for cell in cells:
        if cell.median_ns is None:
            plural = "" if cell.needs == 1 else "s"
            return None, f"needs {cell.needs:,} more operation{plural} of {cell.name}"
    groups: dict[str, list[tuple[float, float]]] = {}
    for cell in cells:
        size = cell.matrix.get(parameter)
        if isinstance(size, bool) or not isinstance(size, int | float) or size <= 0:
            return None, f"needs numbers above 0 for {parameter}, got {size!r} in {cell.name}"
        others = repr(sorted((k, v) for k, v in cell.matrix.items() if k != parameter))
        # A bucket below a nanosecond holds 0, which has no logarithm.
        point = math.log(size), math.log(max(cell.median_ns or 0.0, 0.5))
        groups.setdefault(others, []).append(point)
    across = along = 0.0
    for points in groups.values():
        mean_x = sum(x for x, _ in points) / len(points)
        across += sum((x - mean_x) ** 2 for x, _ in points)
        along += sum((x - mean_x) * y for x, y in points)
    if not across:
        return None, f"needs runs with at least two values of {parameter}"
    return along / across, ""
