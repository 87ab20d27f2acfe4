"""Percentile curves as characters: of one run, with all that belongs to it, and of several."""

from __future__ import annotations

import math

import msgspec
import pytest

from cortex_tui.results.curve_limits import sure_nines
from cortex_tui.results.run_result import CurvePoint
from cortex_tui.stats.targets import TargetResult
from cortex_tui.tui.render.curves import LETTERS, curve_names, plot_of, plot_of_several
from cortex_tui.tui.render.error_bars import ErrorBar, error_bars
from cortex_tui.tui.render.percentile_plot import LABEL_WIDTH, Plot, Trace, percentile_plot
from cortex_tui.tui.render.text import Line, width_of
from tests.tui.samples import MEDIATOR, SEARCH, known, overloaded, run_view

POINTS = (CurvePoint(0.0, 1_000), CurvePoint(2.0, 100_000), CurvePoint(4.0, 10_000_000))
ENOUGH = 10**6
USUAL = ENOUGH // 10
COMMAND, QUERY, _ = MEDIATOR.profiles


def text_of(line: Line) -> str:
    return "".join(span.text for span in line)


def drawn(plot: Plot, width: int, height: int) -> list[str]:
    return [text_of(line) for line in percentile_plot(plot, width, height)]


def alone(points: tuple[CurvePoint, ...], total: int = ENOUGH, max_ns: int | None = None) -> Plot:
    return Plot((Trace(points, sure_nines(total), max_ns),))


def dots(line: str) -> set[int]:
    return {at for at, cell in enumerate(line[LABEL_WIDTH:]) if "⠀" < cell <= "⣿"}


@pytest.mark.parametrize(("width", "height"), [(32, 10), (50, 18), (80, 12)])
def test_a_curve_rises_from_its_lowest_to_its_highest_label(width: int, height: int) -> None:
    lines = drawn(alone(POINTS, USUAL), width, height)
    assert len(lines) == height
    assert {width_of(line) for line in lines} == {width}
    assert lines[0].startswith("10.0ms ┤")
    assert lines[height - 2].startswith("1.00µs ┤")
    columns = [min(dots(line)) for line in lines[:-1]]
    assert columns == sorted(columns, reverse=True)
    assert max(dots(lines[0])) == width - LABEL_WIDTH - 1


def test_a_straight_line_in_nines_and_logarithms_is_drawn_straight() -> None:
    lines = drawn(alone(POINTS, USUAL), LABEL_WIDTH + 10, 6)
    assert [line[LABEL_WIDTH:] for line in lines[:-1]] == [
        "        ⡠⠊",
        "      ⡠⠊  ",
        "    ⡠⠊    ",
        "  ⡠⠊      ",
        "⡠⠊        ",
    ]


def test_a_linear_axis_begins_at_nothing() -> None:
    lines = drawn(alone(POINTS, USUAL)._replace(linear=True), 50, 18)
    assert lines[0].startswith("10.0ms ┤")
    assert lines[8].startswith("5.00ms ┤")
    assert lines[16].startswith("   0ns ┤")


def test_a_curve_ends_where_its_points_end() -> None:
    lines = drawn(alone((CurvePoint(0.0, 1_000), CurvePoint(2.0, 9_000))), 48, 8)
    assert max(max(dots(line), default=0) for line in lines[:-1]) <= 20


def test_a_curve_is_dotted_where_few_values_lie_beyond_and_up_to_the_maximum() -> None:
    flat = (CurvePoint(0.0, 5_000), CurvePoint(3.0, 5_000))
    plot = alone(flat, 1_000, 40_000)
    line = next(line for line in drawn(plot, 49, 18)[::-1] if dots(line))[LABEL_WIDTH:]
    # Ten of a thousand values lie beyond p99, in the middle of 41 cells.
    assert set(line[:20]) == {line[0]}
    assert " " in line[20:31]
    rise = [line for line in drawn(plot, 49, 18)[:-1] if dots(line) == {30}]
    assert len(rise) >= 12


