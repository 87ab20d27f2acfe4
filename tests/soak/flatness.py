"""Whether a process keeps its size: a rule with two conditions, both of which can fail.

The first minutes are left out: imports, caches and the first session are paid for once. Two things
are asked of the rest. Does it still grow? Of its last three quarters the slope must be shown to be
small; a series that is too uneven to tell is not flat. And has it grown? Its end may be little over
its beginning.

Caches that fill up bend a series: over all of it, a rise of 5 MB that is over after a third looks
like a leak of 3 MB an hour with a wide band, and 4 MB that are given back early hide a leak of 5.
Behind the bend a slope is what continues, and how far parts lie off the line is noise. A later part
would be straighter, but of half an hour the band of a process that only wavers, by 0.6 MB for some
minutes, is 2.3 MB an hour; of three quarters it is 1.6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import sqrt
from statistics import fmean, median

MB = 1_000_000
WARM_UP_S = 300.0
"""Left out at the beginning: a soak that is hardly longer judges no memory."""
BIN_S = 10.0
SHARE = 0.75
"""Of the time behind the warm-up, at its end, in which the slope is judged."""
GROWTH_PER_HOUR = 4 * MB
LEAST_GROWTH = 2 * MB
"""What may come in any time: of a few minutes a slope by the hour says little."""
RATIO = 1.05
"""Of 85 MB, what GROWTH_PER_HOUR comes to in an hour: as a slope, a step or a bend."""
FEWEST_BINS = 10
PARTS = 8
T_95 = 1.943
"""Student's t, one-sided 95 %, of two degrees of freedom fewer than there are parts."""

Series = Sequence[tuple[float, float]]
"""Seconds since the beginning of the soak, and bytes."""


@dataclass(frozen=True, slots=True)
class Flatness:
    """What the rule found in one series."""

    window_s: float
    """Of the slope that is judged."""
    first: float
    """Bytes: the median of the first tenth behind the warm-up."""
    last: float
    """Bytes: the median of the last tenth."""
    slope: float
    """Bytes an hour, by the robust fit to the last part."""
    error: float
    """The standard error of the slope."""
    whole: float
    """Bytes an hour, by the same fit to all behind the warm-up. It is reported, and not judged."""

    @property
    def at_most(self) -> float:
        """Bytes an hour: the slope is not greater, at 95 %."""
        return self.slope + T_95 * self.error

    @property
    def allowed_growth(self) -> float:
        """Bytes over the window."""
        return max(LEAST_GROWTH, GROWTH_PER_HOUR * self.window_s / 3600)

    @property
    def problems(self) -> list[str]:
        found = []
        growth, most = (each * self.window_s / 3600 for each in (self.slope, self.at_most))
        if most > self.allowed_growth:
            grows = "grows by" if growth > self.allowed_growth else "may grow: it gives"
            found.append(
                f"the fit {grows} {growth / MB:.1f} MB in {self.window_s:.0f} s, at most "
                f"{most / MB:.1f} ({self.allowed_growth / MB:.1f} are allowed)"
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
    late = bins[len(bins) - int(len(bins) * SHARE) :]
    if len(late) < FEWEST_BINS:
        return None
    tenth = max(1, len(bins) // 10)
    slope = slope_of(late)
    return Flatness(
        window_s=late[-1][0] - late[0][0],
        first=median(value for _, value in bins[:tenth]),
        last=median(value for _, value in bins[-tenth:]),
        slope=slope * 3600,
        error=error_of(late, slope) * 3600,
        whole=slope_of(bins) * 3600,
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


def error_of(series: Series, slope: float) -> float:
    """Per second: the standard error of a slope, by how far parts of the series lie off its line.

    Sizes that follow each other are alike for minutes, so they say less than as many that are drawn
    by chance. A part of several minutes, of which the median is taken, is nearly independent of the
    next one (batch means, Schmeiser 1982); what is short in it does not count.
    """
    ends = [len(series) * part // PARTS for part in range(PARTS + 1)]
    parts = [series[at:until] for at, until in pairwise(ends)]
    at_s = [fmean(each for each, _ in part) for part in parts]
    off = [median(value - slope * each for each, value in part) for part in parts]
    middle_s, middle = fmean(at_s), fmean(off)
    spread = sum((each - middle) ** 2 for each in off) / (PARTS - 2)
    return float(sqrt(spread / sum((each - middle_s) ** 2 for each in at_s)))
