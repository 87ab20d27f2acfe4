"""How much a ratio varies over a run, with dependence that is known."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import numpy as np
import pytest

from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.stats.spread import spread_beyond, spread_of_ratio, spread_of_share


def histograms(slices: Sequence[Sequence[int]]) -> tuple[Histogram, list[IntervalHistogram]]:
    intervals = [IntervalHistogram.of(array("q", values)) for values in slices]
    return Histogram.of_intervals(intervals), intervals


def test_independent_operations_have_a_deff_of_about_1() -> None:
    random = np.random.default_rng(1)
    slow = random.random((300, 100)) < 0.05
    found = spread_of_share(slow.sum(axis=1).astype(float), np.full(300, 100.0))
    assert found is not None
    assert found.blocks == 30
    assert found.deff == pytest.approx(1, abs=0.6)
    assert found.error == pytest.approx(np.sqrt(0.05 * 0.95 / 30_000), rel=0.4)


def test_operations_that_are_slow_together_count_as_one() -> None:
    random = np.random.default_rng(1)
    slow = np.repeat(random.random((300, 5)) < 0.05, 20, axis=1)
    found = spread_of_share(slow.sum(axis=1).astype(float), np.full(300, 100.0))
    assert found is not None
    assert found.deff == pytest.approx(20, rel=0.5)


def test_a_dependence_that_luck_hides_at_the_limit_is_found_near_it() -> None:
    random = np.random.default_rng(3)
    level = np.repeat(random.normal(10_000, 500, 30), 10)
    values = [[max(1, int(x)) for x in random.normal(mean, 300, 100)] for mean in level]
    pooled, intervals = histograms(values)
    far_ns = pooled.values_at([29_998])[0]
    found = spread_beyond(pooled, intervals, lambda: np.zeros(300), far_ns, 0.05)
    assert found is not None
    assert found.deff > 20


def test_of_two_operations_the_dependence_is_looked_for_beyond_the_first() -> None:
    pooled, intervals = histograms([[100], [900], *[[]] * 8])
    found = spread_beyond(pooled, intervals, lambda: np.zeros(10), 2_000, 0.5)
    # None is beyond the limit, one of two beyond the first: its block differs from a half of its
    # operations by half an operation, as does the other one's, of ten.
    assert found is not None
    assert found.error == 0
    variance = 10 / 9 * (0.5**2 + 0.5**2) / 2**2
    assert found.deff == pytest.approx(variance * 2 / (0.5 * 0.5))


def test_operations_without_a_time_are_beyond_any_limit() -> None:
    pooled, intervals = histograms([[1_000] * 10] * 40)
    missing = np.zeros(40)
    assert spread_beyond(pooled, intervals, lambda: missing, 2_000, 0.05) is not None
    missing[7] = 10
    found = spread_beyond(pooled, intervals, lambda: missing, 2_000, 0.05)
    assert found is not None
    assert found.deff == pytest.approx(10, rel=0.5)


def test_a_steady_rate_has_no_error() -> None:
    found = spread_of_ratio(np.full(50, 20.0), np.full(50, 0.1))
    assert found is not None
    assert (found.error, found.blocks) == (0, 30)


def test_a_load_that_changes_by_itself_is_no_spread() -> None:
    random = np.random.default_rng(1)
    rates = np.concatenate([np.linspace(10, 100, 50), np.full(50, 100.0)])
    counts = random.poisson(rates).astype(float)
    seconds = np.full(100, 0.1)
    chance = np.sqrt(rates.sum()) / 10
    plain, steered = (spread_of_ratio(counts, seconds, steered=each) for each in (False, True))
    assert plain is not None
    assert steered is not None
    assert plain.error > 3 * chance
    assert steered.error == pytest.approx(chance, rel=0.5)
    assert steered.blocks == 20


def test_few_intervals_show_no_spread() -> None:
    assert spread_of_ratio(np.ones(9), np.ones(9)) is None
    assert spread_of_ratio(np.zeros(20), np.zeros(20)) is None
    assert spread_beyond(*histograms([[5]] * 9), lambda: np.zeros(9), 3, 0.05) is None
    assert spread_beyond(*histograms([]), lambda: np.zeros(0), 3, 0.05) is None
