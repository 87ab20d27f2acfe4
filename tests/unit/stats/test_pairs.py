"""Many pairs of histograms merged at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cortex_tui.stats.buckets import HIGHEST_NS
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.stats.moments import Moments
from cortex_tui.stats.pairs import Pair, merged_in_pairs
from tests.unit.stats.recorded import durations, raw

values = st.lists(st.one_of(durations, st.integers(0, 40), st.just(HIGHEST_NS + 1)), max_size=20)
times = st.sampled_from([1, 1, 1, 120, 255, 256, 40_000])


def repeated(values: list[int], often: int) -> IntervalHistogram:
    return IntervalHistogram.of(raw(values * often))


histograms = st.builds(repeated, values, times)


def facts(histogram: IntervalHistogram) -> tuple[object, ...]:
    return histogram.moments, histogram.packed_indices, histogram.packed_counts


def each_for_itself(pairs: list[Pair]) -> list[tuple[object, ...]]:
    return [facts(a.merge(b)) for a, b in pairs]


@given(st.lists(st.tuples(histograms, histograms), max_size=6))
@example([])
@example([(IntervalHistogram.of(b""), IntervalHistogram.of(b""))])
def test_each_pair_becomes_what_it_does_for_itself(pairs: list[Pair]) -> None:
    assert [facts(each) for each in merged_in_pairs(pairs)] == each_for_itself(pairs)


def test_very_many_pairs_stay_apart() -> None:
    numbers = range(1_000)
    pairs = [(repeated([number], 1), repeated([number, number + 1], 1)) for number in numbers]
    pairs[500] = repeated([], 1), repeated([1], 1)
    pairs[700] = repeated([33 * 10**11], 1), repeated([HIGHEST_NS], 3)
    found = merged_in_pairs(pairs)
    assert [facts(each) for each in found] == each_for_itself(pairs)
    assert [found[at].total for at in (0, 500, 700, 999)] == [3, 1, 4, 3]


@pytest.mark.parametrize("most", [254, 255, 256, 257, 65_535, 65_536])
def test_the_counts_of_all_pairs_have_the_width_that_the_largest_of_them_needs(most: int) -> None:
    pairs = [(repeated([5], most - 1), repeated([5], 1)), (repeated([3], 1), repeated([9], 2))]
    found = merged_in_pairs(pairs)
    assert [facts(each) for each in found] == each_for_itself(pairs)
    assert [each.counts.tolist() for each in found] == [[most], [1, 2]]


class NotAlone(IntervalHistogram, frozen=True, array_like=True, eq=False, gc=False):
    """One that is merged with others, or not at all."""

    def merge(self, other: IntervalHistogram) -> IntervalHistogram:
        raise AssertionError("this pair was merged for itself")


class Counting(list[Pair]):
    """Counts how often a pair is looked at by its number."""

    looks = 0

    def __getitem__(self, at: Any) -> Any:
        self.looks += 1
        return super().__getitem__(at)


def test_pairs_are_merged_with_others_and_once() -> None:
    """That takes less than half of the time of one after the other."""
    pairs = Counting()
    for number in range(600):
        one = repeated([number], 1)
        alone = NotAlone(one.moments, one.packed_indices, one.packed_counts)
        pairs.append((alone, repeated([number, number + 1], 1)))
    found = merged_in_pairs(pairs)
    assert [each.counts.tolist() for each in found] == [[2, 1]] * 600
    assert pairs.looks <= 600


def test_counts_may_be_as_large_as_they_get() -> None:
    for most in (1 << 31, (1 << 32) - 2, (1 << 32) - 1, 1 << 32, 1 << 52):
        large = IntervalHistogram.of_buckets(
            np.array([3, 9]), np.array([most, 1]), Moments(most + 1, 4.0, 2.0, 3, 9)
        )
        pairs = [(large, repeated([3, 5], 1)), (repeated([5], 1), repeated([7], 1))]
        found = merged_in_pairs(pairs)
        assert [facts(each) for each in found] == each_for_itself(pairs)
        assert found[0].counts.tolist() == [most + 1, 1, 1]
