"""Trends as one line of bars."""

from __future__ import annotations

from cortex_tui.tui.render.trend import trend


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
