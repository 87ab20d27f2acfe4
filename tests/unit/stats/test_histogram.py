"""Histograms count as the reference library does, to the bit, and lose nothing when merged."""

from __future__ import annotations

import os
import statistics
from array import array
from typing import Any

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import example, given
from hypothesis import strategies as st

from cortex_tui.stats.buckets import (
    HIGHEST_BY_INDEX,
    HIGHEST_NS,
    SIZE,
    highest_of,
    index_of,
    lowest_of,
)
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.stats.moments import Moments
from tests.unit.stats.recorded import EDGES, durations, folded, lists, raw


def library(values: list[int]) -> Any:
    histogram = HdrHistogram(1, HIGHEST_NS, 3)
    for value in values:
        assert histogram.record_value(value)
    return histogram


def counts(histogram: Histogram) -> bytes:
    """The counts as the library itself decodes them."""
    return bytes(HdrHistogram.decode(histogram.encode_text()).counts)


@given(lists)
@example(EDGES)
def test_folding_a_buffer_counts_as_recording_each_value(values: list[int]) -> None:
    assert counts(folded(values)) == bytes(library(values).counts)


def test_every_boundary_of_a_bucket_is_where_the_library_has_it() -> None:
    reference = HdrHistogram(1, HIGHEST_NS, 3)
    for index in range(0, index_of(HIGHEST_NS), 7):
        low, high = lowest_of(index), highest_of(index)
        assert low == reference.get_value_from_index(index)
        assert high == reference.get_highest_equivalent_value(low)
        assert index_of(low) == index_of(min(high, HIGHEST_NS)) == index
        assert IntervalHistogram.of(raw([low])).indices.tolist() == [index]


@given(st.lists(durations, min_size=1, max_size=300), st.lists(st.integers(0, 100_000), max_size=6))
@example([5], [0, 50_000, 99_999, 100_000])
@example([4_097, 4_099], [0, 1, 50_000])  # of one bucket
def test_percentiles_are_the_library_s_within_the_extremes(
    values: list[int], thousandths: list[int]
) -> None:
    reference = library(values)
    quantiles = [t / 100_000 for t in thousandths]
    percents = [t / 1_000 for t in thousandths]
    assert folded(values).percentiles(quantiles) == [
        min(max(reference.get_value_at_percentile(percent), min(values)), max(values))
        for percent in percents
    ]


@given(st.lists(durations, min_size=1, max_size=300))
def test_no_percentile_lies_beyond_what_was_recorded(values: list[int]) -> None:
    lowest, highest = min(values), max(values)
    histogram, interval = folded(values), IntervalHistogram.of(raw(values))
    found = [*histogram.percentiles([0.0, 0.001, 0.5, 0.999, 1.0]), interval.percentile(0.999)]
    found += [value for _, value in histogram.curve()]
    assert all(value is not None and lowest <= value <= highest for value in found)


@given(st.lists(durations, min_size=2, max_size=300))
def test_extremes_are_exact_and_mean_and_stddev_those_of_the_values(values: list[int]) -> None:
    histogram = folded(values)
    assert (histogram.total, histogram.min_ns, histogram.max_ns) == (
        len(values),
        min(values),
        max(values),
    )
    assert histogram.mean_ns == pytest.approx(statistics.mean(values), rel=1e-12)
    assert histogram.stddev_ns == pytest.approx(statistics.stdev(values), rel=1e-9, abs=1e-3)


@given(st.lists(lists, max_size=8))
def test_merged_intervals_are_the_whole_run(intervals: list[list[int]]) -> None:
    whole = Histogram()
    merged = Histogram()
    pairwise = IntervalHistogram.of(b"")
    for values in intervals:
        whole.fold(raw(values))
        interval = IntervalHistogram.of(raw(values))
        merged.add_interval(interval)
        pairwise = pairwise.merge(interval)
    assert merged.encode() == whole.encode() == pairwise.encode()
    assert merged.moments == whole.moments == pairwise.moments
    assert counts(whole) == bytes(library([v for values in intervals for v in values]).counts)


@given(lists, lists)
def test_adding_histograms_adds_their_values(a: list[int], b: list[int]) -> None:
    histogram = folded(a)
    histogram.add(folded(b))
    assert counts(histogram) == counts(folded(a + b))
    assert (histogram.min_ns, histogram.max_ns) == (
        min(a + b, default=None),
        max(a + b, default=None),
    )


