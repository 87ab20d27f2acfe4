"""Histograms count as the reference library does, to the bit, and lose nothing when merged."""

from __future__ import annotations

import random
import statistics
from array import array
from typing import Any

import msgspec
import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import example, given
from hypothesis import strategies as st

from cortex_tui.stats.below import Counted
from cortex_tui.stats.buckets import (
    HIGHEST_BY_INDEX,
    HIGHEST_NS,
    SIZE,
    count_values,
    highest_of,
    index_of,
    lowest_of,
)
from cortex_tui.stats.codec import HistogramFormatError
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.stats.moments import Moments

EDGES = [0, 1, 2, 1_022, 1_023, 1_024, 1_025, 2_046, 2_047, 2_048, 2_049, HIGHEST_NS]
durations = st.one_of(
    st.sampled_from(EDGES),
    st.integers(0, 4_096),
    st.integers(0, 50_000_000),
    st.integers(0, HIGHEST_NS),
)
lists = st.lists(durations, max_size=300)


def raw(values: list[int]) -> bytes:
    return array("q", values).tobytes()


def library(values: list[int]) -> Any:
    histogram = HdrHistogram(1, HIGHEST_NS, 3)
    for value in values:
        assert histogram.record_value(value)
    return histogram


def folded(values: list[int]) -> Histogram:
    histogram = Histogram()
    histogram.fold(raw(values))
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


def test_merging_in_pairs_keeps_the_moments_to_within_rounding() -> None:
    random.seed(7)
    values = [random.randrange(50_000, 51_000) for _ in range(4_096)]
    parts = [IntervalHistogram.of(raw(values[at : at + 64])) for at in range(0, 4_096, 64)]
    while len(parts) > 1:
        parts = [a.merge(b) for a, b in zip(parts[::2], parts[1::2], strict=True)]
    assert parts[0].moments.mean_ns == pytest.approx(statistics.mean(values), rel=1e-13)
    assert parts[0].moments.stddev_ns == pytest.approx(statistics.stdev(values), rel=1e-12)


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


@given(st.lists(st.one_of(durations, st.sampled_from([-(2**62), -1, HIGHEST_NS + 1, 2**62]))))
@example([])
@example([-1, -1])
@example([HIGHEST_NS + 1, 2**62])
def test_what_is_counted_of_a_buffer_begins_and_ends_with_a_bucket_that_has_values(
    values: list[int],
) -> None:
    first, found, moments = count_values(raw(values))
    kept = [max(value, 0) for value in values if value <= HIGHEST_NS]
    assert (moments.count, moments.overflow) == (len(kept), len(values) - len(kept))
    assert found.dtype == np.dtype(np.int64)
    assert int(found.sum()) == len(kept)
    if kept:
        assert (first, first + found.size - 1) == (index_of(min(kept)), index_of(max(kept)))
        assert min(found[0], found[-1]) > 0
    else:
        # Nothing that would move what it is added to.
        assert (first, found.size, moments.mean_ns, moments.m2) == (0, 0, 0.0, 0.0)


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
    assert folded([42]).curve() == [(0.0, 42)]


def test_an_interval_answers_its_own_percentile() -> None:
    values = [random.randrange(1, 10**7) for _ in range(999)]
    interval = IntervalHistogram.of(raw(values))
    for quantile in (0.5, 0.99, 0.999):
        assert [interval.percentile(quantile)] == folded(values).percentiles([quantile])
    assert IntervalHistogram.of(b"").percentile(0.99) is None


@given(st.lists(lists, max_size=6), st.lists(durations, min_size=1, max_size=5))
def test_values_before_a_bucket_are_counted_in_each_of_several(
    values: list[list[int]], limits: list[int]
) -> None:
    intervals = [IntervalHistogram.of(raw(each)) for each in values]
    buckets = np.array([index_of(limit) for limit in limits])
    below = IntervalHistogram.below(iter(intervals), buckets)
    assert below.counts.tolist() == [
        [sum(index_of(value) < bucket for value in each) for bucket in buckets] for each in values
    ]
    assert below.totals.tolist() == [each.total for each in intervals]
    assert below.overflows.tolist() == [each.overflow for each in intervals]


