"""The lines of a comparison: what stands in them, and that they fit."""

from __future__ import annotations

import math

import pytest

from cortex_tui.analysis.close_up import RoundPoint, RoundSeries
from cortex_tui.analysis.comparison import Comparison, ProfileComparison
from cortex_tui.analysis.shift import Shift, ShiftPoint
from cortex_tui.analysis.verdict import Judgement, Word
from cortex_tui.tui.render.forest import (
    counts,
    forest_of,
    number_text,
    row,
    titles,
    verdict_text,
    whisker,
    whole_row,
)
from cortex_tui.tui.render.log_axis import RatioAxis, axis_of, change_text
from cortex_tui.tui.render.round_plot import round_plot
from cortex_tui.tui.render.shift_plot import shift_plot
from cortex_tui.tui.render.text import Line, width_of


def text_of(line: Line) -> str:
    return "".join(span.text for span in line)


def judgement(
    ratio: float | None,
    verdict: Word = "same",
    *,
    statistic: str = "p95",
    half: float | None = 0.02,
    more_rounds: int | None = None,
) -> Judgement:
    known = ratio is not None and half is not None
    return Judgement(
        statistic=statistic,
        a=1.0,
        b=ratio,
        ratio=ratio,
        low=ratio - half if known else None,  # type: ignore[operator]
        high=ratio + half if known else None,  # type: ignore[operator]
        verdict=verdict,
        more_rounds=more_rounds,
    )


def compared(name: str, first: Judgement, errors: Word = "same") -> ProfileComparison:
    statistics = {first.statistic: first, "errors": judgement(None, errors, statistic="errors")}
    return ProfileComparison(
        profile=name, rounds=(6, 6), primary=first.statistic, statistics=statistics
    )


def comparison(*profiles: ProfileComparison) -> Comparison:
    return Comparison(paired=True, profiles=profiles, ratio=1.1, low=1.0, high=1.2)


SEVERAL = comparison(
    compared("s.same", judgement(1.01)),
    compared("s.faster", judgement(0.8, "faster")),
    compared("s.slower", judgement(1.2, "slower")),
    compared("s.much-slower", judgement(1.6, "slower", statistic="p99")),
    compared("s.failing", judgement(1.0), errors="more"),
    compared("日本語.unknown", judgement(None, "cannot tell")),
    compared("s.wide", judgement(1.1, "cannot tell", half=0.9, more_rounds=7)),
)


def test_the_worst_stand_first() -> None:
    order = [each.profile for each in SEVERAL.worst_first]
    assert order == [
        "s.much-slower", "s.slower", "s.failing", "s.wide", "日本語.unknown", "s.same", "s.faster",
    ]  # fmt: skip


@pytest.mark.parametrize("width", [20, 59, 79, 119, 199, 400])
def test_all_lines_of_a_table_are_as_wide_as_one_another_and_fit(width: int) -> None:
    forest = forest_of(SEVERAL, width)
    widths = {width_of(text_of(row(forest, each))) for each in forest.rows}
    assert len(widths) == 1
    # The cell of the cursor stands before each row.
    assert width_of(text_of(titles(forest))) == widths.pop() + 1
    if width >= 59:
        assert width_of(text_of(titles(forest))) <= width
        assert width_of(text_of(whole_row(forest))) <= width


def test_the_deciding_statistic_has_a_column_only_where_it_differs() -> None:
    assert " by " in text_of(titles(forest_of(SEVERAL, 119)))
    alike = comparison(compared("s.a", judgement(1.0)), compared("s.b", judgement(1.1)))
    title = text_of(titles(forest_of(alike, 119)))
    assert " by " not in title
    assert "verdict at p95" in title


@pytest.mark.parametrize(
    ("found", "width", "text"),
    [
        (judgement(1.084), 11, "+8.4 ±2.0%"),
        (judgement(1.084), 6, "+8.4%"),
        (judgement(1.084, half=None), 11, "+8.4%"),
        (judgement(3.2), 11, "x3.2"),
        (judgement(None), 11, "–"),
        (None, 11, "–"),
    ],
)
def test_a_difference_has_half_its_interval_where_there_is_room(
    found: Judgement | None, width: int, text: str
) -> None:
    assert number_text(found, width) == text


