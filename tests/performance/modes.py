"""How often a distribution with one mode is given a second, and how often a second one is found, on
simulated times of which the truth is known.

1. One mode: independent values from distributions narrow, wide, flat, heavy-tailed and so short
   that they are few whole nanoseconds.
2. One mode, but runs whose operations depend on their neighbours, folded as live runs are.
3. Two modes: how often both are found.
4. What a look costs, compared with making the percentile curve.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from cortex_tui.results.result_of import result_of
from cortex_tui.results.shape import modes_of_run
from cortex_tui.stats.binning import log_bins
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.modes import modes_of
from tests.performance._measure import Measurements, timed
from tests.performance.target_verdicts import EACH, MODELS, add, ended, measuring, simulated

Random: TypeAlias = np.random.Generator
Values: TypeAlias = NDArray[np.float64]
Model: TypeAlias = Callable[[Random, int], Values]
LIMIT = 0.05

ONE: dict[str, Model] = {
    "normal logarithms, 2 % wide": lambda random, n: 1e5 * random.lognormal(0, 0.02, n),
    "normal logarithms, 50 % wide": lambda random, n: 1e5 * random.lognormal(0, 0.5, n),
    "normal logarithms, 1.5 wide": lambda random, n: 1e5 * random.lognormal(0, 1.5, n),
    "exponential": lambda random, n: 1e6 * random.exponential(size=n),
    "exponential around 300 ns": lambda random, n: 300 * random.exponential(size=n),
    "exponential above a floor": lambda random, n: 1e5 * (1 + 0.1 * random.exponential(size=n)),
    "gamma of shape 0.5": lambda random, n: 1e6 * random.gamma(0.5, size=n),
    "Pareto of index 1.5": lambda random, n: 1e5 * (1 + random.pareto(1.5, n)),
    "Weibull of shape 0.5": lambda random, n: 1e5 * random.weibull(0.5, n),
    "logarithms of Student's t, 2 degrees": lambda random, n: (
        1e5 * np.exp(0.1 * np.clip(random.standard_t(2, n), -100, 100))
    ),
    "flat": lambda random, n: random.uniform(1e5, 2e5, n),
    "flat logarithms": lambda random, n: 1e5 * np.exp(random.uniform(0, 2, n)),
}


def mixture(*parts: tuple[float, float, float]) -> Model:
    """Of each part: its share, its median as a multiple of 100 µs, and its width."""

    def values(random: Random, n: int) -> Values:
        shares, medians, widths = map(np.array, zip(*parts, strict=True))
        part = random.choice(len(parts), n, p=shares)
        found: Values = 1e5 * medians[part] * np.exp(widths[part] * random.standard_normal(n))
        return found

    return values


TWO: dict[str, tuple[int, float, Model]] = {
    "halves 1.5 apart": (1_000, 0.95, mixture((0.5, 1, 0.1), (0.5, 1.5, 0.1))),
    "a tenth three times as slow": (1_000, 0.95, mixture((0.9, 1, 0.2), (0.1, 3, 0.2))),
    "a 20th twice as slow": (10_000, 0.95, mixture((0.95, 1, 0.15), (0.05, 2, 0.15))),
    "a 50th ten times as slow": (10_000, 0.95, mixture((0.98, 1, 0.3), (0.02, 10, 0.3))),
}
"""Values, how often both are to be found, and the distribution."""


def shares_of_several(model: Model, runs: int, count: int) -> float:
    random = np.random.default_rng(3)
    found = 0
    for _ in range(runs):
        found += len(modes_of(log_bins(folded(model(random, count)).ordered()))) > 1
    return found / runs


def folded(values: Values) -> Histogram:
    histogram = Histogram()
    histogram.fold(np.minimum(values, 3.6e12).astype(np.int64).tobytes())
    return histogram


def main(measurements: Measurements) -> None:
    runs = measurements.rounds(quick=60, full=1_000)
    for name, model in ONE.items():
        for count in (200, 1_000, 10_000):
            share = shares_of_several(model, runs, count)
            what = f"one mode, {name}, {count:,} values: share given a second"
            measurements.share_at_most(what, share, LIMIT, runs)

    runs = measurements.rounds(quick=20, full=200)
    for dependent in MODELS:
        for count in (1_000, 6_000):
            found = 0
            for times in simulated(dependent, runs, count):
                run = measuring("p95 < 1s", count // EACH)
                for number, part in enumerate(times.reshape(-1, EACH)):
                    add(run, number, part)
                ended(run)
                found += len(modes_of_run(result_of(run, {}))) > 1
            what = f"one mode, runs, {dependent.name}, {count:,} operations: share given a second"
            measurements.share_at_most(what, found / runs, LIMIT, runs)

    runs = measurements.rounds(quick=60, full=1_000)
    for name, (count, goal, model) in TWO.items():
        share = shares_of_several(model, runs, count)
        what = f"two modes, {name}, {count:,} values: share found"
        measurements.share_at_least(what, share, goal, runs)

    values = folded(ONE["Pareto of index 1.5"](np.random.default_rng(4), 100_000))
    bins = log_bins(values.ordered())
    measurements.at_most(
        "a look at the modes, against a percentile curve",
        timed(lambda: modes_of(bins)), timed(values.curve),
        unit="ns", goal=None, rounds=measurements.rounds(quick=50, full=200),
    )  # fmt: skip


if __name__ == "__main__":
    script = Measurements(__doc__ or "")
    main(script)
    script.exit()
