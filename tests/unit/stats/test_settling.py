"""A series has settled where it is shown to change no more, not where a change cannot be shown."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest

from cortex_tui.stats.settling import MARGIN, MIN_VALUES, Settling, drift, settled

Series = Callable[[int], float]


def settles_after(series: Series, at_most: int = 300) -> int | None:
    """The number of values with which the series first counts as settled; None for never."""
    settling = Settling()
    for index in range(at_most):
        settling.add(series(index))
        if settling.settled:
            return len(settling)
    return None


def noisy(level: Series, share: float, seed: int) -> Series:
    noise = random.Random(seed)
    return lambda index: level(index) * math.exp(noise.gauss(0, share))


def falling(start: float, time_constant: float) -> Series:
    """A level of 100 that starts higher by the share `start`, which falls off exponentially."""
    return lambda index: 100 * (1 + start * math.exp(-index / time_constant))


def test_a_constant_series_settles_as_soon_as_that_can_be_seen() -> None:
    assert settles_after(lambda index: 5.0) == MIN_VALUES


@pytest.mark.parametrize("seed", range(5))
def test_little_noise_alone_settles_soon(seed: int) -> None:
    found = settles_after(noisy(lambda index: 100.0, 0.02, seed))
    assert found is not None
    assert found <= 2 * MIN_VALUES


@pytest.mark.parametrize("time_constant", [20, 50, 100])
@pytest.mark.parametrize("share", [0.02, 0.05, 0.15])
def test_a_slow_fall_is_not_taken_for_settled(time_constant: float, share: float) -> None:
    too_early = 0
    for seed in range(40):
        found = settles_after(noisy(falling(0.5, time_constant), share, seed))
        too_early += found is not None and 0.5 * math.exp(-found / time_constant) > 2 * MARGIN
    # Of 400 series each it is 1.5 % at most.
    assert too_early <= 4


def test_noise_that_hides_a_change_is_no_proof_that_there_is_none() -> None:
    noise = random.Random(7)
    values = [100 * math.exp(noise.gauss(0, 0.3)) for _ in range(MIN_VALUES)]
    slope, error = drift(values)
    assert abs(slope) < 2 * error  # nothing is significant here
    assert not settled(values)


def test_a_steady_slope_never_settles() -> None:
    assert settles_after(noisy(lambda index: 100 + index, 0.02, 1)) is None


@pytest.mark.parametrize("seed", range(5))
def test_a_slow_start_is_forgotten_when_it_is_an_eighth_of_the_whole(seed: int) -> None:
    found = settles_after(noisy(lambda index: 150.0 if index < 8 else 100.0, 0.02, seed))
    assert found is not None
    assert 60 <= found <= 160


def test_outliers_are_no_change() -> None:
    # The levels are medians of several values each.
    assert settles_after(lambda index: 500.0 if index in (15, 30) else 100.0) == MIN_VALUES


def test_a_change_that_is_sure_but_tiny_is_none_to_wait_for() -> None:
    assert settles_after(lambda index: 1_000 + (5 if index < 20 else 0)) == MIN_VALUES


def test_a_series_of_any_length_is_kept_in_bounds_as_means_of_neighbours() -> None:
    settling = Settling()
    for index in range(10_000):
        settling.add(100 + index)
        assert len(settling) == index + 1
    assert len(settling._values) < 1_200
    assert settling._values[:2] == [107.5, 123.5]
    assert settling.settled is False


def test_a_long_series_that_changes_no_more_settles_in_the_end() -> None:
    found = settles_after(lambda index: 100 + min(index, 1_500), 20_000)
    assert found is not None
    assert found > 1_500


def test_a_long_series_is_looked_at_after_the_same_growth_as_a_short_one() -> None:
    def level(index: int) -> float:
        # The rise is in the eighth that is left out of 1,200 values, the peak is more than half of
        # the last of twelve parts of 1,058, and less than that of any part of more.
        return index + 1 if index < 150 else 5_000 if 1_018 <= index < 1_058 else 400

    looks = [MIN_VALUES]
    while looks[-1] < 1_200:
        looks.append(math.ceil(looks[-1] * 1.15))
    assert looks[-2:] == [1_058, 1_217]
    # From 1,200 on values are kept in pairs, and the next look is at 609 of those.
    assert settles_after(level, 2_000) == 1_218


def test_a_value_of_nothing_is_half_of_one_of_1() -> None:
    settling = Settling()
    for index in range(MIN_VALUES):
        settling.add(1 if index < 20 else 0)
    assert not settling.settled


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("slope", "noise", "settles"),
    # To settle, the slope has to be shown to lie within 5 %, and not be known to be one.
    [
        (0.009, 0.0, True),
        (0.02, 0.0, False),
        (0.02, 0.01, False),
        (0.02, 0.025, True),
        (0.02, 0.035, False),
        (0.049, 0.0, False),
    ],
)
def test_a_slope_is_none_where_it_is_small_or_not_known_to_be_one(
    slope: float, noise: float, settles: bool, sign: int
) -> None:
    # The first eighth is left out; of twelve parts of ten values each is above or below the slope.
    values = []
    for index in range(137):
        above = (index - 17) // 10 % 4 in (1, 2)
        level = slope * math.log(index + 0.5) + (noise if above else -noise)
        values.append(math.exp(sign * level))
    found, error = drift(values)
    assert found == pytest.approx(sign * slope, abs=0.1 * noise + 2e-4)
    assert error == pytest.approx(0.58 * noise, abs=0.02 * noise + 4e-5)
    assert settled(values) is settles


def test_fewer_values_than_it_takes_have_not_settled() -> None:
    assert settled([5.0] * MIN_VALUES)
    assert not settled([5.0] * (MIN_VALUES - 1))
    assert Settling().settled is False
