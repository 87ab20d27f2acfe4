"""A run over time as lines: what is chosen for which height, and where it stands."""

from __future__ import annotations

import msgspec
import pytest

from cortex_tui.limits import MAX_INTERVALS
from cortex_tui.loads.staged import Stage, StagedLoad
from cortex_tui.profiles.model import Profile
from cortex_tui.protocol.messages import Health, LevelChanged
from cortex_tui.results.run_fold import RunFold
from cortex_tui.results.run_records import RunInterval, fold_of, interval_records, record_of
from cortex_tui.results.series import RunSeries, TimeWindow
from cortex_tui.results.time_columns import TimeColumns
from cortex_tui.store.records import MarkRecord
from cortex_tui.tui.render.panels import Panel, bars, curves
from cortex_tui.tui.render.text import Line, width_of
from cortex_tui.tui.render.time_axis import LABEL_WIDTH, TimeAxis, axis_for
from cortex_tui.tui.render.timeline import layout, reading, run_marks, timeline
from tests.tui.samples import MEDIATOR, SEARCH, profile, run_view
from tests.tui.series_samples import eventful
from tests.unit.results.folds import measuring
from tests.unit.session.messages import samples
from tests.unit.store import samples as stored_samples

S = 1_000_000_000
STEADY = SEARCH.profiles[0]


def series(tenths: int = 60, **fields: object) -> RunSeries:
    run = eventful(run_view(0, SEARCH.profiles[0]), tenths=tenths, missing=range(40, 44))
    return msgspec.structs.replace(run, **fields)


def text_of(line: Line) -> str:
    return "".join(span.text for span in line)


def drawn(
    run: RunSeries, width: int = 78, height: int = 8, of: Profile = STEADY, **fields: object
) -> list[str]:
    axis = axis_for(run.last_ns, run.slice_ns, width - LABEL_WIDTH)
    columns = TimeColumns().of(run, axis.column_ns)
    marks = run_marks(run, of, ended=False)
    lines = timeline(columns, axis, height, of, marks=marks, **fields)  # type: ignore[arg-type]
    return [text_of(line) for line in lines]


@pytest.mark.parametrize("marks", [False, True])
@pytest.mark.parametrize("level", [False, True])
def test_every_line_has_a_use_whatever_the_height(level: bool, marks: bool) -> None:
    for height in range(2, 70):
        parts = layout(height, marks=marks, level=level)
        assert sum(parts) + 1 == height
        assert min(parts) >= 0


@pytest.mark.parametrize("of", [STEADY, MEDIATOR.profiles[0]])
@pytest.mark.parametrize("height", [*range(2, 16), 28, 57])
@pytest.mark.parametrize("width", [20, 52, 78, 118, 200])
def test_all_lines_are_as_wide_as_the_plot(width: int, height: int, of: Profile) -> None:
    marks = (MarkRecord(S, "a" * 50), MarkRecord(S, "宽字" * 9), MarkRecord(2 * S, "b"))
    lines = drawn(series(marks=marks), width, height, of, cursor=3, window=TimeWindow(0, S))
    assert len(lines) == height
    assert {width_of(line) for line in lines if "1 ms …" not in line} == {width}


def test_without_room_nothing_is_drawn() -> None:
    assert drawn(series(), width=12, height=3) == ["", "", ""]


def test_times_throughput_marks_and_machine_have_room_in_eight_lines() -> None:
    lines = drawn(series(marks=(MarkRecord(2 * S, "500 → 625/s"),)))
    labels = [line[:6].strip() for line in lines]
    assert labels == ["500ms", "p99", "p50", "500µs", "800/s", "marks", "events", ""]
    assert "│500 → 625/s" in lines[5]
    assert "B" in lines[6]
    assert "G" in lines[6]
    assert "S" in lines[6]


def test_a_tall_timeline_has_a_plot_for_each_value_and_a_line_for_each_event() -> None:
    labels = [line[:6].strip() for line in drawn(series(), height=57)]
    order = ["p50", "p99", "max", "done/s", "load", "GC", "block", "steal"]
    assert [label for label in labels if label in order] == order


def test_gaps_are_empty_in_every_plot() -> None:
    lines = drawn(series(), height=30)
    gap = [line[LABEL_WIDTH + 40 : LABEL_WIDTH + 44] for line in lines[:25]]
    assert set(gap) == {"    "}


