"""Changes of a series are found where they are, and rarely where there are none."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from cortex_tui.analysis.history import LEAST, Shape, shape_of

Noise = Callable[[np.random.Generator, int], NDArray[np.float64]]
SD = 0.03
TOLERANCE = 0.02


def independent(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    return rng.normal(0, SD, count)


def heavy_tailed(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    return rng.standard_t(3, count) * SD / math.sqrt(3)


def dependent(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Neighbours correlate by 0.5."""
    values = rng.normal(0, SD, count)
    for at in range(1, count):
        values[at] = 0.5 * values[at - 1] + math.sqrt(0.75) * values[at]
    return values


def with_outliers(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """One session in 25 is 35 % slower."""
    return independent(rng, count) + 0.3 * (rng.random(count) < 0.04)


def shape(logs: NDArray[np.float64]) -> Shape:
    return shape_of(list(np.exp(logs)), TOLERANCE)


@pytest.mark.parametrize(
    ("noise", "most"),
    [(independent, 0.05), (heavy_tailed, 0.07), (dependent, 0.15), (with_outliers, 0.13)],
)
def test_without_a_change_hardly_any_series_has_one(noise: Noise, most: float) -> None:
    rng = np.random.default_rng(1)
    false = [bool(shape(noise(rng, 100)).changes) for _ in range(300)]
    assert np.mean(false) <= most


@pytest.mark.parametrize(
    ("noise", "least"),
    [(independent, 0.92), (heavy_tailed, 0.95), (dependent, 0.6), (with_outliers, 0.85)],
)
def test_a_step_of_5_percent_is_found_near_its_place(noise: Noise, least: float) -> None:
    rng = np.random.default_rng(2)
    found = 0
    for _ in range(200):
        logs = noise(rng, 100)
        logs[60:] += math.log(1.05)
        found += any(abs(change.at - 60) <= 5 for change in shape(logs).changes)
    assert found / 200 >= least


def test_a_step_of_10_percent_is_found_once_it_has_lasted_for_three_sessions() -> None:
    rng = np.random.default_rng(3)
    found = 0
    for _ in range(200):
        logs = independent(rng, 60 + LEAST)
        logs[60:] -= math.log(1.10)
        found += any(abs(change.at - 60) <= 2 for change in shape(logs).changes)
    assert found / 200 >= 0.85


def test_several_steps_are_all_found_with_their_levels() -> None:
    rng = np.random.default_rng(4)
    logs = independent(rng, 240) / 2
    logs[60:] += math.log(1.2)
    logs[120:] -= math.log(1.5)
    logs[200:] += math.log(1.1)
    found = shape(logs)
    assert [change.at for change in found.changes] == [60, 120, 200]
    assert found.levels == pytest.approx([1, 1.2, 0.8, 0.88], rel=0.02)
    assert [change.after for change in found.changes] == pytest.approx(found.levels[1:])
    assert all(change.p < 0.001 for change in found.changes)


@pytest.mark.parametrize("at", [20, 47, 96, 98])
def test_one_session_far_off_is_no_change(at: int) -> None:
    found = 0
    for seed in range(30):
        logs = independent(np.random.default_rng(seed), 100)
        logs[at] += 1.0
        found += any(abs(change.at - at) <= LEAST for change in shape(logs).changes)
    assert found <= 1


@pytest.mark.parametrize("count", [1, 2])
def test_the_last_two_do_not_make_a_change_of_the_one_before_them(count: int) -> None:
    for seed in range(30):
        logs = independent(np.random.default_rng(seed), 40)
        logs[-count:] += 0.5
        assert all(change.at < 36 for change in shape(logs).changes)


def test_a_step_within_the_tolerance_is_no_change() -> None:
    logs = np.random.default_rng(6).normal(0, 0.001, 100)
    logs[50:] += math.log(1.015)
    assert shape(logs).changes == ()
    logs[50:] += math.log(1.015)
    assert [change.at for change in shape(logs).changes] == [50]


def test_a_series_of_equal_values_with_a_step_has_one_change() -> None:
    found = shape_of([5.0] * 10 + [6.0] * 10, TOLERANCE)
    assert [(change.at, change.p) for change in found.changes] == [(10, 0.0)]
    assert shape_of([5.0] * 40, TOLERANCE).changes == ()


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("factor", [1.3, 0.7])
def test_the_newest_values_are_reported_before_they_are_a_change(count: int, factor: float) -> None:
    logs = independent(np.random.default_rng(7), 40)
    level = math.exp(logs[:-count].mean())
    logs[-count:] = math.log(factor)
    found = shape(logs)
    assert found.changes == ()
    assert found.newest is not None
    assert found.newest.count == count
    assert found.newest.ratio == pytest.approx(factor / level, rel=0.01)
    assert found.levels == pytest.approx([level], rel=0.005), "they are not part of the level"


def test_newest_values_on_either_side_are_no_level_of_their_own() -> None:
    logs = independent(np.random.default_rng(8), 40)
    logs[-2:] = 0.3, -0.3
    newest = shape(logs).newest
    assert newest is not None
    assert newest.count == 1


def test_the_end_of_a_usual_series_is_rarely_worth_a_word() -> None:
    rng = np.random.default_rng(9)
    off = [shape(independent(rng, 60)).newest is not None for _ in range(300)]
    assert np.mean(off) <= 0.05


@pytest.mark.parametrize("count", range(8))
def test_a_short_series_has_a_level_and_no_change(count: int) -> None:
    found = shape_of([1.0, 5.0, 2.0, 9.0, 1.0, 7.0, 3.0][:count], TOLERANCE)
    assert found.changes == ()
    assert len(found.levels) == min(count, 1)


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_what_has_no_logarithm_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        shape_of([1.0, value], TOLERANCE)


def test_scaling_all_values_changes_nothing_but_the_levels() -> None:
    logs = with_outliers(np.random.default_rng(10), 80)
    logs[30:] += 0.1
    plain, scaled = shape(logs), shape(logs + 3.0)
    assert [change.at for change in plain.changes] == [change.at for change in scaled.changes]
    assert scaled.levels == pytest.approx([level * math.exp(3.0) for level in plain.levels])


def test_long_series_are_read_in_windows() -> None:
    logs = independent(np.random.default_rng(11), 3_000)
    logs[1_500:] += math.log(1.03)
    assert any(abs(change.at - 1_500) <= 10 for change in shape(logs).changes)