def test_a_copy_goes_its_own_way() -> None:
    histogram = folded([5, 7])
    twin = histogram.copy()
    twin.fold(raw([9]))
    assert (histogram.total, histogram.max_ns) == (2, 7)
    assert (twin.total, twin.max_ns) == (3, 9)


def test_a_forked_process_counts_for_itself() -> None:
    histogram = folded([5])
    alone = histogram.encode()
    child = os.fork()
    if child == 0:
        histogram.fold(raw([5, 5]))
        os._exit(histogram.total)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
    assert histogram.encode() == alone


def test_a_histogram_keeps_no_file_open() -> None:
    free = os.dup(0)
    os.close(free)
    histogram = folded([5])
    still_free = os.dup(0)
    os.close(still_free)
    assert (histogram.total, still_free) == (1, free)


def test_a_value_above_an_hour_overflows_and_shows_in_max_alone() -> None:
    histogram = folded([10, 20, HIGHEST_NS + 1, 2**62])
    assert (histogram.total, histogram.overflow) == (2, 2)
    assert (histogram.min_ns, histogram.max_ns, histogram.mean_ns) == (10, 2**62, 15.0)
    assert histogram.percentiles([1.0]) == [20]
    alone = folded([HIGHEST_NS + 5])
    assert (alone.total, alone.overflow, alone.min_ns) == (0, 1, HIGHEST_NS + 5)
    assert (alone.mean_ns, alone.percentiles([0.5]), alone.curve()) == (None, [None], [])


def test_a_negative_value_counts_as_0() -> None:
    histogram = folded([-5, -1, 3])
    assert (histogram.total, histogram.min_ns, histogram.percentiles([0.5])) == (3, 0, [0])
    alone = folded([-5, -1])
    assert (alone.total, alone.min_ns, alone.max_ns, alone.mean_ns) == (2, 0, 0, 0.0)


def test_an_empty_histogram_has_no_statistics() -> None:
    empty = Histogram()
    empty.fold(b"")
    assert (empty.total, empty.min_ns, empty.max_ns, empty.mean_ns) == (0, None, None, None)
    assert (empty.stddev_ns, empty.percentiles([0.5, 0.9])) == (None, [None, None])
    assert Histogram.decode(empty.encode_text()).total == 0


def test_half_a_value_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple"):
        Histogram().fold(b"\0" * 12)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_buffer_will_do(kind: type[bytes]) -> None:
    histogram = Histogram()
    histogram.fold(kind(raw([1, 2, 3])))
    histogram.fold(array("q", [4]))
    assert (histogram.total, histogram.max_ns) == (4, 4)


def test_count_above_counts_by_bucket_and_includes_overflow() -> None:
    histogram = folded([10, 20, 5_000_000, HIGHEST_NS + 1])
    assert histogram.count_above(9) == 4
    assert histogram.count_above(10) == 3
    assert histogram.count_above(5_000_001) == 1
    assert histogram.count_above(2**62) == 1


def test_the_curve_rises_in_even_steps_to_where_one_sample_is_left() -> None:
    curve = folded(list(range(1, 1_001))).curve(4)
    assert [nines for nines, _ in curve] == pytest.approx([0, 1, 2, 3])
    assert [value for _, value in curve] == [1, 900, 990, 999]
    many = Histogram()
    for _ in range(300):
        many.fold(raw(list(range(1, 1_001))))
    assert many.curve()[-1][0] == 5.0
    assert len(many.curve()) == len(many.ordered().curve()) == 60
    assert folded([42]).curve() == [(0.0, 42)]


def test_what_is_read_is_that_of_all_that_was_counted_so_far() -> None:
    histogram = folded([5])
    assert (histogram.percentiles([0.5, 1.0]), histogram.count_above(4)) == ([5, 5], 1)
    histogram.fold(raw([6]))
    assert (histogram.percentiles([0.5, 1.0]), histogram.count_above(5)) == ([5, 6], 1)
    histogram.add(folded([4, 9]))
    assert (histogram.percentiles([0.5, 1.0]), histogram.count_above(5)) == ([5, 9], 2)
    # The buckets from the first to the last stay the same.
    histogram.fold(raw([7, 7]))
    assert (histogram.percentiles([0.5, 1.0]), histogram.count_above(6)) == ([6, 9], 3)
    histogram.fold(raw([HIGHEST_NS + 1]))
    assert (histogram.percentiles([1.0]), histogram.max_ns) == ([9], HIGHEST_NS + 1)
    known = histogram.percentiles([0.5])
    known[0] = 0
    assert histogram.percentiles([0.5]) == [6]


