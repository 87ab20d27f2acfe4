"""Columns of whole intervals: exact, and made again only where something changed."""

from __future__ import annotations

import msgspec
import pytest

from cortex_tui.results.series import RunSeries
from cortex_tui.results.time_columns import TimeColumns
from cortex_tui.stats.histogram import Histogram
from tests.tui.samples import SEARCH, run_view
from tests.tui.series_samples import eventful

TENTH_NS = 100_000_000


def series(tenths: int, missing: range = range(0)) -> RunSeries:
    return eventful(run_view(0, SEARCH.profiles[0]), tenths=tenths, missing=missing)


@pytest.mark.parametrize("each", [1, 3, 7])
def test_a_column_has_exactly_the_values_of_its_intervals(each: int) -> None:
    run = series(40)
    columns = TimeColumns().of(run, each * TENTH_NS)
    assert len(columns) == -(-40 // each)
    for number, column in enumerate(columns):
        assert column is not None
        part = run.within(column.window)
        assert part.slices == run.slices[number * each : (number + 1) * each]
        expected = Histogram.of_intervals(part.times())
        assert [column.p50_ns, column.p99_ns] == expected.percentiles([0.5, 0.99])
        assert column.max_ns == expected.max_ns
        assert column.times.total == expected.total == column.operations


def test_throughput_is_what_ended_over_the_time_that_was_measured() -> None:
    run = msgspec.structs.replace(series(45), end_ns=int(4.4 * 10 * TENTH_NS))
    columns = TimeColumns().of(run, 10 * TENTH_NS)
    rates = [column.throughput_per_s for column in columns if column is not None]
    # 40 operations in each tenth of a second, twice as many from the 30th on. The last column is
    # measured to 4.4 s; what ended after that has only been awaited.
    assert rates == pytest.approx([400, 400, 400, 800, 800])
    last = columns[-1]
    assert last is not None
    assert last.operations == 5 * 80
    (drained,) = TimeColumns().of(msgspec.structs.replace(run, slices=run.slices[-1:]), TENTH_NS)[
        -1:
    ]
    assert drained is not None
    assert drained.throughput_per_s is None


def test_a_column_without_an_interval_is_a_gap_and_one_with_some_is_not() -> None:
    columns = TimeColumns().of(series(20, missing=range(5, 11)), 5 * TENTH_NS)
    assert [column is not None for column in columns] == [True, False, True, True]
    third = columns[2]
    assert third is not None
    assert third.operations == 4 * 40
    # The time without an interval belongs to the run: nothing ended in it.
    assert third.throughput_per_s == pytest.approx(4 * 40 / 0.5)


def test_only_columns_with_something_new_are_made_again() -> None:
    keeper, run = TimeColumns(), series(23)
    before = keeper.of(run, 5 * TENTH_NS)
    longer = series(1)
    grown = msgspec.structs.replace(
        run,
        slices=(*run.slices, msgspec.structs.replace(longer.slices[0], from_ns=23 * TENTH_NS)),
        end_ns=24 * TENTH_NS,
    )
    after = keeper.of(grown, 5 * TENTH_NS)
    assert [a is b for a, b in zip(before, after, strict=True)] == [True] * 4 + [False]
    assert before[-1] is not None
    assert after[-1] is not None
    assert after[-1].operations == before[-1].operations + grown.slices[-1].service.total


def test_what_went_on_in_a_column_is_the_sum_or_the_longest_of_its_intervals() -> None:
    (column,) = TimeColumns().of(series(24), 24 * TENTH_NS)
    assert column is not None
    assert column.health.loop_lag_ns == 129_000_000
    assert column.health.gc_pause_ns == 2 * 4_000_000
    assert column.health.steal_ns == 20_000_000
    assert column.errors == 2


def test_columns_made_a_few_at_a_time_are_those_that_are_made_at_once() -> None:
    keeper, run, each = TimeColumns(), series(240, missing=range(40, 52)), 3
    pieces = 1
    while not keeper.make(run, each * TENTH_NS, most=20):
        pieces += 1
    assert pieces == -(-228 // 21)  # of whole columns, 20 slices and a few more
    expected = TimeColumns().of(run, each * TENTH_NS)
    found = keeper.of(run, each * TENTH_NS)
    assert len(found) == len(expected) == 80
    for a, b in zip(found, expected, strict=True):
        assert (a is None) == (b is None)
        if a is not None and b is not None:
            assert (a.window, a.operations, a.health) == (b.window, b.operations, b.health)
            assert (a.p50_ns, a.p99_ns, a.max_ns) == (b.p50_ns, b.p99_ns, b.max_ns)


def test_a_piece_of_columns_makes_nothing_again() -> None:
    keeper, run = TimeColumns(), series(60)
    assert keeper.make(run, TENTH_NS, most=60)
    before = keeper.of(run, TENTH_NS)
    assert keeper.make(run, TENTH_NS, most=1)
    assert all(a is b for a, b in zip(before, keeper.of(run, TENTH_NS), strict=True))