def test_millions_of_values_have_a_fifth_nine() -> None:
    assert "p99.999" in drawn(alone((*POINTS, CurvePoint(5.0, 10_000_000))), 90, 8)[-1]
    assert "p99.999" not in drawn(alone(POINTS, USUAL), 90, 8)[-1]


def test_equal_values_and_single_points_are_drawn() -> None:
    flat = drawn(alone((CurvePoint(0.0, 5_000), CurvePoint(4.0, 5_000))), 48, 8)
    assert sum(bool(dots(line)) for line in flat[:-1]) == 1
    single = drawn(alone((CurvePoint(0.0, 5_000),), 1, 5_000), 48, 8)
    assert sum(len(dots(line)) for line in single[:-1]) == 1


@pytest.mark.parametrize(("width", "height"), [(0, 0), (5, 3), (17, 9), (40, 2)])
def test_without_room_nothing_is_drawn(width: int, height: int) -> None:
    lines = drawn(alone(POINTS), width, height)
    assert len(lines) == height
    assert all(line.strip() == "" for line in lines)


def test_the_axis_names_percentiles_as_far_as_they_fit() -> None:
    assert drawn(Plot(), 70, 6)[-1].split() == ["p0", "p90", "p99", "p99.9", "p99.99"]
    assert drawn(Plot(), 32, 6)[-1].split() == ["p0", "90", "99", "99.9", "99.99"]


def test_error_bars_stand_at_their_percentiles() -> None:
    bars = error_bars(known().runs[0])
    assert [round(bar.nines, 2) for bar in bars] == [0.30, 1.0, 1.30, 2.0]
    assert bars[-1].high_ns == 1_150_000


def test_the_error_band_is_shaded_behind_the_curve_where_it_is_wider() -> None:
    bars = (ErrorBar(1.0, 9_000, 11_000), ErrorBar(2.0, 20_000, 500_000))
    plain, banded = (
        percentile_plot(alone(POINTS)._replace(bands=(band,)), 50, 18) for band in ((), bars)
    )
    below = [text_of(line) for line in plain]
    for before, after in zip(below, map(text_of, banded), strict=True):
        assert all(a == b or (a, b) == ("▒", " ") for a, b in zip(after, before, strict=True))
    shaded = [at for line in banded for at, cell in enumerate(text_of(line)) if cell == "▒"]
    at_p99 = LABEL_WIDTH + round(2.0 / 5 * 41)
    assert max(shaded) == at_p99
    assert shaded.count(at_p99) > shaded.count(at_p99 - 5)
    tones = {span.tone for line in banded for span in line if "▒" in span.text}
    assert tones == {"dim"}


def test_a_band_beyond_the_right_end_is_not_drawn() -> None:
    assert drawn(
        alone(POINTS)._replace(bands=((ErrorBar(math.inf, 1_000, 2_000),),)), 50, 18
    ) == drawn(alone(POINTS), 50, 18)


def test_the_waiting_of_an_open_load_is_shaded_between_service_and_response() -> None:
    lines = drawn(plot_of(overloaded(0), linear=False), 60, 18)
    picture = "\n".join(lines)
    assert "s service" in picture
    assert "░ waiting" in picture
    columns = {at for line in lines for at, cell in enumerate(line) if cell == "░"}
    assert len(columns) > 30
    closed = "\n".join(drawn(plot_of(run_view(0, COMMAND), linear=False), 60, 18))
    assert "░" not in closed
    assert "service" not in closed


def limited(*targets: TargetResult) -> list[Line]:
    run = run_view(0, COMMAND, targets=targets)
    return percentile_plot(plot_of(run, linear=False), 60, 18)


def test_targets_are_lines_with_their_names_and_marks_where_they_hold() -> None:
    lines = limited(TargetResult("p95 < 300us", 120_000, "met"))
    line = next(line for line in lines if "p95 < 300us" in text_of(line))
    assert {span.tone for span in line if "┄" in span.text} == {"good"}
    assert text_of(line).index("┼") == LABEL_WIDTH + round(1.301 / 4 * 51)
    missed = limited(TargetResult("p99 < 300us", 812_000, "missed"))
    line = next(line for line in missed if "p99 < 300us" in text_of(line))
    assert {span.tone for span in line if "┄" in span.text} == {"bad"}


