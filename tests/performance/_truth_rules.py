"""How often the rules that end a phase err, on simulated series of which the truth is known.

Warm-up: interval medians of a time that starts too slow by a share, which falls off exponentially,
under log-normal noise. The rule errs where it ends while more than a tenth is still to fall.

Precision: intervals of log-normal operations around a level in which neighbours correlate. A run
ends by the rule, or after its 600 intervals; the rule errs where the confidence interval that it
then reports does not contain the true percentile. An interval of 95 % may do so in 5 of 100 runs.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cortex_tui.stats.confidence import MIN_INDEPENDENT, MIN_TO_END, percentile_bounds
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.stats.settling import Settling
from tests.performance._measure import Measurements

INTERVALS = 300
"""Of a warm-up: 30 s, the longest that it takes by default."""
TO_FALL = 0.1
FALLS = (
    # slow by, time constant in intervals, noise of a median, correlation of neighbours
    (0.5, 50, 0.15, 0.0),
    (0.5, 50, 0.15, 0.5),
    (0.5, 50, 0.05, 0.0),
    (0.5, 20, 0.15, 0.0),
    (0.5, 100, 0.05, 0.0),
    (0.2, 50, 0.05, 0.0),
)


def warm_up_ends(fall: tuple[float, int, float, float], noise: random.Random) -> int | None:
    """After how many intervals a simulated warm-up ends; None where it never does."""
    share, time_constant, spread, memory = fall
    settling, state = Settling(), noise.gauss(0, 1)
    for index in range(INTERVALS):
        settling.add((1 + share * math.exp(-index / time_constant)) * math.exp(spread * state))
        if settling.settled:
            return index + 1
        state = memory * state + math.sqrt(1 - memory**2) * noise.gauss(0, 1)
    return None


def measure_warm_up(measurements: Measurements, runs: int) -> None:
    noise = random.Random(1)
    for fall in FALLS:
        share, time_constant, spread, memory = fall
        ends = [warm_up_ends(fall, noise) for _ in range(runs)]
        early = sum(
            end is not None and share * math.exp(-end / time_constant) > TO_FALL for end in ends
        )
        measurements.line(
            f"warm-up that starts {share:.0%} slow and falls with {time_constant / 10:g} s, noise "
            f"{spread:.0%}, neighbours correlate {memory:g}: share that ends with 10 % to fall",
            early / runs, 0.05, early / runs / 0.05, 1.0, met=early / runs <= 0.05, unit="share",
        )  # fmt: skip
    for spread in (0.02, 0.05):
        steady = [warm_up_ends((0.0, 1, spread, 0.0), noise) for _ in range(runs)]
        ended = sum(end is not None for end in steady)
        measurements.line(
            f"a steady warm-up, noise {spread:.0%}: share that ends within 30 s",
            ended / runs, 0.95, ended / runs / 0.95, 1.0, met=ended / runs >= 0.95, unit="share",
        )  # fmt: skip


def levels(noise: np.random.Generator, count: int, memory: float) -> NDArray[np.float64]:
    """A stationary series of unit variance in which neighbours correlate by `memory`."""
    series = noise.standard_normal(count)
    for index in range(1, count):
        series[index] = memory * series[index - 1] + math.sqrt(1 - memory**2) * series[index]
    return series


def looks(first: int, last: int) -> Sequence[int]:
    """Where a live run is looked over: each time that it has grown by a quarter."""
    found = [first]
    while found[-1] < last:
        found.append(min(last, math.ceil(found[-1] * 1.25)))
    return found


def may_end(
    pooled: Histogram, intervals: list[IntervalHistogram], wanted: float
) -> tuple[bool, int, int]:
    """Whether a run may end for a wanted half-width of its median, and the bounds of that."""
    (bounds,) = percentile_bounds(pooled, intervals, (0.5,))
    (value_ns,) = pooled.percentiles((0.5,))
    assert bounds is not None
    assert value_ns is not None
    narrow = bounds.half_width(value_ns) <= wanted
    enough = len(intervals) >= MIN_TO_END and bounds.independent >= MIN_INDEPENDENT
    return narrow and enough, bounds.low_ns, bounds.high_ns


def measure_precision(measurements: Measurements, runs: int) -> None:
    for memory in (0.0, 0.6, 0.9):
        noise = np.random.default_rng(2)
        held, ended = 0, 0
        drift, spread, each, most = 0.1, 0.1, 30, 600
        truth_ns = math.exp(13)
        for _ in range(runs):
            level = 13 + drift * levels(noise, most, memory)
            times_ns = np.exp(level[:, None] + spread * noise.standard_normal((most, each)))
            intervals = [IntervalHistogram.of(row.astype(np.int64).tobytes()) for row in times_ns]
            wanted = 2.5 * drift / math.sqrt(MIN_TO_END * (1 - memory) / (1 + memory))
            for count in looks(MIN_TO_END, most):
                part = intervals[:count]
                over, low_ns, high_ns = may_end(Histogram.of_intervals(part), part, wanted)
                if over or count == most:
                    ended += over
                    held += low_ns <= truth_ns <= high_ns
                    break
        missed = 1 - held / runs
        measurements.share_at_most(
            f"precision, neighbours correlate {memory:g}: share of runs whose 95 % interval misses "
            f"the truth when they end ({ended / runs:.0%} by the rule)",
            missed, 0.05, runs,
        )  # fmt: skip