@pytest.mark.parametrize(
    ("each", "width", "text"),
    [
        (compared("x", judgement(1.2, "slower")), 18, "▲ slower"),
        (compared("x", judgement(1.2, "slower"), "more"), 32, "▲ slower, more errors"),
        (compared("x", judgement(1.0), "more"), 18, "▲ more errors"),
        (compared("x", judgement(1.1, "cannot tell")), 18, "? cannot tell"),
        (compared("x", judgement(1.1, "cannot tell", more_rounds=1)), 18, "? ~1 more round"),
        (
            compared("x", judgement(1.1, "cannot tell", more_rounds=7)),
            32,
            "? cannot tell, ~7 more rounds",
        ),
    ],
)
def test_a_verdict_is_a_glyph_and_a_word(each: ProfileComparison, width: int, text: str) -> None:
    assert verdict_text(each, width)[0] == text


def test_verdicts_are_counted() -> None:
    text = "".join(span.text for span in counts(SEVERAL))
    assert text == ("▲ 2 slower  ▲ 1 with more errors  ▼ 1 faster  = 2 same  ? 2 cannot tell")


def test_a_whisker_shows_interval_tolerance_and_zero() -> None:
    axis = RatioAxis(1.2, 41)
    spans = whisker(axis, judgement(1.1), 41)
    assert "".join(span.text for span in spans) == ("                 ┊  │  ┊    ├─●─┤        ")
    assert {span.tone for span in spans if span.text == "●"} == {"plain"}


def test_what_is_beyond_the_axis_has_an_arrow() -> None:
    axis = RatioAxis(1.05, 21)
    text = "".join(span.text for span in whisker(axis, judgement(1.0, half=0.5), 21))
    assert (text[0], text[-1]) == ("◂", "▸")
    text = "".join(span.text for span in whisker(axis, judgement(1.5), 21))
    assert text.endswith("●")


def test_an_axis_is_as_long_as_it_has_to_be() -> None:
    assert axis_of([0.0], [], 20) == RatioAxis(1.05, 19)
    assert axis_of([math.log(1.09), -math.log(1.02)], [], 21).end == 1.1
    # One interval that reaches far does not squash all others.
    assert axis_of([0.0], [math.log(50)], 21).end == 1.15
    assert axis_of([math.log(5_000)], [], 21).end == 1_000


@pytest.mark.parametrize(
    ("ratio", "text"), [(1.2, "+20%"), (1 / 1.2, "-17%"), (3.0, "x3"), (1 / 3, "÷3"), (1.05, "+5%")]
)
def test_ends_of_an_axis_are_short(ratio: float, text: str) -> None:
    assert change_text(ratio) == text


POINTS = tuple(
    ShiftPoint(f"p{quantile}", 0.01 * at, 0.01 * at - 0.02, 0.01 * at + 0.02)
    for at, quantile in enumerate((5, 10, 25, 50, 75, 90, 95, 99))
)


def test_a_shift_stands_above_its_percentiles_with_0_over_the_band() -> None:
    lines = [text_of(line) for line in shift_plot(Shift(POINTS, "95 %"), 80, 20)]
    assert len(lines) == 20
    assert sum(line.count("●") for line in lines[:-1]) == len(POINTS)
    (zero,) = (line for line in lines if line.startswith("      0 ┤"))
    assert "▒" not in zero
    assert lines[-2].split() == ["p5", "p10", "p25", "p50", "p75", "p90", "p95", "p99"]
    assert lines[-1].startswith("● B / A  ▒ 95 %")


def test_a_band_that_ends_beyond_the_picture_has_arrows() -> None:
    wide = tuple(each._replace(low=-2.0, high=2.0) for each in POINTS)
    lines = [text_of(line) for line in shift_plot(Shift(wide, "95 %"), 80, 20)]
    assert lines[0].count("↑") == lines[-3].count("↓") > 50


@pytest.mark.parametrize("size", [(0, 0), (5, 3), (15, 20), (80, 2), (80, 4), (300, 100)])
def test_pictures_of_any_size_fit(size: tuple[int, int]) -> None:
    width, height = size
    rounds = tuple(RoundPoint(n, "AB", 1, 2, 0.01 * n) for n in range(1, 1_001))
    for lines in (
        shift_plot(Shift(POINTS, "95 %"), width, height),
        round_plot(RoundSeries("p95", rounds, 0.01), ("a", "b"), width, height),
    ):
        assert all(width_of(text_of(line)) <= max(width, 1) for line in lines)
        assert len(lines) == height or not any("●" in text_of(line) for line in lines)


def test_without_points_the_reason_stands_there() -> None:
    (line,) = shift_plot(Shift(band="the rounds time batches of different size"), 80, 20)
    assert text_of(line) == "the rounds time batches of different size"
