"""Latency over time as a heat map: counts, scales, colours and readings."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Sequence

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray
from rich.color import Color, ColorSystem
from textual.theme import BUILTIN_THEMES

from cortex_tui.results.latency_rows import LatencyBounds, latency_rows
from cortex_tui.results.series import RunSeries
from cortex_tui.results.time_columns import TimeColumn, TimeColumns
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.tui.render.heat_scale import KINDS, Kind, heat_scale
from cortex_tui.tui.render.heatmap import Cell, HeatPicture, heat_picture
from cortex_tui.tui.render.ramp import ON_DARK, ON_LIGHT, SHADES, text_on
from cortex_tui.tui.render.time_axis import LABEL_WIDTH, axis_for
from cortex_tui.tui.state.heat import HeatMemory
from tests.tui.samples import SEARCH, run_view
from tests.tui.series_samples import eventful

TENTH_NS = 100_000_000
S = 1_000_000_000


def series(tenths: int = 60) -> RunSeries:
    return eventful(run_view(0, SEARCH.profiles[0]), tenths=tenths, missing=range(40, 44))


def columns_of(run: RunSeries, each: int = 1) -> tuple[TimeColumn | None, ...]:
    return TimeColumns().of(run, each * TENTH_NS)


def pictured(
    run: RunSeries, rows: int = 12, *, kind: Kind = "sqrt", halves: bool = True, cells: int = 70
) -> HeatPicture:
    axis = axis_for(run.last_ns, run.slice_ns, cells)
    columns = TimeColumns().of(run, axis.column_ns)
    bounds = LatencyBounds().of(columns)
    assert bounds is not None
    latencies = latency_rows(*bounds, rows)
    counts = np.stack(
        [
            np.zeros(rows, np.int64) if column is None else latencies.counts_of(column.times)
            for column in columns
        ],
        axis=1,
    )
    scale = heat_scale(kind, latencies, counts, 8 if halves else len(SHADES))
    return heat_picture(columns, axis, scale, counts, halves=halves)


def text_of(picture: HeatPicture) -> list[str]:
    return ["".join(cell.text for cell in picture.line(y)) for y in range(len(picture.labels))]


def times(*values_ns: int) -> IntervalHistogram:
    return IntervalHistogram.of(struct.pack(f"{len(values_ns)}q", *values_ns))


# --- rows -----------------------------------------------------------------------------------------


def test_rows_go_from_the_one_percent_quantile_to_the_real_maximum() -> None:
    run = series()
    merged = run.merged()
    assert LatencyBounds().of(columns_of(run)) == (merged.percentiles([0.01])[0], merged.max_ns)


@pytest.mark.parametrize("each", [1, 3])
def test_the_rows_of_a_run_that_is_measured_are_those_of_all_its_columns(each: int) -> None:
    run, kept, columns = series(), LatencyBounds(), TimeColumns()
    for tenths in (5, 6, 9, 40, 41, 60, 7):  # the last as of another run
        part = msgspec.structs.replace(run, slices=run.slices[:tenths])
        found = columns.of(part, each * TENTH_NS)
        assert kept.of(found) == LatencyBounds().of(found)


@pytest.mark.parametrize("rows", [1, 2, 12, 80])
def test_every_value_is_counted_in_one_row(rows: int) -> None:
    run = series()
    picture = pictured(run, rows, halves=False)
    assert picture.counts.sum() == run.merged().total
    per_column = [0 if c is None else c.operations for c in columns_of(run)]
    assert picture.counts.sum(axis=0).tolist() == per_column


def test_a_value_is_in_the_row_whose_bounds_hold_it() -> None:
    latencies = latency_rows(1_000_000, 64_000_000, 6)
    assert [latencies.bounds_ns(row)[0] / 1e6 for row in range(6)] == pytest.approx(
        [1, 2, 4, 8, 16, 32], rel=1e-3
    )
    for value, row in ((1, 0), (1_500_000, 0), (5_000_000, 2), (64_000_000, 5), (10**12, 5)):
        assert latencies.row_of(value) == row
        assert latencies.counts_of(times(value)).nonzero()[0].tolist() == [row]


def test_values_beyond_an_hour_and_the_fastest_few_are_counted_too() -> None:
    latencies = latency_rows(1_000, 1_000_000, 4)
    counts = latencies.counts_of(times(1, 500_000, 2 * 3_600 * S))
    assert counts.sum() == 3
    assert (counts[0], counts[-1]) == (1, 2)


def test_noise_does_not_fill_the_height() -> None:
    run = series(1)
    narrow = msgspec.structs.replace(run.slices[0], response=times(1_000_000, 1_010_000))
    low, high = LatencyBounds().of(columns_of(msgspec.structs.replace(run, slices=(narrow,)))) or (
        0,
        0,
    )
    assert (low, high) == (505_000, 1_010_000)
    assert LatencyBounds().of((None,)) is None


# --- levels ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("levels", [7, 8])
@pytest.mark.parametrize("kind", KINDS)
def test_whatever_the_scale_no_operation_is_invisible_and_the_most_have_the_last_level(
    kind: Kind, levels: int
) -> None:
    rng = np.random.default_rng(3)
    counts = rng.geometric(0.01, (20, 50)) * rng.integers(0, 2, (20, 50))
    scale = heat_scale(kind, latency_rows(1, 1_000_000, 20), counts, levels)
    found = scale.levels_of(counts)
    assert ((found > 0) == (counts > 0)).all()
    assert found.max() == levels
    assert found[np.unravel_index(counts.argmax(), counts.shape)] == levels
    if kind != "column":
        order = counts.ravel().argsort()
        assert (np.diff(found.ravel()[order].astype(int)) >= 0).all()


def counted(counts: Sequence[int], kind: Kind) -> list[int]:
    array = np.array([counts])
    scale = heat_scale(kind, latency_rows(1, 1_000, 1), array, 8)
    return [int(level) for level in scale.levels_of(array)[0]]


def test_the_square_root_the_proportion_and_the_rank_give_their_levels() -> None:
    counts = [0, 1, 4, 16, 36, 64]
    assert counted(counts, "sqrt") == [0, 1, 2, 4, 6, 8]
    assert counted(counts, "linear") == [0, 1, 1, 2, 5, 8]
    assert counted(counts, "rank") == [0, 2, 4, 5, 7, 8]


def test_by_column_each_column_has_its_own_most() -> None:
    counts = np.array([[64, 1, 0], [16, 4, 0]])
    scale = heat_scale("column", latency_rows(1, 1_000, 2), counts, 8)
    assert scale.levels_of(counts).tolist() == [[8, 4, 0], [4, 8, 0]]


@pytest.mark.parametrize("kind", KINDS)
def test_the_legend_has_every_count_in_the_level_that_is_drawn(kind: Kind) -> None:
    counts = np.arange(200).reshape(10, 20)
    scale = heat_scale(kind, latency_rows(1, 1_000_000, 10), counts, 8)
    levels = scale.levels_of(counts)
    for count, level in zip(counts.ravel().tolist(), levels.ravel().tolist(), strict=True):
        if kind != "column" and count:
            ((found, *_),) = [each for each in scale.ranges() if each[1] <= count <= each[2]]
            assert found == level
    cells = legend(counts, kind)
    assert [cell.level for cell in cells if cell.level] == [each[0] for each in scale.ranges()]
    assert sum(len(cell.text) for cell in cells) <= 60


def legend(
    counts: NDArray[np.int64], kind: Kind, *, halves: bool = True, batch: int = 1
) -> list[Cell]:
    """That of a picture of these counts."""
    rows, columns = counts.shape
    scale = heat_scale(kind, latency_rows(1, 1_000_000, rows), counts, 8 if halves else len(SHADES))
    axis = axis_for(S, TENTH_NS, 70)
    picture = heat_picture([None] * columns, axis, scale, counts, halves=halves, batch=batch)
    return picture.legend()


def test_the_legend_of_a_few_operations_has_a_swatch_for_each_count() -> None:
    counts = np.array([[1, 2, 0], [0, 0, 0]])
    assert "".join(cell.text for cell in legend(counts, "sqrt")) == "█1 █2 "
    batches = legend(counts, "sqrt", halves=False, batch=256)
    assert "".join(cell.text for cell in batches) == "+256 #512 "


# --- the scale over time --------------------------------------------------------------------------


def scaled(memory: HeatMemory, run: RunSeries, *, live: bool = True) -> tuple[int, int]:
    """The upper end of the scale and its greatest count."""
    found = memory.scaled(columns_of(run), 12, 8, made_for=None, last_ns=run.last_ns, live=live)
    assert found is not None
    scale, counts = found
    assert counts.sum() == run.merged().total
    return scale.rows.high_ns, scale.most


def slower(run: RunSeries, value_ns: int) -> RunSeries:
    """With one more interval, in which an operation took so long."""
    last = msgspec.structs.replace(
        run.slices[-1],
        from_ns=run.last_ns,
        until_ns=run.last_ns + TENTH_NS,
        response=times(value_ns),
        service=times(value_ns),
    )
    return msgspec.structs.replace(run, slices=(*run.slices, last), end_ns=run.end_ns + TENTH_NS)


def test_the_scale_stays_until_the_maximum_has_doubled_and_then_has_a_mark() -> None:
    memory, run = HeatMemory(), series(19)
    before = scaled(memory, run)
    assert scaled(memory, slower(run, int(1.9 * before[0]))) == before
    assert memory.rescaled_ns is None
    longer = slower(run, 3 * before[0])
    assert scaled(memory, longer)[0] == 3 * before[0]
    assert memory.rescaled_ns == longer.last_ns


def test_a_run_that_has_ended_and_a_key_fit_the_scale_anew_without_a_mark() -> None:
    memory, run = HeatMemory(), series(19)
    high, _ = scaled(memory, run)
    grown = slower(run, int(1.5 * high))
    assert scaled(memory, grown)[0] == high
    memory.next_kind()
    assert scaled(memory, grown)[0] == int(1.5 * high)
    assert scaled(memory, slower(run, int(1.7 * high)), live=False)[0] == int(1.7 * high)
    assert memory.rescaled_ns is None
    assert memory.kind == "rank"


# --- the picture ----------------------------------------------------------------------------------


def grown(run: RunSeries, tenths: int) -> RunSeries:
    """What there was of a run after that number of tenths of a second."""
    end_ns = tenths * TENTH_NS
    slices = tuple(each for each in run.slices if each.until_ns <= end_ns)
    return msgspec.structs.replace(run, slices=slices, end_ns=end_ns)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("halves", [True, False])
def test_of_a_run_that_grows_the_picture_is_that_of_all_its_columns(
    halves: bool, kind: Kind
) -> None:
    memory, run = HeatMemory(), series(150)
    while memory.kind != kind:
        memory.next_kind()
    scales = set()
    for tenths in (*range(1, 48), *range(60, 150, 7)):
        now = grown(run, tenths)
        if tenths == 47:
            # What is late by some intervals changes a column in the middle.
            late = msgspec.structs.replace(now.slices[20], response=times(10**6, 10**7))
            now = msgspec.structs.replace(now, slices=(*now.slices[:20], late, *now.slices[21:]))
        axis = axis_for(now.last_ns, now.slice_ns, 61)
        picture = memory.picture(now, axis, 9, halves=halves, topic=1, live=True)
        assert picture is not None
        columns, rows = TimeColumns().of(now, axis.column_ns), picture.scale.rows
        none = np.zeros(rows.number, np.int64)
        counts = np.stack([rows.counts_of(c.times) if c else none for c in columns], axis=1)
        anew = heat_picture(columns, axis, picture.scale, counts, halves=halves)
        assert (picture.counts == counts).all()
        assert (picture.levels == anew.levels).all()
        assert (picture.keys == anew.keys).all()
        assert picture.labels == anew.labels
        scales.add((axis, picture.scale))
    assert len(scales) > 2


@pytest.mark.parametrize("halves", [True, False])
def test_a_cell_is_empty_exactly_where_nothing_ended(halves: bool) -> None:
    picture = pictured(series(), halves=halves)
    lines = text_of(picture)
    assert len(lines) == (6 if halves else 12)
    assert {len(line) for line in lines} == {70}
    for y, line in enumerate(lines):
        for x, cell in enumerate(line):
            if halves:
                rows = picture.row_at(y), picture.row_at(y) - 1
            else:
                rows = (picture.row_at(y),) * 2
            within = x < picture.counts.shape[1]
            filled = within and any(picture.counts[row, x] for row in rows)
            assert (cell != " ") == filled
    assert all(line[40:44] == "    " for line in lines)


def test_both_halves_of_a_cell_have_the_colour_of_their_row() -> None:
    picture = pictured(series())
    for y, x in itertools.product(range(6), range(60)):
        upper, lower = (int(picture.levels[picture.row_at(y) - at, x]) for at in (0, 1))
        cell = next(c for at, c in spread(picture, y) if at == x)
        if cell.sign:
            continue
        shown = {
            " ": (0, 0),
            "█": (cell.level, cell.level),
            "▀": (cell.level, cell.behind),
            "▄": (0, cell.level),
        }[cell.text]
        assert shown == (upper, lower)


def spread(picture: HeatPicture, y: int) -> list[tuple[int, Cell]]:
    cells = [c._replace(text=text) for c in picture.line(y) for text in c.text]
    return list(enumerate(cells))


def test_shades_are_denser_where_more_operations_ended() -> None:
    picture = pictured(series(), halves=False)
    for y, line in enumerate(text_of(picture)):
        for x, cell in enumerate(line[:60]):
            if cell in SHADES:
                assert SHADES.index(cell) == picture.levels[picture.row_at(y), x] - 1


def test_a_slice_is_as_wide_as_it_is() -> None:
    picture = pictured(series(20), cells=61)
    assert picture.axis.wide == 3
    for line in text_of(picture):
        quiet = [line[at : at + 3] for at in range(0, 60, 3)]
        assert all(len(set(cells)) == 1 or set(cells) & {"○", "●"} for cells in quiet)


def test_the_labels_name_both_ends_and_round_values_between_them() -> None:
    picture = pictured(series(), 24)
    labels = [label[:6].strip() for label in picture.labels]
    low, high = picture.scale.rows.low_ns, picture.scale.rows.high_ns
    assert labels[0] == f"{high / 1e6:.0f}ms"
    assert labels[-1] == f"{low / 1e3:.0f}µs"
    assert {"2.0ms", "10ms", "50ms"} <= set(labels)
    assert {len(label) for label in picture.labels} == {LABEL_WIDTH}


def test_a_cell_is_read_out_with_its_time_its_latency_its_count_and_its_share() -> None:
    picture = pictured(series(), 12)
    top = picture.scale.rows.number - 1
    assert picture.reading(20, top) == "2s–2.1s  131ms–217ms  3 of 40 (7.5 %)"
    assert picture.reading(42, 3) == "4.2s–4.3s  nothing ended"
    assert picture.reading(500, 3).endswith("nothing ended")
    for row in range(12):
        count = int(picture.counts[row, 5])
        assert f"  {count} of 40" in picture.reading(5, row)


# --- colours --------------------------------------------------------------------------------------


def lightness(colour: str) -> float:
    """CIE L* of an sRGB colour."""
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in Color.parse(colour).get_truecolor().normalized
    ]
    y = sum(w * part for w, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    return float(116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y)


@pytest.mark.parametrize("ramp", [ON_DARK, ON_LIGHT])
def test_the_levels_are_even_steps_of_lightness(ramp: Sequence[str]) -> None:
    steps = np.diff([lightness(colour) for colour in ramp])
    assert len(ramp) == 8
    assert np.ptp(steps) < 1.0
    assert np.abs(steps).min() > 7


# Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision
# Deficiency", IEEE TVCG 15(6), 2009: severity 1.0, applied to linear RGB.
DEFICIENCIES = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
@pytest.mark.parametrize("ramp", [ON_DARK, ON_LIGHT])
def test_colour_blind_people_see_the_levels_in_their_order(
    ramp: Sequence[str], deficiency: str
) -> None:
    seen = []
    for colour in ramp:
        linear = [
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
            for part in Color.parse(colour).get_truecolor().normalized
        ]
        red, green, blue = np.clip(np.array(DEFICIENCIES[deficiency]) @ linear, 0, 1)
        y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
        seen.append(116 * y ** (1 / 3) - 16)
    steps = np.diff(seen)
    assert (np.sign(steps) == np.sign(steps[0])).all()
    assert np.abs(steps).min() > 4


def test_the_fewest_operations_differ_from_the_background_in_every_theme() -> None:
    for theme in BUILTIN_THEMES.values():
        if theme.ansi:
            continue
        background = theme.to_color_system().generate()["background"]
        first = (ON_DARK if theme.dark else ON_LIGHT)[0]
        assert abs(lightness(first) - lightness(background)) > 10, theme.name


def test_terminals_of_256_colours_show_eight_of_them() -> None:
    for ramp in (ON_DARK, ON_LIGHT):
        shown = {Color.parse(c).downgrade(ColorSystem.EIGHT_BIT).number for c in ramp}
        assert len(shown) == 8


@pytest.mark.parametrize("dark", [True, False])
def test_signs_can_be_read_on_every_level(dark: bool) -> None:
    for level, colour in enumerate(ON_DARK if dark else ON_LIGHT, start=1):
        assert abs(lightness(text_on(level, dark=dark)) - lightness(colour)) > 40
    assert text_on(0, dark=dark) == ("#ffffff" if dark else "#000000")
