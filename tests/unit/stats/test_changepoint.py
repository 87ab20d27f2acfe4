"""Whether a series has settled, as somebody who looks at it would say."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest

from cortex_tui.stats.changepoint import MIN_VALUES, change, settled

Series = Callable[[int], float]


def settles_after(series: Series, at_most: int = 400) -> int:
    """The number of values with which the series first counts as settled."""
    values: list[float] = []
    for index in range(at_most):
        values.append(series(index))
        if settled(values):
            return len(values)
    return at_most


def noisy(level: Series, deviation: float, seed: int = 1) -> Series:
    noise = random.Random(seed)
    return lambda index: level(index) + noise.gauss(0, deviation)


@pytest.mark.parametrize("seed", range(5))
def test_noise_alone_settles_soon(seed: int) -> None:
    assert settles_after(noisy(lambda index: 100.0, 5.0, seed)) <= 2 * MIN_VALUES


def test_a_constant_series_settles_as_soon_as_it_can_be_told() -> None:
    assert settles_after(lambda index: 5.0) == MIN_VALUES


@pytest.mark.parametrize("seed", range(5))
def test_a_step_is_waited_for(seed: int) -> None:
    found = settles_after(noisy(lambda index: 150.0 if index < 12 else 100.0, 2.0, seed))
    assert 24 <= found <= 60


@pytest.mark.parametrize("seed", range(5))
def test_a_time_that_falls_off_slowly_is_waited_for(seed: int) -> None:
    series = noisy(lambda index: 100 + 50 * math.exp(-index / 30), 2.0, seed)
    # After three times its time constant, a twentieth of the fall is still to come.
    assert settles_after(series) >= 90


def test_a_steady_slope_never_settles() -> None:
    assert settles_after(noisy(lambda index: 100 + index, 2.0), 300) == 300


def test_an_outlier_is_no_change() -> None:
    assert settles_after(lambda index: 500.0 if index == 15 else 100.0) == MIN_VALUES


def test_a_change_that_is_sure_but_tiny_is_none_to_wait_for() -> None:
    assert settles_after(lambda index: 1_000 + (5 if index < 10 else 0)) == MIN_VALUES


def test_a_step_is_found_where_it_is() -> None:
    place, chance = change([9.0] * 12 + [5.0] * 18)
    assert place == 12
    assert chance < 0.001


@pytest.mark.parametrize("values", [[], [1.0], [3.0] * 30])
def test_where_nothing_changes_all_is_chance(values: list[float]) -> None:
    assert change(values)[1] == 1.0
