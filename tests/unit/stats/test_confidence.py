"""Confidence intervals hold what they promise, on data whose true percentiles are known."""

from __future__ import annotations

import math
import statistics
import time
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from cortex_tui.stats.below import Counted
from cortex_tui.stats.buckets import highest_of, index_of, lowest_of
from cortex_tui.stats.confidence import (
    MIN_INDEPENDENT,
    MIN_INTERVALS,
    Bounds,
    limits_of,
    percentile_bounds,
)
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.interval_histogram import IntervalHistogram

QUANTILES = (0.5, 0.9, 0.99)
ROUNDS = 250


def bounds_of(
    intervals: Sequence[IntervalHistogram], quantiles: Sequence[float] = QUANTILES
) -> list[Bounds | None]:
    return percentile_bounds(Histogram.of_intervals(intervals), intervals, quantiles)


def intervals_of(times_ns: np.ndarray) -> list[IntervalHistogram]:
    """A row of times each."""
    return [IntervalHistogram.of(row.astype(np.int64).tobytes()) for row in times_ns]


def correlated(noise: np.random.Generator, count: int, memory: float) -> np.ndarray:
    """A stationary series of unit variance in which neighbours correlate by `memory`."""
    steps = noise.standard_normal(count)
    series = [steps[0]]
    for step in steps[1:]:
        series.append(memory * series[-1] + step * (1 - memory**2) ** 0.5)
    return np.array(series)


def coverage(count: int, each: int, memory: float, drift: float, seed: int) -> list[float]:
    """How often the true percentiles lie in their bounds: log-normal times around a level that
    wanders from interval to interval."""
    noise = np.random.default_rng(seed)
    spread = 0.3
    many = np.exp(13 + noise.standard_normal(1_000_000) * (spread**2 + drift**2) ** 0.5)
    truths = np.quantile(many, QUANTILES)
    hits = np.zeros(len(QUANTILES))
    for _ in range(ROUNDS):
        level = 13 + drift * correlated(noise, count, memory)
        times_ns = np.exp(level[:, None] + spread * noise.standard_normal((count, each)))
        for at, (found, truth) in enumerate(
            zip(bounds_of(intervals_of(times_ns)), truths, strict=True)
        ):
            assert found is not None
            hits[at] += found.low_ns <= truth <= found.high_ns
    return [float(hit) / ROUNDS for hit in hits]


def test_a_percentile_without_a_bound_of_its_own_has_that_of_the_next_one() -> None:
    noise = np.random.default_rng(8)
    # What lies in the middle is ten times as slow for ten intervals, three times; a fifth
    # on either side is the same throughout.
    level = np.repeat([13.0, 15.3] * 3, 10)
    times_ns = np.exp(level[:, None] + 0.2 * noise.standard_normal((60, 200)))
    which = noise.random(times_ns.shape)
    for rare, around_ns in ((which < 0.2, 1e4), (which > 0.8, 1e8)):
        times_ns[rare] = around_ns * noise.lognormal(sigma=0.5, size=times_ns.shape)[rare]
    intervals = intervals_of(times_ns)
    pooled = Histogram.of_intervals(intervals)
    (alone,) = bounds_of(intervals, (0.5,))
    assert alone is not None
    assert [alone.low_ns, alone.high_ns] == pooled.values_at([1, pooled.total])

    low, middle, high = bounds_of(intervals, (0.1, 0.5, 0.9))
    assert low is not None
    assert middle is not None
    assert high is not None
    assert middle == Bounds(low.low_ns, high.high_ns, alone.independent)
    assert alone.low_ns * 2 < low.low_ns < 1.2e4
    assert 0.8e8 < high.high_ns < alone.high_ns / 2


def test_bounds_are_the_same_of_intervals_that_were_counted_at_their_limits() -> None:
    noise = np.random.default_rng(5)
    intervals = intervals_of(np.exp(13 + noise.standard_normal((40, 100))))
    pooled = Histogram.of_intervals(intervals)
    # The last one has too few samples.
    quantiles = (0.9, 0.5, 0.9999)
    buckets = np.unique(limits_of(pooled, quantiles))
    counted = Counted(buckets, IntervalHistogram.below(intervals, buckets))
    found = percentile_bounds(pooled, counted, quantiles)
    assert found == percentile_bounds(pooled, intervals, quantiles)
    assert [each is not None for each in found] == [True, True, False]


def test_the_limits_of_a_percentile_are_its_bucket_and_the_next() -> None:
    pooled = IntervalHistogram.of(np.arange(1, 101, dtype=np.int64).tobytes())
    whole = Histogram.of_intervals([pooled])
    assert limits_of(whole, (0.5, 0.9)).tolist() == [50, 90, 51, 91]
    assert limits_of(whole, (0.99,)).tolist() == []
    for quantiles in ((0.5,), (0.99,), ()):
        assert limits_of(whole, quantiles).dtype == np.int64


def test_bounds_hold_the_truth_about_as_often_as_they_say() -> None:
    assert min(coverage(40, 100, memory=0.0, drift=0.0, seed=1)) > 0.93
    assert min(coverage(40, 100, memory=0.0, drift=0.1, seed=2)) > 0.93