def test_limits_at_the_ends_of_what_is_counted() -> None:
    histogram = folded([0, 1, 3, 3, HIGHEST_NS, HIGHEST_NS + 1])
    limits = [-1, 0, 1, 3, 4, HIGHEST_NS, HIGHEST_NS + 1]
    assert [histogram.count_above(limit) for limit in limits] == [5, 5, 4, 2, 2, 1, 1]
    assert [histogram.count_at_least(limit) for limit in limits] == [5, 6, 5, 4, 2, 2, 1]
    assert [Histogram().count_above(limit) for limit in limits] == [0] * 7
    assert [Histogram().count_at_least(limit) for limit in limits] == [0] * 7


def test_a_curve_of_few_points_begins_with_the_smallest_value() -> None:
    histogram = folded(list(range(1, 101)))
    assert histogram.curve(0) == histogram.curve(-1) == []
    assert histogram.curve(1) == [(0.0, 1)]
    assert histogram.curve(2) == [(0.0, 1), (2.0, 99)]
    assert len(histogram.curve()) == 60
    assert Histogram().curve() == []


def test_a_quantile_on_the_edge_of_two_values_is_not_that_below() -> None:
    # 100 * 0.57 is 56.99999999999999, and half of 57 is rounded up.
    values = list(range(1, 51))
    assert folded(values).percentiles([0.57]) == [29]
    interval = IntervalHistogram.of(raw(values))
    assert [interval.percentile(q) for q in (1e-9, 0.01, 0.03, 0.57, 1.0)] == [1, 1, 2, 29, 50]


@given(
    st.lists(durations, min_size=1, max_size=400),
    st.one_of(
        st.sampled_from([0.001, 0.25, 0.5, 0.75, 0.9, 0.99, 0.9999, 1.0]),
        st.integers(1, 100_000).map(lambda thousandths: thousandths / 100_000),
    ),
)
@example([*range(1, 1_001)], 0.997)
@example([5] * 300 + [9], 1.0)
def test_an_interval_and_a_run_of_the_same_values_have_the_same_percentiles(
    values: list[int], quantile: float
) -> None:
    interval = IntervalHistogram.of(raw(values))
    assert [interval.percentile(quantile)] == folded(values).percentiles((quantile,))


def test_a_percentile_is_the_same_alone_and_among_others_and_new_after_more_values() -> None:
    histogram = folded([*range(1_000)])
    several = histogram.percentiles((0.5, 0.9))
    assert [*histogram.percentiles((0.9,)), *histogram.percentiles((0.0, 0.5))] == [
        several[1], 0, several[0]
    ]  # fmt: skip
    histogram.fold(raw([5_000] * 10_000))
    assert histogram.percentiles((0.5, 0.9)) == [5_000, 5_000]


def test_the_greatest_value_of_each_bucket_is_the_same_for_arrays_of_them() -> None:
    assert HIGHEST_BY_INDEX.tolist() == [highest_of(index) for index in range(SIZE)]


def test_values_in_order_are_counted_from_the_first_bucket_to_the_last_with_any() -> None:
    ordered = folded([5, 7, 7]).ordered()
    assert (ordered.first, ordered.cumulative.tolist()) == (5, [1, 1, 3])


@pytest.mark.parametrize(("count", "width"), [((1 << 31) - 1, 4), (1 << 31, 8)])
def test_values_in_order_take_the_fewest_bytes_that_hold_their_number(
    count: int, width: int
) -> None:
    half = 1 << 30
    interval = IntervalHistogram.of_buckets(
        np.array([5, 6]), np.array([half, count - half]), Moments(count, 5.5, 0.0, 5, 6)
    )
    ordered = Histogram.of_intervals([interval]).ordered()
    assert (ordered.cumulative.tolist(), ordered.cumulative.itemsize) == ([half, count], width)
    assert ordered.values_at([half, half + 1, count]) == [5, 6, 6]


@pytest.mark.parametrize("recorded_ns", [50, 500])
def test_percentiles_keep_to_the_extremes_that_were_kept_with_a_histogram(recorded_ns: int) -> None:
    intervals = [IntervalHistogram.of(array("q", [100]))]
    moments = Moments(1, float(recorded_ns), 0.0, recorded_ns, recorded_ns)
    whole = Histogram.of_intervals(intervals, moments)
    assert whole.percentiles([0.5]) == [recorded_ns]
