"""Which latencies a heat map's rows are for, and which counts its levels."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cortex_tui.results.latency_rows import LatencyRows

Kind = Literal["sqrt", "rank", "linear", "column"]
"""How a count becomes a level: by its square root, by its place among all counts, in proportion,
or by the square root of its share of the greatest count of its column."""
KINDS: tuple[Kind, ...] = ("sqrt", "rank", "linear", "column")

_GROWTH = 2.0
"""From here on a scale does not fit any more."""

Counts = NDArray[np.int64]
Levels = NDArray[np.uint8]


class HeatScale(NamedTuple):
    """What is the same from frame to frame, so that the picture does not flicker."""

    kind: Kind
    rows: LatencyRows
    most: int
    """The greatest count of a cell."""
    limits: tuple[float, ...]
    """The greatest count of each level but the last; with `column`, as a share of the greatest of
    the column."""

    def fits(self, bounds_ns: tuple[int, int], most: int) -> bool:
        """Whether it still does for values within these bounds, the greatest count being `most`."""
        low, high = bounds_ns
        return (
            high < _GROWTH * self.rows.high_ns
            and self.rows.low_ns / _GROWTH < low < _GROWTH * self.rows.low_ns
            and most < _GROWTH * max(1, self.most)
        )

    def levels_of(self, counts: Counts) -> Levels:
        """The level of each count, rows by columns: 0 only where nothing is."""
        measure: NDArray[np.float64] = counts.astype(np.float64)
        if self.kind == "column":
            measure /= np.maximum(counts.max(axis=0), 1)
        found = np.searchsorted(self.limits, measure, side="left").astype(np.uint8) + 1
        return np.where(counts > 0, found, 0).astype(np.uint8)

    def ranges(self) -> list[tuple[int, float, float]]:
        """Each level that any count falls into, with the least and the greatest of them; with
        `column` these are shares."""
        if self.kind == "column":
            ends = (*self.limits, 1.0)
            return [(at + 1, low, ends[at]) for at, low in enumerate((0.0, *self.limits))]
        found: list[tuple[int, float, float]] = []
        before = 0
        for level, limit in enumerate((*self.limits, self.most), start=1):
            if math.floor(limit) > before:
                found.append((level, before + 1, math.floor(limit)))
                before = math.floor(limit)
        return found


def heat_scale(kind: Kind, rows: LatencyRows, counts: Counts, levels: int) -> HeatScale:
    """The scale of `levels` levels that just fits these counts."""
    most = int(counts.max(initial=0))
    shares = [level / levels for level in range(1, levels)]
    match kind:
        case "sqrt":
            limits = [most * share**2 for share in shares]
        case "linear":
            limits = [most * share for share in shares]
        case "column":
            limits = [share**2 for share in shares]
        case "rank":
            filled = np.sort(counts[counts > 0])
            places = [math.floor(share * filled.size) - 1 for share in shares]
            limits = [float(filled[place]) if place >= 0 else 0.0 for place in places]
    return HeatScale(kind, rows, most, tuple(limits))