def test_values_that_were_counted_for_several_questions_answer_each_of_them() -> None:
    parts = [IntervalHistogram.of(raw(each)) for each in ([1, 2, 3], [], [2, 9, 9, 1 << 42])]
    buckets = np.array([2, 3, 9])
    counted = Counted(buckets, IntervalHistogram.below(parts, buckets))
    for question in ([9, 2], [3], [2, 3, 9], []):
        asked = np.array(question, np.int64)
        found, alone = (
            IntervalHistogram.below(counted, asked),
            IntervalHistogram.below(parts, asked),
        )
        assert [each.tolist() for each in found] == [each.tolist() for each in alone]
    wide = IntervalHistogram.below(counted.in_rows([1, 2, 4], 6), np.array([3]))
    assert wide.counts.tolist() == [[0], [2], [0], [0], [1], [0]]
    assert wide.totals.tolist() == [0, 3, 0, 0, 3, 0]
    assert wide.overflows.tolist() == [0, 0, 0, 0, 1, 0]
    for other in (4, 10):
        with pytest.raises(KeyError):
            IntervalHistogram.below(counted, np.array([2, other]))


@pytest.mark.parametrize(("count", "width"), [(255, 1), (256, 2), (65_535, 2), (65_536, 8)])
def test_counts_take_the_fewest_bytes_that_hold_them(count: int, width: int) -> None:
    interval = IntervalHistogram.of(array("q", [5]) * count)
    assert (interval.counts.tolist(), len(interval.packed_counts)) == ([count], width)
    other = IntervalHistogram.of(raw([4, 6, 6]))
    below = IntervalHistogram.below([other, interval], np.array([7, 5, 6]))
    assert below.counts.tolist() == [[3, 1, 1], [count, 0, count]]


def test_more_buckets_than_are_counted_at_once_are_counted() -> None:
    # 90 times 900 buckets.
    parts = [IntervalHistogram.of(array("q", range(at, at + 900))) for at in range(90)]
    below = IntervalHistogram.below(parts, np.array([500, 900]))
    assert below.counts.tolist() == [[500 - at, 900 - at] for at in range(90)]
    assert IntervalHistogram.encode_each(parts) == [part.encode() for part in parts]
    assert IntervalHistogram.below([], np.array([5])).counts.shape == (0, 1)


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


def test_moments_that_were_not_kept_are_those_of_the_middle_of_each_bucket() -> None:
    # 4,096 to 4,099 ns are one bucket, and 3 ns is one.
    read = IntervalHistogram.decode(IntervalHistogram.of(raw([3, 4_098, 4_096])).encode())
    mean = (3 + 2 * 4_097.5) / 3
    m2 = (3 - mean) ** 2 + 2 * (4_097.5 - mean) ** 2
    found = read.moments
    assert (found.mean_ns, found.m2) == pytest.approx((mean, m2))
    assert (found.count, found.min_ns, found.max_ns) == (3, 3, 4_099)
    assert IntervalHistogram.decode(folded([HIGHEST_NS]).encode()).moments.max_ns == HIGHEST_NS
    assert IntervalHistogram.decode(Histogram().encode()).moments == Moments()