def test_bounds_hold_the_truth_where_a_slow_moment_outlasts_an_interval() -> None:
    assert min(coverage(120, 30, memory=0.6, drift=0.1, seed=77)) > 0.93
    assert min(coverage(200, 30, memory=0.9, drift=0.1, seed=78)) > 0.92


def test_bounds_are_wider_where_neighbours_are_alike() -> None:
    noise = np.random.default_rng(4)
    shuffled = correlated(noise, 200, 0.9)
    times_ns = np.exp(13 + 0.2 * shuffled[:, None] + 0.1 * noise.standard_normal((200, 50)))
    (alike,) = bounds_of(intervals_of(times_ns), (0.5,))
    noise.shuffle(times_ns)
    (mixed,) = bounds_of(intervals_of(times_ns), (0.5,))
    assert alike is not None
    assert mixed is not None
    assert alike.half_width(1) > 1.5 * mixed.half_width(1)


def test_the_same_intervals_have_the_same_bounds() -> None:
    intervals = intervals_of(np.random.default_rng(5).integers(1_000, 9_000, (50, 100)))
    assert bounds_of(intervals) == bounds_of(intervals)


def test_bounds_surround_the_percentile_and_shrink_with_more_data() -> None:
    times_ns = np.random.default_rng(6).lognormal(11, 0.5, (800, 100))
    widths = []
    for count in (50, 200, 800):
        intervals = intervals_of(times_ns[:count])
        values = Histogram.of_intervals(intervals).percentiles(QUANTILES)
        found = bounds_of(intervals)
        for value, bounds in zip(values, found, strict=True):
            assert bounds is not None
            assert value is not None
            assert bounds.low_ns <= value <= bounds.high_ns
            assert bounds.half_width(value) < 0.2
        widths.append(found[0].high_ns - found[0].low_ns if found[0] else 0)
    assert widths == sorted(widths, reverse=True)


def test_a_time_that_never_changes_is_known_exactly() -> None:
    intervals = intervals_of(np.full((30, 100), 777))
    assert bounds_of(intervals) == [Bounds(777, 777, 30.0)] * 3


def test_intervals_in_which_nothing_ended_take_part() -> None:
    full = intervals_of(np.random.default_rng(7).integers(1_000, 9_000, (20, 100)))
    gaps = [
        each for pair in zip(full, [IntervalHistogram.of(b"")] * 20, strict=True) for each in pair
    ]
    assert all(bounds is not None for bounds in bounds_of(gaps))


@pytest.mark.parametrize(("count", "each"), [(MIN_INTERVALS - 1, 1_000), (0, 0)])
def test_too_few_intervals_show_nothing(count: int, each: int) -> None:
    assert bounds_of(intervals_of(np.ones((count, each)))) == [None] * 3


def test_a_percentile_that_is_not_shown_has_no_bounds() -> None:
    found = bounds_of(intervals_of(np.random.default_rng(8).integers(1, 9_000, (40, 10))))
    assert [bounds is None for bounds in found] == [False, False, True]


def test_half_the_width_is_a_share_of_the_value_and_none_of_zero() -> None:
    assert Bounds(90, 130).half_width(100) == pytest.approx(0.2)
    assert Bounds(0, 0).half_width(0) == 0.0


def test_intervals_that_depend_on_their_neighbours_count_for_less() -> None:
    noise = np.random.default_rng(9)
    counts = []
    for memory in (0.0, 0.8, 0.97):
        level = 0.3 * correlated(noise, 400, memory)
        times_ns = np.exp(13 + level[:, None] + 0.1 * noise.standard_normal((400, 20)))
        (bounds,) = bounds_of(intervals_of(times_ns), (0.5,))
        assert bounds is not None
        counts.append(bounds.independent)
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] < MIN_INDEPENDENT < counts[0]


