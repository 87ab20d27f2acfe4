"""The axis of time that pictures of a run have in common."""

from __future__ import annotations

from itertools import pairwise

import pytest

from cortex_tui.results.series import TimeWindow
from cortex_tui.tui.render.time_axis import axis_for, axis_line, clock_text, ticks

S = 1_000_000_000
TENTH_NS = S // 10


def text_of(*args: object, **kwargs: object) -> str:
    return "".join(span.text for span in axis_line(*args, **kwargs))


@pytest.mark.parametrize("cells", [10, 68, 70, 113, 192])
@pytest.mark.parametrize("slices", [0, 1, 19, 20, 21, 68, 69, 300, 1_200])
def test_a_run_takes_half_of_the_axis_or_more_in_columns_of_whole_slices(
    slices: int, cells: int
) -> None:
    axis = axis_for(slices * TENTH_NS, TENTH_NS, cells)
    assert axis.column_ns % TENTH_NS == 0
    assert axis.wide == 1 or axis.column_ns == TENTH_NS
    assert axis.until_ns >= slices * TENTH_NS
    if slices >= 20:
        assert slices * TENTH_NS * 2 >= axis.until_ns - axis.column_ns


def test_the_axis_stays_while_a_run_grows_within_it() -> None:
    axes = [axis_for(at * TENTH_NS, TENTH_NS, 68) for at in range(1_200)]
    changes = sum(before != after for before, after in pairwise(axes))
    assert changes < 20


@pytest.mark.parametrize("cells", [12, 40, 68, 110, 190])
@pytest.mark.parametrize("seconds", [1, 3, 10, 47, 120, 600, 3_600, 90_000])
def test_ticks_stand_at_round_moments_and_do_not_touch(seconds: int, cells: int) -> None:
    axis = axis_for(seconds * S, max(TENTH_NS, seconds * S // 1_200), cells)
    found = ticks(axis)
    assert found[0] == (0, "0s")
    ends = [cell + 1 + len(text) for cell, text in found]
    assert all(end < cell for end, (cell, _) in zip(ends, found[1:], strict=False))
    assert ends[-1] <= cells
    assert cells < 40 or len(found) > 2


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (0.5, "0.5s"), (12, "12s"), (60, "1m"), (90, "1m30s"), (3_900, "1h05m")],
)
def test_moments_are_in_seconds_then_minutes_then_hours(seconds: float, text: str) -> None:
    assert clock_text(round(seconds * S)) == text


def test_the_window_stands_in_brackets_on_the_axis() -> None:
    axis = axis_for(6 * S, TENTH_NS, 68)
    line = text_of(axis, window=TimeWindow(2 * S, 4 * S))
    assert (line.index("["), line.index("]")) == (20, 39)
    assert len(line) == 68
    short = text_of(axis, window=TimeWindow(2 * S, 2 * S + TENTH_NS))
    assert "[]" in short
    assert text_of(axis, window=TimeWindow(60 * S, 61 * S)) == text_of(axis)


def test_the_cursor_is_an_arrow_and_what_is_beyond_the_axis_is_left_out() -> None:
    axis = axis_for(6 * S, TENTH_NS, 68)
    assert text_of(axis, cursor=7).index("▲") == 7
    assert "▲" not in text_of(axis, cursor=68)
    assert text_of(axis, signs=((3, "↕"), (99, "↕"))).count("↕") == 1


def test_columns_and_cells_find_each_other() -> None:
    axis = axis_for(2 * S, TENTH_NS, 61)
    assert axis.wide == 3
    assert axis.column_at(axis.cell_of(S)) == 10
    assert axis.column_at(-5) == 0
    assert axis.columns(7, 3) == TimeWindow(3 * TENTH_NS, 8 * TENTH_NS)