def test_a_target_has_its_statistic_alone_where_there_is_no_room_for_more() -> None:
    run = run_view(0, COMMAND, targets=(TargetResult("p95 < 300us", 120_000, "met"),))
    lines = percentile_plot(plot_of(run, linear=False), 24, 9)
    (line,) = (text_of(line) for line in lines if "┄" in text_of(line))
    assert "┄ p95 ┄" in line


def test_targets_far_from_the_curve_are_named_with_an_arrow() -> None:
    picture = "\n".join(map(text_of, limited(TargetResult("p95 < 50s", 120_000, "met"))))
    assert "↑ p95 < 50s" in picture
    assert "┄" not in picture
    picture = "\n".join(map(text_of, limited(TargetResult("p50 < 10ns", 62_000, "missed"))))
    assert "↓ p50 < 10ns" in picture


@pytest.mark.parametrize(
    "target", ["errors == 0", "throughput >= 5/s", "mean < 300us", "lateness.p95 < 300us"]
)
def test_targets_on_something_else_have_no_line(target: str) -> None:
    picture = "\n".join(map(text_of, limited(TargetResult(target, 1, "met"))))
    assert "┄" not in picture
    assert target not in picture


def test_the_baseline_is_drawn_dim_behind_the_run_and_named() -> None:
    run, baseline = run_view(0, COMMAND), run_view(0, COMMAND, scale=3)
    lines = percentile_plot(plot_of(run, baseline, "main", linear=False), 60, 18)
    assert "b main" in "\n".join(map(text_of, lines))
    dim = [span.text for line in lines for span in line if span.tone == "dim"]
    assert sum("⠀" < cell <= "⣿" for text in dim for cell in text) > 20
    hostile = plot_of(run, baseline, "\x1b[2J" + "x" * 99, linear=False)
    assert "\x1b" not in "".join(key.text for key in hostile.keys)
    assert max(width_of(key.text) for key in hostile.keys) <= 26


def test_several_curves_have_letters_and_a_list_of_names() -> None:
    runs = [run_view(n, of, scale=n + 1) for n, of in enumerate((COMMAND, QUERY))]
    lines = percentile_plot(plot_of_several(runs, linear=False), 70, 18)
    picture = "\n".join(map(text_of, lines))
    assert picture.count("A") >= 2
    assert picture.count("B") >= 2
    tones = {span.tone for line in lines for span in line}
    assert {"series-1", "series-2"} <= tones
    assert [text_of(line).split() for line in curve_names(runs, 60)][:2] == [
        ["A", "mediator.command-dispatch", "p50", "62.1µs", "p99", "812µs"],
        ["B", "mediator.query-dispatch", "p50", "124µs", "p99", "1.62ms"],
    ]


def test_more_runs_than_letters_are_counted() -> None:
    runs = [run_view(n, COMMAND, scale=n + 1) for n in range(40)]
    assert len(plot_of_several(runs, linear=False).traces) == len(LETTERS)
    text = "\n".join(map(text_of, curve_names(runs, 60)))
    assert f"{40 - len(LETTERS)} more have no curve here" in text
    assert curve_names((), 60) == []


@pytest.mark.parametrize("width", [18, 24, 32, 47, 79, 200])
@pytest.mark.parametrize("linear", [False, True])
def test_every_line_has_the_width_of_the_plot(width: int, linear: bool) -> None:
    run = msgspec.structs.replace(
        overloaded(0),
        confidence_ns=known().runs[0].confidence_ns,
        targets=(TargetResult("p95 < 5ms", 1, "met"), TargetResult("p99 < 90ms", 1, "met")),
    )
    plots = (
        plot_of(run, overloaded(1, scale=80), "main", linear=linear),
        plot_of_several(
            [run_view(n, SEARCH.profiles[0], scale=n + 1) for n in range(9)], linear=linear
        ),
    )
    for plot in plots:
        for height in (3, 9, 40):
            assert {width_of(line) for line in drawn(plot, width, height)} == {width}
