"""Times that grow, and times that only vary."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cortex_tui.stats.growth import LEAST, MIN_VALUES, growth_of
from cortex_tui.stats.spread import Floats

RUNS = 400


def correlated(count: int, neighbours: float, spread: float) -> Floats:
    """A row for each of RUNS runs: times whose logarithms are stationary, and are correlated."""
    chance = np.random.default_rng(round(count + 1_000 * neighbours))
    noise = chance.standard_normal((RUNS, count)) * spread
    found = np.empty_like(noise)
    found[:, 0] = noise[:, 0]
    for at in range(1, count):
        rest = math.sqrt(1 - neighbours**2) * noise[:, at]
        found[:, at] = neighbours * found[:, at - 1] + rest
    times: Floats = 1e6 * np.exp(found)
    return times


def share_that_grows(runs: Floats) -> float:
    return sum(growth_of(run) is not None for run in runs.tolist()) / len(runs)


@pytest.mark.parametrize("count", [MIN_VALUES, 30, 50, 100])
@pytest.mark.parametrize("neighbours", [0.0, 0.5, 0.8, 0.9])
def test_stationary_runs_are_said_to_grow_once_in_a_hundred_at_most(
    count: int, neighbours: float
) -> None:
    wrong = sum(
        share_that_grows(correlated(count, neighbours, spread)) for spread in (0.1, 0.3, 0.6)
    )
    # Of 1,200 runs more than 20 would be seen once in 70 times if the rate were 1 %.
    assert wrong * RUNS <= 20


@pytest.mark.parametrize("count", [30, 50, 100])
def test_a_list_that_each_operation_goes_through_is_seen(count: int) -> None:
    # The number of operations, and so the time of one, grows with the root of the time.
    shape = np.sqrt(1 + (np.arange(count) + 0.5) / 10)
    assert share_that_grows(shape * correlated(count, 0.3, 0.05)) > 0.85


def test_what_grew_is_reported_by_its_thirds() -> None:
    grew = growth_of([float(value) for value in range(100, 400)])
    assert grew is not None
    assert (grew.first, grew.last) == (149.5, 349.5)


def test_what_does_not_grow_all_through_does_not_grow() -> None:
    assert growth_of([100.0] * 40 + [200.0] * 20) is None  # a step
    assert growth_of([float(value) for value in range(400, 100, -1)]) is None
    assert growth_of([100.0 * LEAST ** (at / 40) for at in range(40)]) is None  # too little
    assert growth_of([float(at) for at in range(1, MIN_VALUES)]) is None  # too short
    assert growth_of([10.0] * 8 + [20.0] * 8 + [30.0] * 8) is None  # steps


@pytest.mark.parametrize(
    "values",
    [
        [1, 2, 3, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 6, 7, 8, *range(9, 17)],
        [*range(1, 9), 9, 10, 11, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 21, 22, 23],
    ],
    ids=["first and second", "second and last"],
)
def test_thirds_in_which_the_same_is_usual_are_no_growth(values: list[int]) -> None:
    assert growth_of([float(value) for value in values]) is None


def test_just_enough_values_that_grow_just_enough_are_growth() -> None:
    first, last = [96, 97, 98, 99, 101, 102, 103, 104], [126, 127, 128, 129, 131, 132, 133, 134]
    values = [float(value) for value in (*first, *range(111, 119), *last)]
    assert len(values) == MIN_VALUES
    assert growth_of(values) == (100, 100 * LEAST)


def test_a_few_parts_that_are_equal_do_not_hide_growth() -> None:
    values = [*range(1, 9), *[10] * 8, *range(11, 19)]
    assert growth_of([float(value) for value in values]) == (4.5, 14.5)