def test_marks_at_one_moment_share_a_tick_and_texts_end_before_the_next() -> None:
    marks = (
        MarkRecord(S, "paused"),
        MarkRecord(S, "resumed after 1.2 s"),
        MarkRecord(2 * S, "note"),
    )
    lines = drawn(series(marks=marks))
    assert "│paused, …│note" in lines[5]


def test_stages_of_the_load_and_the_wait_for_the_last_operations_are_marks() -> None:
    stages = (Stage(100.0, 2 * S), Stage(400.0, 2 * S, ramp=True), Stage(400.0, 20 * S))
    staged = profile("search", "staged", load=StagedLoad(of="rate", stages=stages))
    run = msgspec.structs.replace(series(), end_ns=5 * S)
    found = [(mark.offset_ns / S, mark.text) for mark in run_marks(run, staged, ended=True)]
    assert found == [(2, "to 400/s"), (4, "stays 400/s"), (5, "in flight awaited")]
    assert run_marks(series(), STEADY, ended=True) == ()


def test_the_reading_reports_the_column_and_what_happened_in_it() -> None:
    run = series()
    columns = TimeColumns().of(run, S // 10)
    mark = MarkRecord(21 * S // 10, "paused")
    window = TimeWindow(21 * S // 10, 22 * S // 10)
    assert reading(columns[21], window, [mark], STEADY) == (
        "2.1s–2.2s  p50 36ms  p99 47ms  max 47ms  400/s  2 errors  block 129ms  paused  load 400/s"
        "  blocked at prices.py:21 in lookup"
    )
    assert reading(None, TimeWindow(4 * S, 5 * S), [], STEADY) == "4s–5s  nothing ended"


AXIS = TimeAxis(S, 1, 10)


def texts(panel: Panel) -> list[str]:
    return [text_of(panel.plot.line(row)) for row in range(len(panel.labels))]


def test_a_curve_lies_between_round_values_and_breaks_at_gaps() -> None:
    panel = curves([("p50", [1_200_000, 1_200_000, None, 4_900_000], "plain")], AXIS, 4)
    assert [label.strip(" ┤│") for label in panel.labels] == ["5.0ms", "p50", "", "1.0ms"]
    rows = texts(panel)
    assert [line[2] for line in rows] == [" "] * 4
    assert rows[0][3] != " "
    assert rows[3][:2] != "  "


def test_equal_values_have_a_scale_too() -> None:
    panel = curves([("p50", [1_000_000] * 5, "plain")], AXIS, 3)
    assert sum(cell != " " for line in texts(panel) for cell in line) == 5


def test_bars_begin_at_zero_and_zero_is_not_a_gap() -> None:
    panel = bars("done/s", [800.0, 400.0, 1.0, 0.0, None], AXIS, 2, lambda value: f"{value:g}")
    assert [line[:5] for line in texts(panel)] == ["█    ", "██▁_ "]
    assert [label.strip(" ┤") for label in panel.labels] == ["800", "done/s"]


def test_without_a_value_plots_are_empty_and_named() -> None:
    assert bars("done/s", [None], AXIS, 1, str).labels == ["done/s ┤"]
    empty = curves([("p50", [None], "plain")], AXIS, 3)
    assert "".join(texts(empty)).strip() == ""
    assert "p50" in empty.labels[1]


def read_back(fold: RunFold) -> RunFold:
    """The run after it was stored."""
    length = fold.intervals.length
    parts = [RunInterval(0, slot * length, length, each) for slot, each in fold.intervals]
    records = interval_records(parts)
    return fold_of(record_of(fold, {}), records, stored_samples.session(), "finished")


@pytest.mark.parametrize("last", [6, MAX_INTERVALS + 6])
def test_the_load_continues_while_the_event_loop_is_blocked(last: int) -> None:
    fold = measuring(load=STEADY.load)
    fold.change_level(LevelChanged(0, 500.0, 0))
    blocked = Health(loop_lag_ns=300_000_000)
    for number in (0, 1, 5, 6, last):
        spanned = dict.fromkeys((2, 3, 4), blocked) if number == 5 else {}
        at_ns = (number + 1) * S // 10
        fold.add(samples(number, [1_000], spanned=spanned, at_ns=at_ns))
    for run in (fold.series(), read_back(fold).series()):
        columns = TimeColumns().of(run, run.slice_ns)[:4]
        axis = axis_for(run.slice_ns * 4, run.slice_ns, 40)
        lines = [text_of(each) for each in timeline(columns, axis, 30, STEADY)]
        load = next(line for line in lines if line.startswith("  load"))
        assert load[LABEL_WIDTH:].rstrip() == "█" * 4 * axis.wide
