"""How many modes a distribution has, where they are, and how much of it belongs to each.

The density of the logarithms is estimated with a Gaussian kernel of a width by the rule of thumb
(Silverman, Density Estimation for Statistics and Data Analysis, 1986, 3.4.2), and a peak counts as
a mode where it stands out from the valley next to it by more than chance explains. For n
independent values the estimate f has about the variance f R / (n h), with R = 1 / (2 sqrt(pi)) for
the Gaussian kernel (same book, 3.3.1), so that the difference of peak and valley over its standard
error is compared with Z_LEAST. With many values that alone would name every ripple: a valley has
to be DEPTH of its peak at most, and a mode to have SHARE_LEAST of all values.

The limits come from simulations: tests/performance/modes.py prints how often distributions with
one mode are given a second, and how often a second one is found.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from cortex_tui.stats.log_bins import PER_OCTAVE, LogBins, Mode, edge_ns

TOTAL_LEAST = 100
"""With fewer values nothing is concluded: one mode."""
Z_LEAST = 2.8
DEPTH = 0.8
SHARE_LEAST = 0.01
_NARROWER = 0.6
"""Of the rule's kernel, which is meant for one mode and would hide a second."""
_CLOCK_NS = 50.0
"""Some clocks tick every 42 ns: steps of this length are no modes."""

Floats = NDArray[np.float64]


def modes_of(bins: LogBins, independent: Sequence[tuple[float, float]] = ()) -> tuple[Mode, ...]:
    """From the fastest to the slowest; one where a second is not certain, none without values.

    `independent` says how many independent values are worth as much as these, where fewer: slow
    moments make heaps that are no modes. Of each pair, the first is the share of values below a
    place, and the second the number there; in ascending order. Takes 0.1 ms.
    """
    total = bins.total
    if not total:
        return ()
    counts = np.array(bins.counts, np.float64)
    places, numbers = zip(*independent, strict=True) if independent else ((0.5,), (total,))
    width = _kernel_width(bins, counts, min(max(1.0, *numbers), total))
    density, reach = _smoothed(counts, width)
    peaks = _Peaks(density, reach, counts)
    if total >= TOTAL_LEAST:
        below = np.pad(counts.cumsum() / total, reach, constant_values=(0.0, 1.0))
        worth = np.clip(np.interp(below, places, numbers), 1.0, total)
        # The variance of a smoothed count, over that count.
        noise = total / worth / (2 * math.sqrt(math.pi) * width)
        peaks.find(Z_LEAST**2 * noise)
        peaks.join_while(lambda: peaks.scores(noise), Z_LEAST)
        peaks.join_while(lambda: peaks.sizes() / total, SHARE_LEAST)
    ends, sizes = peaks.ends(), peaks.sizes()
    return tuple(
        Mode(
            edge_ns(bins.first + top - reach + 0.5),
            edge_ns(bins.first + low),
            edge_ns(bins.first + high),
            float(size) / total,
        )
        for top, low, high, size in zip(peaks.tops, ends, ends[1:], sizes, strict=False)
    )


def _kernel_width(bins: LogBins, counts: Floats, worth: float) -> float:
    """The standard deviation of the kernel, in bins."""
    at = np.arange(counts.size)
    total = counts.sum()
    mean = float(at @ counts) / total
    spread = math.sqrt(float((at - mean) ** 2 @ counts) / total)
    low, middle, high = np.searchsorted(counts.cumsum(), total * np.array([0.25, 0.5, 0.75]))
    quartiles = float(high - low + 1) / 1.349
    rule = 0.9 * min(spread, quartiles) * math.pow(worth, -0.2) * _NARROWER
    clock = math.log2(1 + _CLOCK_NS / edge_ns(bins.first + float(middle))) * PER_OCTAVE
    return max(1.0, rule, clock)


def _smoothed(counts: Floats, width: float) -> tuple[Floats, int]:
    """The counts, convolved with the kernel, and how many places they are longer on each side."""
    reach = math.ceil(4 * width)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    return np.convolve(counts, kernel / kernel.sum()), reach


class _Peaks:
    """Peaks of a density and the valleys between them; at first only the highest."""

    def __init__(self, density: Floats, reach: int, counts: Floats) -> None:
        self._density, self._reach, self._counts = density, reach, counts
        self.tops = [int(density.argmax())]
        self.valleys: list[int] = []

    def find(self, least: Floats) -> None:
        """Takes in all peaks that are at least as high as `least` is there."""
        density = self._density
        steps = np.diff(density, prepend=0.0, append=0.0)
        # A level stretch, of which a sum of rounded numbers makes tiny steps, is one peak.
        steps[np.abs(steps) < density.max() * 1e-12] = 0.0
        turns = steps.nonzero()[0]
        is_top = (steps[turns[:-1]] > 0) & (steps[turns[1:]] < 0)
        tops = turns[:-1][is_top]
        self.tops = tops[density[tops] >= np.minimum(least[tops], density.max())].tolist()
        self.valleys = [
            low + int(density[low:high].argmin())
            for low, high in zip(self.tops, self.tops[1:], strict=False)
        ]

    def scores(self, noise: Floats) -> Floats:
        """By how many standard errors each stands out from the higher valley next to it; less than
        nothing where that is not deep. What counts is how independent values are there: they lie
        on either side of it."""
        tops = self._density[self.tops]
        left, right = np.array([0, *self.valleys]), np.array([*self.valleys, 0])
        # Lower than any valley, also than one in which nothing lies, is the side that has none.
        heights = np.where(left > 0, self._density[left], -1.0)
        others = np.where(right > 0, self._density[right], -1.0)
        at = np.where(heights > others, left, right)
        valleys = np.maximum(heights, others)
        scores = (tops - valleys) / np.sqrt((tops + valleys) * noise[at])
        found: Floats = np.where(valleys <= DEPTH * tops, scores, -valleys / tops)
        return found

    def ends(self) -> list[int]:
        """Where each begins, and where the last ends, in bins."""
        between = (min(max(0, at - self._reach), self._counts.size) for at in self.valleys)
        return [0, *between, self._counts.size]

    def sizes(self) -> Floats:
        """How many values belong to each."""
        below = np.append(0.0, self._counts.cumsum())[self.ends()]
        return np.diff(below)

    def join_while(self, measure: Callable[[], Floats], least: float) -> None:
        """Joins the peak of the smallest measure with a neighbour, until all have that at least."""
        while len(self.tops) > 1:
            values = measure()
            at = int(values.argmin())
            if values[at] >= least:
                return
            # What stays is the deeper of its two valleys.
            sides = [side for side in (at - 1, at) if 0 <= side < len(self.valleys)]
            del self.valleys[max(sides, key=lambda side: self._density[self.valleys[side]])]
            del self.tops[at]