def test_parts_without_values_take_part_with_their_extremes() -> None:
    none, long = IntervalHistogram.of(b""), IntervalHistogram.of(raw([HIGHEST_NS + 1]))
    some = IntervalHistogram.of(raw([7]), raw([9, 9]))
    for empty in ([], [none], [none, none]):
        assert IntervalHistogram.together(empty).moments == Moments()
        assert IntervalHistogram.together(empty).size == 0
    for parts in ([none, long, some], [long, some], [some, long, none]):
        whole = IntervalHistogram.together(parts)
        assert (whole.indices.tolist(), whole.counts.tolist()) == ([7, 9], [1, 2])
        assert (whole.total, whole.overflow, whole.moments.min_ns) == (3, 1, 7)
        assert whole.moments.max_ns == HIGHEST_NS + 1
    histogram = Histogram.of_intervals([long, long])
    assert (histogram.total, histogram.overflow, histogram.min_ns) == (0, 2, HIGHEST_NS + 1)


def test_moments_of_another_number_of_values_are_refused() -> None:
    part = IntervalHistogram.of(raw([5, 6]))
    says = "a histogram of 2 values where 3 were recorded with it"
    with pytest.raises(HistogramFormatError, match=says):
        Histogram.of_intervals([part], Moments(3, 5.5, 0.5, 5, 6))
    with pytest.raises(HistogramFormatError, match=says):
        Histogram.of_encoded([part.encode()], Moments(3, 5.5, 0.5, 5, 6))
    kept = Moments(2, 5.6, 0.5, 4, 7)
    assert Histogram.of_intervals([part], kept).moments == kept
    assert Histogram.of_encoded([part.encode()], kept).moments == kept
    assert Histogram.decode(part.encode(), kept).moments == kept
    assert Histogram.of_encoded([], Moments()).percentiles([0.5]) == [None]


any_values = st.one_of(
    st.lists(durations, max_size=60),
    st.lists(st.integers(-5, HIGHEST_NS + 5), max_size=3),
    st.integers(250, 260).map(lambda size: [*range(size)]),
    st.integers(250, 260).map(lambda size: [7] * size),
)


@given(st.lists(any_values, max_size=12))
@example([[1, 1], [2], [], [3, HIGHEST_NS], [0]])
@example([[1], [2], [-1], [HIGHEST_NS + 1], [3] * 255, [3] * 256])
@example([[1], [2], [3], [4], [7] * 255, [7] * 256])
def test_buffers_that_are_counted_together_are_as_each_of_them(many: list[list[int]]) -> None:
    together = IntervalHistogram.of_each([raw(values) for values in many])
    alone = [IntervalHistogram.of(raw(values)) for values in many]
    for found, wanted in zip(together, alone, strict=True):
        assert found.packed_indices == wanted.packed_indices
        assert found.packed_counts == wanted.packed_counts
        assert found.moments.m2 == pytest.approx(wanted.moments.m2)
        same = msgspec.structs.replace(found.moments, m2=wanted.moments.m2)
        assert same == wanted.moments


def test_one_buffer_of_half_a_value_is_refused_among_others() -> None:
    for half in (raw([5])[:-1], raw([5, 6])[:-1]):
        with pytest.raises(ValueError, match="multiple"):
            IntervalHistogram.of_each([raw([1]), raw([2]), raw([3]), raw([4]), half])


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


def test_what_is_counted_of_many_histograms_is_counted_of_each() -> None:
    # More buckets than are looked at at once: 1,000 of each.
    each = IntervalHistogram.of(array("q", [*range(1_000), 2 * HIGHEST_NS]))
    found = IntervalHistogram.below([each] * 80, np.array([600, 0, 5_000]))
    assert found.counts.tolist() == [[600, 0, 1_000]] * 80
    assert found.totals.tolist() == [1_000] * 80
    assert found.overflows.tolist() == [1] * 80


@pytest.mark.parametrize("recorded_ns", [50, 500])
def test_percentiles_keep_to_the_extremes_that_were_kept_with_a_histogram(recorded_ns: int) -> None:
    intervals = [IntervalHistogram.of(array("q", [100]))]
    moments = Moments(1, float(recorded_ns), 0.0, recorded_ns, recorded_ns)
    whole = Histogram.of_intervals(intervals, moments)
    assert whole.percentiles([0.5]) == [recorded_ns]
