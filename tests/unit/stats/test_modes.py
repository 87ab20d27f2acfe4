"""Bins on a logarithmic axis, and the modes that are found in them."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate, pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cortex_tui.stats.binning import log_bins
from cortex_tui.stats.buckets import HIGHEST_NS, index_of, lowest_of
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.log_bins import PER_OCTAVE, LogBins, Mode, bin_of, edge_ns
from cortex_tui.stats.modes import SHARE_LEAST, modes_of


def binned(values: list[int]) -> LogBins:
    histogram = Histogram()
    histogram.fold(array("q", values).tobytes())
    return log_bins(histogram.ordered())


def of_logs(*parts: tuple[int, float, float], seed: int = 1) -> LogBins:
    """Of each part: how many values, around how many ns, and how wide in logarithms."""
    random = np.random.default_rng(seed)
    values = [ns * np.exp(width * random.standard_normal(count)) for count, ns, width in parts]
    return binned(np.concatenate(values).astype(int).tolist())


@given(st.lists(st.integers(0, HIGHEST_NS), max_size=60))
@example([0])
@example([1])
@example([0, HIGHEST_NS])
@example([2_047, 2_048])
@example([HIGHEST_NS + 1])
def test_every_value_up_to_an_hour_is_in_one_bin_and_none_lies_outside(values: list[int]) -> None:
    bins = binned(values)
    kept = [value for value in values if value <= HIGHEST_NS]
    assert bins.total == len(kept)
    if kept:
        assert min(bins.counts[0], bins.counts[-1]) > 0
        # Of a bucket that an edge divides, a value may lie on the other side.
        assert bin_of(min(kept)) - 1 <= bins.first
        assert bins.end <= bin_of(max(kept) + max(1, max(kept) // 1_024)) + 1


def test_bins_count_what_lies_between_their_edges() -> None:
    values = np.random.default_rng(2).lognormal(13, 0.7, 20_000).astype(int)
    bins = binned(values.tolist())
    for number in range(bins.first, bins.end):
        low, high = edge_ns(number), edge_ns(number + 1)
        true = int(((values >= low) & (values < high)).sum())
        # Of a bucket that an edge divides, half may lie on the wrong side.
        assert abs(bins.counts[number - bins.first] - true) <= 4 + true * 0.05


def counted_by_hand(values: list[int]) -> LogBins:
    """Bins of values up to an hour, one edge at a time; those of a bucket lie evenly in it."""
    last = bin_of(HIGHEST_NS) + 1
    buckets = sorted(index_of(value) for value in values)

    def below(number: int) -> int:
        if number in (0, last):
            return len(values) if number else 0
        edge = edge_ns(number)
        bucket = index_of(int(edge))
        low = lowest_of(bucket)
        part = (edge - low) / (lowest_of(bucket + 1) - low)
        before, inside = bisect_left(buckets, bucket), buckets.count(bucket)
        return round(before + inside * part)

    counts = [below(number + 1) - below(number) for number in range(last)]
    some = [number for number, count in enumerate(counts) if count]
    return LogBins(some[0], tuple(counts[some[0] : some[-1] + 1]))


@pytest.mark.parametrize(
    "values",
    [
        [0] * 5,
        [1, 2, 2],
        [3] * 100,
        [20, 21, 22, 22] * 64,
        [0, 700, 1_023, 1_024, 1_448] * 9,
        [2_047, 2_048, 2_049, 2_050] * 50,
        [1_000_000] * 99 + [1_000_500] * 98,
        [lowest_of(index_of(int(edge_ns(number)))) for number in range(600, 616)] * 7,
        [50_000, HIGHEST_NS - 1, HIGHEST_NS, HIGHEST_NS],
    ],
    ids=lambda values: f"{values[0]} to {values[-1]}",
)
def test_an_edge_inside_a_bucket_divides_its_values(values: list[int]) -> None:
    bins = binned(values)
    assert bins == counted_by_hand(values)
    assert all(type(count) is int for count in bins.counts)


def test_whole_nanoseconds_leave_no_gaps() -> None:
    assert all(binned([value for value in range(30, 90) for _ in range(100)]).counts)


def test_a_bin_begins_at_its_edge() -> None:
    assert [bin_of(ns) for ns in (-5, 0, 0.5, 1, 2, 1_024)] == [0, 0, 0, 0, 32, 320]
    assert [edge_ns(number) for number in (0, 16, 32, 320)] == [1, math.sqrt(2), 2, 1_024]
    numbers = range(1, bin_of(HIGHEST_NS))
    assert [bin_of(edge_ns(number)) for number in numbers] == list(numbers)
    assert [bin_of(edge_ns(number) * 0.999_999) + 1 for number in numbers] == list(numbers)


def test_shares_end_with_the_bins() -> None:
    # The last of them ends at 1,024 ns.
    bins = LogBins(318, (1, 3))
    assert [bins.share_below(ns) for ns in (900, edge_ns(318.5), 1_024, 1_025, 10**9)] == [
        *(0, pytest.approx(0.125), 1, 1, 1)
    ]
    assert bins.share_between(1_024, 900) == 0
    first = LogBins(0, (2,) * 64)
    assert [first.share_below(ns) for ns in (-1, 0, 1, 2)] == [0, 0, 0, 0.5]


def test_a_second_mode_takes_a_hundred_values() -> None:
    fast, slow = 1_000_000, 100_000_000
    assert len(modes_of(binned([fast] * 50 + [slow] * 50))) == 2
    assert len(modes_of(binned([fast] * 49 + [slow] * 50))) == 1


def test_a_second_mode_takes_a_hundredth_of_all_values() -> None:
    fast, slow = 1_000_000, 100_000_000
    assert len(modes_of(binned([fast] * 990 + [slow] * 10))) == 2
    assert len(modes_of(binned([fast] * 1_991 + [slow] * 19))) == 1


def test_groups_of_bins_keep_every_value() -> None:
    bins = LogBins(10, (1, 2, 3, 4, 5))
    assert bins.grouped(8, 3, 3) == [1, 9, 5]
    assert bins.grouped(0, 1, 3) == [0, 0, 0]
    assert sum(bins.grouped(0, 4, 5)) == bins.total


def test_shares_are_those_of_the_values() -> None:
    bins = LogBins(PER_OCTAVE * 10, (10, 0, 30))
    assert bins.share_below(1_000) == 0
    assert bins.share_below(edge_ns(PER_OCTAVE * 10 + 1)) == pytest.approx(0.25)
    assert bins.share_between(1_000, edge_ns(PER_OCTAVE * 10 + 2.5)) == pytest.approx(0.625)
    assert bins.share_below(10_000) == 1
    assert LogBins().share_below(5) == 0


def test_two_heaps_are_two_modes_where_they_lie_with_their_shares() -> None:
    fast, slow = modes_of(of_logs((9_000, 100_000, 0.1), (1_000, 400_000, 0.1)))
    assert fast.at_ns == pytest.approx(100_000, rel=0.06)
    assert slow.at_ns == pytest.approx(400_000, rel=0.06)
    assert fast.share == pytest.approx(0.9, abs=0.002)
    assert fast.share + slow.share == pytest.approx(1)
    assert fast.until_ns == slow.from_ns
    assert 150_000 < slow.from_ns < 300_000


def test_three_heaps_are_three_modes() -> None:
    bins = of_logs((6_000, 100_000, 0.1), (3_000, 200_000, 0.1), (1_000, 1e9, 0.3))
    assert [round(mode.share, 2) for mode in modes_of(bins)] == [0.6, 0.3, 0.1]


def test_a_heap_smaller_than_the_least_share_is_no_mode() -> None:
    slow = int(100_000 * SHARE_LEAST * 0.8)
    (mode,) = modes_of(of_logs((100_000 - slow, 100_000, 0.1), (slow, 1e7, 0.1)))
    assert mode.share == 1
    assert mode.at_ns == pytest.approx(100_000, rel=0.06)


@pytest.mark.parametrize("seed", range(20))
def test_a_tail_is_no_mode(seed: int) -> None:
    random = np.random.default_rng(seed)
    values = 1e5 * (1 + random.pareto(1.5, 3_000))
    assert len(modes_of(binned(values.astype(int).tolist()))) == 1


def test_few_values_or_few_independent_ones_are_one_mode() -> None:
    bins = of_logs((50, 100_000, 0.05), (49, 400_000, 0.05))
    assert len(modes_of(bins)) == 1
    many = of_logs((5_000, 100_000, 0.1), (5_000, 150_000, 0.1))
    assert len(modes_of(many)) == 2
    assert len(modes_of(many, [(0.5, 20.0)])) == 1
    assert len(modes_of(many, [(0.1, 20.0), (0.5, 9_000.0)])) == 2


def test_no_values_have_no_mode_and_equal_ones_have_one() -> None:
    assert modes_of(LogBins()) == ()
    (mode,) = modes_of(binned([70_000] * 1_000))
    assert mode.from_ns <= mode.at_ns <= mode.until_ns
    assert mode.at_ns == pytest.approx(70_000, rel=0.03)
    assert len(modes_of(binned([0] * 500))) == 1


def test_ticks_of_a_coarse_clock_are_no_modes() -> None:
    random = np.random.default_rng(3)
    ticks = (random.lognormal(7, 0.3, 5_000) / 41.67).round() * 41.67
    assert len(modes_of(binned(ticks.astype(int).tolist()))) == 1


def by_hand(bins: LogBins, independent: Sequence[tuple[float, float]]) -> list[Mode]:
    """The modes in plain Python, one kernel and one valley at a time."""
    counts = bins.counts
    total, size = sum(counts), len(counts)
    mean = sum(at * count for at, count in enumerate(counts)) / total
    spread = math.sqrt(sum((at - mean) ** 2 * count for at, count in enumerate(counts)) / total)
    until = list(accumulate(counts))
    low, middle, high = (bisect_left(until, total * share) for share in (0.25, 0.5, 0.75))
    places = [share for share, _ in independent] or [0.5]
    numbers = [number for _, number in independent] or [total]
    worth = min(max([1, *numbers]), total)
    width = max(
        1,
        0.9 * 0.6 * min(spread, (high - low + 1) / 1.349) * math.pow(worth, -0.2),
        PER_OCTAVE * math.log2(1 + 50 / edge_ns(bins.first + middle)),
    )
    reach = math.ceil(4 * width)
    weights = [math.exp(-((at / width) ** 2) / 2) for at in range(-reach, reach + 1)]
    whole = sum(weights)
    density = [0.0] * (size + 2 * reach)
    for at, count in enumerate(counts):
        for way, weight in enumerate(weights):
            density[at + way] += count * weight / whole

    def noise(at: int) -> float:
        below = 0 if at < reach else until[min(at - reach, size - 1)] / total
        number = float(np.interp(below, places, numbers))
        return total / (min(max(number, 1), total) * 2 * math.sqrt(math.pi) * width)

    highest = max(density)
    sides = [0.0, *density, 0.0]
    tops = [
        at
        for at, (left, here, right) in enumerate(zip(sides, sides[1:], sides[2:], strict=False))
        if left < here > right and here >= min(2.8**2 * noise(at), highest)
    ]
    valleys = [min(range(a, b), key=density.__getitem__) for a, b in pairwise(tops)]

    def score(number: int) -> float:
        near = [valleys[side] for side in (number - 1, number) if 0 <= side < len(valleys)]
        valley = max(near, key=density.__getitem__)
        top, least = density[tops[number]], density[valley]
        if least > 0.8 * top:
            return -least / top
        return (top - least) / math.sqrt((top + least) * noise(valley))

    def ends() -> list[int]:
        return [0, *(min(max(0, at - reach), size) for at in valleys), size]

    def share(number: int) -> float:
        return sum(counts[slice(*ends()[number : number + 2])]) / total

    for measure, limit in ((score, 2.8), (share, 0.01)):
        while len(tops) > 1:
            worst = min(range(len(tops)), key=measure)
            if measure(worst) >= limit:
                break
            near = [side for side in (worst - 1, worst) if 0 <= side < len(valleys)]
            del valleys[max(near, key=lambda side: density[valleys[side]])]
            del tops[worst]
    return [
        Mode(
            edge_ns(bins.first + top - reach + 0.5),
            edge_ns(bins.first + ends()[number]),
            edge_ns(bins.first + ends()[number + 1]),
            share(number),
        )
        for number, top in enumerate(tops)
    ]


HEAPS = [
    [(9_000, 100_000, 0.1), (1_000, 400_000, 0.1)],
    [(100, 1_000_000, 0.3)],
    [(60, 1_000_000, 0.1), (60, 1_600_000, 0.12), (30, 4_000_000, 0.2)],
    [(500, 900, 0.15), (400, 2_000, 0.2), (9, 50_000, 0.1)],
    [(3_000, 70_000, 0.05), (3_000, 88_000, 0.06), (20, 10**9, 0.5)],
    [(2_000, 5_000_000, 0.6), (40, 30_000, 0.1)],
    [(400, 40, 0.3), (300, 400, 0.3)],
]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("heaps", HEAPS, ids=range(len(HEAPS)))
def test_modes_are_those_found_by_hand(heaps: list[tuple[int, float, float]], seed: int) -> None:
    bins = of_logs(*heaps, seed=seed)
    for independent in ((), [(0.5, 120.0)], [(0.3, 40.0), (0.6, 250.0), (0.95, 1e6)]):
        found = [tuple(mode) for mode in modes_of(bins, independent)]
        assert found == [pytest.approx(tuple(mode)) for mode in by_hand(bins, independent)]
