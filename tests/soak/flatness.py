"""Whether a process keeps its size: a rule with two conditions, both of which can fail.

The first minutes are left out: imports, caches and the first session are paid for once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

MB = 1_000_000
WARM_UP_S = 300.0
"""Left out at the beginning: a soak that is hardly longer judges no memory."""
BIN_S = 10.0
GROWTH_PER_HOUR = 4 * MB
LEAST_GROWTH = 2 * MB
"""What may come in any time: of a few minutes a slope by the hour says little."""
RATIO = 1.1
FEWEST_BINS = 10

Series = Sequence[tuple[float, float]]
"""Seconds since the beginning of the soak, and bytes."""


@dataclass(frozen=True, slots=True)
class Flatness:
    """What the rule found in one series."""

    window_s: float
    first: float
    """Bytes: the median of the first tenth behind the warm-up."""
    last: float
    """Bytes: the median of the last tenth."""
    slope: float
    """Bytes an hour, by the robust fit."""

    @property
    def allowed_growth(self) -> float:
        """Bytes over the window."""
        return max(LEAST_GROWTH, GROWTH_PER_HOUR * self.window_s / 3600)

    @property
    def problems(self) -> list[str]:
        found = []
        growth = self.slope * self.window_s / 3600
        if growth > self.allowed_growth:
            found.append(
                f"the fit grows by {growth / MB:.1f} MB in {self.window_s:.0f} s "
                f"({self.allowed_growth / MB:.1f} are allowed)"
            )
        if self.last > RATIO * self.first:
            found.append(
                f"the last tenth has {self.last / MB:.1f} MB, "
                f"over {RATIO} times the {self.first / MB:.1f} of the first"
            )
        return found


def flatness(series: Series, *, warm_up_s: float = WARM_UP_S) -> Flatness | None:
    """None where too little is left behind the warm-up to say anything."""
    bins = binned([point for point in series if point[0] >= warm_up_s])
    if len(bins) < FEWEST_BINS:
        return None
    tenth = max(1, len(bins) // 10)
    return Flatness(
        window_s=bins[-1][0] - bins[0][0],
        first=median(value for _, value in bins[:tenth]),
        last=median(value for _, value in bins[-tenth:]),
        slope=slope_of(bins) * 3600,
    )


def binned(series: Series) -> list[tuple[float, float]]:
    """The median of each ten seconds, at their middle."""
    bins: dict[int, list[float]] = {}
    for at_s, value in series:
        bins.setdefault(int(at_s // BIN_S), []).append(value)
    return [((number + 0.5) * BIN_S, median(bins[number])) for number in sorted(bins)]


def slope_of(series: Series) -> float:
    """Per second: the median of the slopes of all pairs (Theil 1950, Sen 1968). Up to 29 % of the
    points may be anything."""
    slopes = [
        (later - value) / (later_s - at_s)
        for (at_s, value), (later_s, later) in combinations(series, 2)
        if later_s > at_s
    ]
    return median(slopes) if slopes else 0.0
