"""What is counted of the values of an interval, and of many intervals together."""

from __future__ import annotations

import random
import statistics
import tracemalloc
from array import array
from itertools import repeat

import msgspec
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cortex_tui.stats.below import Counted
from cortex_tui.stats.buckets import (
    HIGHEST_NS,
    SIZE,
    count_values,
    index_of,
)
from cortex_tui.stats.codec import HistogramFormatError
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.stats.moments import Moments
from tests.unit.stats.recorded import durations, folded, lists, raw


def test_merging_in_pairs_keeps_the_moments_to_within_rounding() -> None:
    random.seed(7)
    values = [random.randrange(50_000, 51_000) for _ in range(4_096)]
    parts = [IntervalHistogram.of(raw(values[at : at + 64])) for at in range(0, 4_096, 64)]
    while len(parts) > 1:
        parts = [a.merge(b) for a, b in zip(parts[::2], parts[1::2], strict=True)]
    assert parts[0].moments.mean_ns == pytest.approx(statistics.mean(values), rel=1e-13)
    assert parts[0].moments.stddev_ns == pytest.approx(statistics.stdev(values), rel=1e-12)


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


def test_an_interval_answers_its_own_percentile() -> None:
    values = [random.randrange(1, 10**7) for _ in range(999)]
    interval = IntervalHistogram.of(raw(values))
    for quantile in (0.5, 0.99, 0.999):
        assert [interval.percentile(quantile)] == folded(values).percentiles([quantile])
    assert IntervalHistogram.of(b"").percentile(0.99) is None


@given(st.lists(lists, max_size=6), st.lists(durations, min_size=1, max_size=5))
@example([], [5])
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
    assert {each.dtype for each in below} == {np.dtype(np.int64)}


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
    assert {each.dtype for each in wide} == {np.dtype(np.int64)}
    for other in (4, 10):
        with pytest.raises(KeyError, match=r"^'values below these buckets were not counted'$"):
            IntervalHistogram.below(counted, np.array([2, other]))


@pytest.mark.parametrize(("count", "width"), [(255, 1), (256, 2), (65_535, 2), (65_536, 8)])
def test_counts_take_the_fewest_bytes_that_hold_them(count: int, width: int) -> None:
    interval = IntervalHistogram.of(array("q", [5]) * count)
    assert (interval.counts.tolist(), len(interval.packed_counts)) == ([count], width)
    other = IntervalHistogram.of(raw([4, 6, 6]))
    below = IntervalHistogram.below([other, interval], np.array([7, 5, 6]))
    assert below.counts.tolist() == [[3, 1, 1], [count, 0, count]]


def test_counts_take_no_more_bytes_because_there_are_many_buckets() -> None:
    for number in (255, 256, 300):
        assert len(IntervalHistogram.of(array("q", range(number))).packed_counts) == number


def test_histograms_whose_counts_take_different_bytes_are_counted_together() -> None:
    # 12 bytes for the counts of three buckets, which is four for each.
    many, some = array("q", [5]) * 65_536, array("q", [6]) * 256 + array("q", [7])
    parts = [IntervalHistogram.of(many), IntervalHistogram.of(some)]
    assert [len(part.packed_counts) for part in parts] == [8, 4]
    below = IntervalHistogram.below(parts, np.array([6, 7, 8]))
    assert below.counts.tolist() == [[65_536] * 3, [0, 256, 257]]
    together = IntervalHistogram.together(parts)
    assert (together.indices.tolist(), together.counts.tolist()) == ([5, 6, 7], [65_536, 256, 1])


def test_all_values_lie_before_a_bucket_that_is_none() -> None:
    part = IntervalHistogram.of(raw([1, 5, HIGHEST_NS]))
    below = IntervalHistogram.below([part], np.array([SIZE + 5, 5, SIZE, index_of(HIGHEST_NS)]))
    assert below.counts.tolist() == [[3, 1, 3, 2]]


def test_more_buckets_than_are_counted_at_once_are_counted() -> None:
    # 90 times 900 buckets.
    parts = [IntervalHistogram.of(array("q", range(at, at + 900))) for at in range(90)]
    below = IntervalHistogram.below(parts, np.array([500, 900]))
    assert below.counts.tolist() == [[500 - at, 900 - at] for at in range(90)]
    assert IntervalHistogram.encode_each(parts) == [part.encode() for part in parts]
    assert IntervalHistogram.below([], np.array([5])).counts.shape == (0, 1)


def test_many_histograms_are_counted_few_at_a_time() -> None:
    each = IntervalHistogram.of(array("q", range(1_000)))

    def most_bytes(number: int) -> int:
        tracemalloc.start()
        try:
            IntervalHistogram.below(repeat(each, number), np.array([5]))
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    # 33 of them have the buckets that are counted at once.
    assert most_bytes(800) < 2 * most_bytes(100)


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
    reason = "a histogram of 2 values where 3 were recorded with it"
    with pytest.raises(HistogramFormatError, match=reason):
        Histogram.of_intervals([part], Moments(3, 5.5, 0.5, 5, 6))
    with pytest.raises(HistogramFormatError, match=reason):
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
        # To the type: a count that is a real number could not be stored.
        assert repr(same) == repr(wanted.moments)


def test_one_buffer_of_half_a_value_is_refused_among_others() -> None:
    for half in (raw([5])[:-1], raw([5, 6])[:-1]):
        with pytest.raises(ValueError, match="multiple"):
            IntervalHistogram.of_each([raw([1]), raw([2]), raw([3]), raw([4]), half])


def test_what_is_counted_of_many_histograms_is_counted_of_each() -> None:
    # More buckets than are looked at at once: 1,000 of each.
    each = IntervalHistogram.of(array("q", [*range(1_000), 2 * HIGHEST_NS]))
    found = IntervalHistogram.below([each] * 80, np.array([600, 0, 5_000]))
    assert found.counts.tolist() == [[600, 0, 1_000]] * 80
    assert found.totals.tolist() == [1_000] * 80
    assert found.overflows.tolist() == [1] * 80
