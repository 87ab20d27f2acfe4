"""Trends and percentile curves as characters."""

from __future__ import annotations

import pytest

from cortex_tui.results.run_result import CurvePoint
from cortex_tui.tui.render.plot import curve, trend


def dots(line: str) -> set[int]:
    return {at for at, cell in enumerate(line) if cell != " "}


def test_a_trend_is_logarithmic_with_gaps_where_nothing_ended() -> None:
    assert trend([1_000, None, 10_000, 100_000, 1_000_000], 5) == "▁ ▃▅▇"


def test_a_trend_shows_the_newest_values_at_its_right() -> None:
    assert trend([9, 9, 9, 1_000, 1_000_000], 2) == "▁▇"
    assert trend([1_000], 4) == "   ▄"
    assert trend([], 4) == "    "
    assert trend([None, None], 4) == "    "
    assert trend([5, 6], 0) == ""


def test_noise_does_not_fill_the_height_of_a_trend() -> None:
    assert set(trend([1_000, 1_050, 980, 1_020], 4)) <= set("▃▄▅")


def test_values_of_zero_are_drawn() -> None:
    assert trend([0, 1_000_000], 2) == "▁▇"


POINTS = [CurvePoint(0.0, 1_000), CurvePoint(2.0, 100_000), CurvePoint(4.0, 10_000_000)]


@pytest.mark.parametrize(("width", "height"), [(32, 10), (50, 18), (80, 12)])
def test_a_curve_rises_from_its_lowest_to_its_highest_label(width: int, height: int) -> None:
    lines = curve(POINTS, width, height)
    assert len(lines) == height
    assert {len(line.label) + len(line.dots) for line in lines} == {width}
    assert lines[0].label.strip() == "10.0ms ┤"
    assert lines[height - 2].label.strip() == "1.00µs ┤"
    columns = [min(dots(line.dots)) for line in lines[:-1]]
    assert columns == sorted(columns, reverse=True)
    assert max(dots(lines[0].dots)) == len(lines[0].dots) - 1


def test_a_straight_line_in_nines_and_logarithms_is_drawn_straight() -> None:
    lines = curve(POINTS, 8 + 10, 6)
    assert [line.dots for line in lines[:-1]] == [
        "        ⡠⠊",
        "      ⡠⠊  ",
        "    ⡠⠊    ",
        "  ⡠⠊      ",
        "⡠⠊        ",
    ]


def test_a_curve_ends_where_its_points_end() -> None:
    lines = curve([CurvePoint(0.0, 1_000), CurvePoint(2.0, 9_000)], 48, 8)
    assert max(max(dots(line.dots), default=0) for line in lines[:-1]) <= 20


def test_equal_values_and_single_points_are_drawn() -> None:
    flat = curve([CurvePoint(0.0, 5_000), CurvePoint(4.0, 5_000)], 48, 8)
    assert sum(bool(dots(line.dots)) for line in flat[:-1]) == 1
    single = curve([CurvePoint(0.0, 5_000)], 48, 8)
    assert sum(len(dots(line.dots)) for line in single[:-1]) == 1


@pytest.mark.parametrize(("width", "height"), [(0, 0), (5, 3), (17, 9), (40, 2)])
def test_without_room_nothing_is_drawn(width: int, height: int) -> None:
    lines = curve(POINTS, width, height)
    assert len(lines) == height
    assert all(line.dots.strip() == "" for line in lines)


def test_the_axis_names_percentiles_as_far_as_they_fit() -> None:
    assert curve([], 70, 6)[-1].dots.split() == ["p0", "p90", "p99", "p99.9", "p99.99"]
    assert curve([], 32, 6)[-1].dots.split() == ["p0", "90", "99", "99.9", "99.99"]
