"""A heat map of A minus B: what a cell tells, and when it tells nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cortex_tui.analysis.over_time import OverTime
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.tui.render.difference_map import (
    ALIKE,
    MORE_A,
    MORE_B,
    MUCH_A,
    MUCH_B,
    NOTHING,
    UNSURE,
    difference_map,
    kinds_of,
)
from cortex_tui.tui.render.text import width_of


def kind(a: int, b: int, rest: int = 100_000) -> int:
    """Of a cell, where both sides have `rest` operations elsewhere."""
    found = kinds_of(np.array([[a, rest]]), np.array([[b, rest]]))
    return int(found[0, 0])


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (0, 0, NOTHING),
        (1, 0, UNSURE),
        (4, 4, UNSURE),
        (5, 5, ALIKE),
        (1_000, 1_010, ALIKE),
        # 12 of 20 is what chance does; 120 of 200 is not.
        (8, 12, ALIKE),
        (80, 120, MORE_B),
        (120, 80, MORE_A),
        (10, 60, MUCH_B),
        (60, 10, MUCH_A),
        (0, 500, MUCH_B),
    ],
)
def test_a_cell_shows_only_what_is_beyond_chance(a: int, b: int, expected: int) -> None:
    assert kind(a, b) == expected


def test_a_side_that_measured_more_has_not_more_of_it_everywhere() -> None:
    noise = np.random.default_rng(5)
    shape = np.exp(noise.standard_normal((10, 20)) + 5)
    found = kinds_of(noise.poisson(shape), noise.poisson(shape * 7))
    assert (found == ALIKE).mean() > 0.93


def test_equal_sides_differ_in_hardly_any_cell() -> None:
    noise = np.random.default_rng(1)
    wrong = []
    for _ in range(50):
        shape = np.exp(noise.standard_normal((15, 40)) * 2 + 3)
        found = kinds_of(noise.poisson(shape), noise.poisson(shape))
        wrong.append(((found != ALIKE) & (found != UNSURE) & (found != NOTHING)).mean())
    assert np.mean(wrong) < 0.05


def over(slice_ns: int, *slices: Any) -> OverTime:
    times = {
        at: IntervalHistogram.of(np.asarray(values, np.int64).tobytes())
        for at, values in enumerate(slices)
    }
    return OverTime(slice_ns, times)


def test_slices_of_different_length_share_an_axis() -> None:
    values = np.full(200, 1_000_000)
    a = over(100_000_000, *[values] * 12)
    b = over(200_000_000, *[np.tile(values, 2)] * 6)
    lines = difference_map(a, b, ("a", "b"), 80, 10)
    drawn = "".join(span.text for line in lines[:-3] for span in line[1:])
    assert set(drawn.replace(" ", "")) == {"="}


@pytest.mark.parametrize("size", [(0, 0), (12, 3), (30, 8), (200, 60)])
@pytest.mark.parametrize("empty", [False, True])
def test_any_room_and_any_side_can_be_drawn(size: tuple[int, int], empty: bool) -> None:
    some = over(100_000_000, [1_000, 2_000], [5_000_000])
    other = over(100_000_000) if empty else some
    for line in difference_map(some, other, ("a" * 40, "b" * 40), *size):
        assert sum(width_of(span.text) for span in line[:-1]) <= max(*size, 80)
