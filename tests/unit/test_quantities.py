"""Ranges and shares as a person reads them."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortex_tui.quantities import (
    format_bounds,
    format_duration,
    format_half_width,
    format_names,
    format_noun,
    format_range,
    format_seconds,
    is_wide,
    longer_ns,
    parse_duration_ns,
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
    ("text", "seconds"), [("2m01s", 121), ("1h05m", 3_900), ("1h5m7s", 3_907), (" 1h30s ", 3_630)]
)
def test_a_duration_can_be_written_as_it_is_shown(text: str, seconds: int) -> None:
    assert parse_duration_ns(text) == seconds * 1_000_000_000


@given(st.integers(120, 99 * 3_600))
def test_what_is_shown_of_a_long_duration_is_read_to_the_minute(seconds: int) -> None:
    read_ns = parse_duration_ns(format_duration(seconds * 1e9))
    assert abs(read_ns / 1e9 - seconds) <= 30


@pytest.mark.parametrize("text", ["1m1h", "1s2m", "1.5m30s", "1m 30s", "h", "m", "-1m30s"])
def test_parts_in_another_order_or_form_are_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="expected a duration"):
        parse_duration_ns(text)


@pytest.mark.parametrize(
    ("ns", "digits", "text"),
    [
        (12_340_000_000, 0, "12 s"),
        (12_340_000_000, 1, "12.3 s"),
        (119_000_000_000, 1, "119.0 s"),
        (754_000_000_000, 1, "12m34s"),
        (7_500_000_000_000, 0, "2h05m"),
    ],
)
def test_seconds_that_are_many_are_a_long_duration(ns: int, digits: int, text: str) -> None:
    assert format_seconds(ns, digits) == text


def test_bounds_of_a_long_duration_have_its_units() -> None:
    assert format_bounds(130e9, 200e9, 150e9) == "2m10–3m20"
    assert format_bounds(99.4e9, 725e9, 150e9) == "99s–12m"
    assert format_bounds(3_900e9, 37_000e9, 7_000e9) == "1h05–10h"
    assert format_bounds(352_000e9, 400_000e9, 370_000e9) == "97h–111h"
    assert format_bounds(100e9, 200e9, 110e9) == "100–200"


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


def test_bounds_have_the_unit_of_their_value() -> None:
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


@pytest.mark.parametrize(
    ("names", "text"),
    [([], ""), (["a"], "a"), (["a", "b"], "a, b"), (["a", "b", "c"], "a, b and 1 more")],
)
def test_of_many_names_the_first_are_shown(names: list[str], text: str) -> None:
    assert format_names(names, 2) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 rounds"), (1, "1 round"), (2, "2 rounds"), (1_200, "1,200 rounds")]
)
def test_more_than_one_of_something_are_several(count: int, text: str) -> None:
    assert format_noun(count, "round") == text