def by_hand(rows: Sequence[Sequence[int]], quantile: float, confidence: float) -> Bounds:
    """The bounds in plain Python, one cell, one part and one pair of neighbours at a time."""
    ordered = sorted(value for row in rows for value in row)
    places = [index_of(value) for value in ordered]
    rank = quantile * len(ordered)
    bucket = places[math.ceil(rank) - 1]
    before, until = bisect_left(places, bucket), bisect_right(places, bucket)
    part = (rank - before) / (until - before)

    each = math.ceil(len(rows) / 128)
    cells = [
        [index_of(v) for row in rows[at : at + each] for v in row]
        for at in range(0, len(rows), each)
    ]
    over = [
        sum(v < bucket for v in cell) + part * cell.count(bucket) - quantile * len(cell)
        for cell in cells
    ]
    series = [value / (len(ordered) / len(cells)) for value in over]

    parts = neighbours(series, len(series) // 10)
    widest = t_of(len(parts) - 1, confidence) * statistics.stdev(parts) / math.sqrt(len(parts))
    fewest = math.inf
    for scale in (1, 2, 4):
        means = neighbours(series, scale)
        if (count := len(means)) < MIN_INTERVALS:
            break
        middle = statistics.fmean(means)
        square = sum((x - middle) ** 2 for x in means) / count
        r = sum((x - middle) * (y - middle) for x, y in pairwise(means)) / count / square
        r += (1 + 4 * r) / count
        r += math.sqrt(max(1 - r * r, 0) / count) / 2
        r = min(max(r, 0), 0.995)
        worth = count * (1 - r) / (1 + r)
        square /= max(1 - 1 / max(worth, 2), 0.3)
        widest = max(widest, t_of(worth - 1, confidence) * math.sqrt(square / worth))
        fewest = min(fewest, worth)

    def value_at(share: float) -> int:
        at = min(max(math.floor(share * len(ordered) + 0.5), 1), len(ordered)) - 1
        return min(max(highest_of(places[at]), ordered[0]), ordered[-1])

    return Bounds(value_at(quantile - widest), value_at(quantile + widest), fewest)


def neighbours(series: Sequence[float], length: int) -> list[float]:
    first = len(series) % length
    starts = range(first, len(series), length)
    return [statistics.fmean(series[at : at + length]) for at in starts]


def t_of(degrees: float, confidence: float) -> float:
    """Abramowitz and Stegun, 26.7.5."""
    z, n = statistics.NormalDist().inv_cdf(0.5 + confidence / 2), max(degrees, 2)
    return (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
    )


@pytest.mark.parametrize(
    ("count", "each", "memory", "drift", "confidence"),
    [
        (20, 40, 0.0, 0.0, 0.95),
        (43, 25, 0.0, 0.5, 0.8),
        (87, 20, 0.7, 1.0, 0.95),
        (128, 15, 0.97, 0.6, 0.95),
        (129, 15, 0.99, 2.0, 0.99),
        (60, 30, 0.999, 3.0, 0.7),
        (300, 8, -0.9, 1.0, 0.95),
    ],
)
def test_bounds_are_those_computed_by_hand(
    count: int, each: int, memory: float, drift: float, confidence: float
) -> None:
    noise = np.random.default_rng(count)
    level = 13 + drift * correlated(noise, count, memory)
    times_ns = np.exp(level[:, None] + 2 * noise.standard_normal((count, each))).astype(np.int64)
    intervals = intervals_of(times_ns)
    pooled = Histogram.of_intervals(intervals)
    for quantile in (0.1, 0.5, 0.9, 0.95):
        # Alone: none lends its bound to another.
        (bounds,) = percentile_bounds(pooled, intervals, (quantile,), confidence=confidence)
        assert bounds == pytest.approx(by_hand(times_ns.tolist(), quantile, confidence), rel=1e-9)


def test_bounds_are_those_computed_by_hand_where_each_rank_has_a_bucket_of_its_own() -> None:
    # 8,000 values that rise all the time: as few independent intervals as can be.
    times_ns = np.array([lowest_of(at) for at in range(8_000)]).reshape(40, 200)
    intervals = intervals_of(times_ns)
    quantiles = [at / 20 for at in range(1, 20)]
    pooled = Histogram.of_intervals(intervals)
    found = percentile_bounds(pooled, intervals, quantiles, confidence=0.5)
    expected = [by_hand(times_ns.tolist(), quantile, 0.5) for quantile in quantiles]
    assert found == [pytest.approx(each, rel=1e-9) for each in expected]


@pytest.mark.parametrize("quantile", [0.25, 0.5, 0.75])
def test_of_a_few_values_each_bucket_is_shared_out(quantile: float) -> None:
    # The quantiles lie in the first, the second and the last of three buckets that are neighbours,
    # whose shares wander, so that intervals depend on each other.
    noise = np.random.default_rng(12)
    shares = 0.3 + 0.08 * np.clip(correlated(noise, 60, 0.5), -3, 3)
    times_ns = np.array(
        [noise.choice([100, 101, 102], 30, p=[share, 0.4, 0.6 - share]) for share in shares]
    )
    (found,) = bounds_of(intervals_of(times_ns), (quantile,))
    assert found == pytest.approx(by_hand(times_ns.tolist(), quantile, 0.95), rel=1e-9)


def test_intervals_are_not_gone_over_where_there_are_too_few_values() -> None:
    intervals = iter(intervals_of(np.ones((40, 10))))
    assert percentile_bounds(Histogram.of_intervals([]), intervals, QUANTILES) == [None] * 3
    assert len(list(intervals)) == 40


@pytest.mark.timed
def test_a_minute_of_intervals_takes_a_small_part_of_a_second() -> None:
    intervals = intervals_of(np.random.default_rng(10).lognormal(11, 0.5, (600, 1_000)))
    pooled = Histogram.of_intervals(intervals)
    start_ns = time.process_time_ns()
    for interval in intervals:
        interval.percentile(0.99)
    yardstick_ns = time.process_time_ns() - start_ns
    start_ns = time.process_time_ns()
    percentile_bounds(pooled, intervals, QUANTILES)
    # As long as to read one percentile of each interval, give or take.
    assert time.process_time_ns() - start_ns < 10 * yardstick_ns
