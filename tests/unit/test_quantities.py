"""Ranges and shares as a person reads them."""

from __future__ import annotations

import random

import pytest

from cortex_tui.quantities import (
    format_bounds,
    format_duration,
    format_half_width,
    format_range,
    is_wide,
    longer_ns,
)


@pytest.mark.parametrize(
    ("low_ns", "high_ns", "text"),
    [
        (4_610_000, 5_200_000, "4.61–5.20ms"),
        (900, 1_100, "0.90–1.10µs"),
        (700_000, 1_150_000, "0.70–1.15ms"),
        (44, 46, "44–46ns"),
        (2_200, 21_900, "2.20–21.9µs"),
        # From a ratio of ten on, each end has a unit, be it the same.
        (2_200, 22_000, "2.20µs–22.0µs (×10)"),
        (2_200, 633_000, "2.20µs–633µs (×288)"),
        (2_200, 6_333_000, "2.20µs–6.33ms (×2879)"),
        (0, 300, "0ns–300ns"),
    ],
)
def test_a_range_shows_at_a_glance_how_wide_it_is(low_ns: int, high_ns: int, text: str) -> None:
    assert format_range(low_ns, high_ns) == text


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (119_400_000_000, "119s"),
        (119_600_000_000, "2m00s"),
        (120_600_000_000, "2m01s"),
        (3_599_400_000_000, "59m59s"),
        (3_599_600_000_000, "1h00m"),
        (3_900_000_000_000, "1h05m"),
        (359_969_000_000_000, "99h59m"),
        (359_971_000_000_000, "100h"),
    ],
)
def test_a_long_duration_has_two_units(ns: int, text: str) -> None:
    assert format_duration(ns) == text


@pytest.mark.parametrize(
    ("measured_ns", "found", "more", "ns"),
    [
        (10_000_000_000, 1_000, 3_000, 40_000_000_000),
        (500_000_000, 1_286, 8_714, 3_900_000_000),
        (0, 0, 10, 0),
        (1_000, 0, 10, 0),
    ],
)
def test_how_long_to_measure_is_worked_out_from_the_rate_so_far(
    measured_ns: int, found: int, more: int, ns: int
) -> None:
    assert longer_ns(measured_ns, found, more) == ns


def test_bounds_have_the_unit_of_the_value_that_they_stand_beside() -> None:
    assert format_bounds(4_610_000, 5_200_000, 4_840_000) == "4.61–5.20"
    assert format_bounds(700_000, 1_150_000, 812_000) == "700–1150"
    assert format_bounds(900, 1_100, 950) == "900–1100"


def test_bounds_take_nine_characters_at_most() -> None:
    numbers = random.Random(1)
    for _ in range(5_000):
        low_ns = 10 ** numbers.uniform(0, 12.5)
        high_ns = low_ns * 10 ** numbers.uniform(0, 0.999)
        value_ns = numbers.uniform(low_ns, high_ns)
        assert not is_wide(low_ns, high_ns)
        text = format_bounds(low_ns, high_ns, value_ns)
        assert len(text) <= 9, (low_ns, value_ns, high_ns, text)


def test_a_half_width_is_a_share_as_long_as_it_is_one() -> None:
    shares = [0.0312, 0.02, 0.5, 2_870.0]
    texts = ["± 3.12 %", "± 2 %", "± 50 %", "more than ± 100 %"]
    assert [format_half_width(share) for share in shares] == texts
