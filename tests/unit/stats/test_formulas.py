"""Formulas against closed forms, printed tables, and other ways to compute the same."""

from __future__ import annotations

import math
import statistics
from array import array
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortex_tui.stats.beta import beta_quantile, beta_share, chi_square, t_critical, t_two_sided
from cortex_tui.stats.confidence import percentile_bounds
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.stats.judging import deff_at_most
from cortex_tui.stats.moments import EMPTY, Moments, clamped, merged
from cortex_tui.stats.settling import drift
from cortex_tui.stats.slowest_intervals import CHANCE, SLOWEST, Slice, slowest_intervals
from cortex_tui.stats.spread import (
    BLOCKS,
    MIN_BLOCKS,
    Spread,
    spread_beyond,
    spread_of_ratio,
    spread_of_share,
)

MS = 1_000_000
INSIDE = st.floats(0.001, 0.999)


@given(INSIDE, st.integers(1, 60))
def test_the_beta_distribution_has_its_closed_forms(x: float, n: int) -> None:
    assert beta_share(x, 1, 1) == pytest.approx(x, rel=1e-12)
    assert beta_share(x, n, 1) == pytest.approx(x**n, rel=1e-10)
    assert beta_share(x, 1, n) == pytest.approx(1 - (1 - x) ** n, rel=1e-10)
    assert beta_share(x, 0.5, 0.5) == pytest.approx(2 / math.pi * math.asin(math.sqrt(x)))
    assert beta_share(x, 2.5, n) == pytest.approx(1 - beta_share(1 - x, n, 2.5), abs=1e-12)


@given(INSIDE, st.integers(1, 60))
def test_a_quantile_of_beta_has_its_closed_forms(p: float, n: int) -> None:
    assert beta_quantile(p, 1, 1) == pytest.approx(p, rel=1e-12)
    assert beta_quantile(p, n, 1) == pytest.approx(p ** (1 / n), rel=1e-10)
    assert beta_quantile(p, 1, n) == pytest.approx(1 - (1 - p) ** (1 / n), rel=1e-9)


def test_a_beta_value_of_a_billion_operations_is_right_to_six_digits() -> None:
    for x in (1e-10, 1e-9, 3e-9):
        assert beta_share(x, 1, 1e9) == pytest.approx(-math.expm1(1e9 * math.log1p(-x)), rel=1e-6)


def test_beyond_its_ends_a_beta_value_is_certain() -> None:
    assert [beta_share(x, 3, 4) for x in (-1, 0, 1, 2)] == [0, 0, 1, 1]
    assert [beta_quantile(p, 3, 4) for p in (-1, 0, 1, 2)] == [0, 0, 1, 1]


@given(st.floats(0.01, 50))
def test_t_of_one_two_and_three_degrees_has_its_closed_forms(t: float) -> None:
    a = t / math.sqrt(3)
    closed = {
        1: 1 - 2 / math.pi * math.atan(t),
        2: 1 - t / math.sqrt(2 + t * t),
        3: 1 - 2 / math.pi * (a / (1 + a * a) + math.atan(a)),
    }
    for degrees, p in closed.items():
        assert t_two_sided(t, degrees) == pytest.approx(p, rel=1e-8)
        assert t_two_sided(-t, degrees) == t_two_sided(t, degrees)
        assert t_critical(t_two_sided(t, degrees), degrees) == pytest.approx(t, rel=1e-6)


def test_no_t_and_an_endless_one_are_certain() -> None:
    assert t_two_sided(0, 5) == 1
    assert t_two_sided(math.inf, 5) == t_two_sided(-math.inf, 5) == 0
    assert t_critical(1, 5) == 0
    assert t_critical(0, 5) == math.inf


@pytest.mark.parametrize(
    ("degrees", "lower", "upper"),
    # Any table of chi-square: the 10 % and the 90 % point.
    [(5, 1.610, 9.236), (9, 4.168, 14.684), (20, 12.443, 28.412), (100, 82.358, 118.498)],
)
def test_chi_square_is_within_a_percent_of_tables(degrees: int, lower: float, upper: float) -> None:
    assert chi_square(degrees, 0.1) == pytest.approx(lower, rel=0.01)
    assert chi_square(degrees, 0.9) == pytest.approx(upper, rel=0.01)
    assert deff_at_most(3, degrees + 1) == pytest.approx(3 * degrees / lower, rel=0.01)


def test_where_its_approximation_has_no_value_a_chi_square_is_small() -> None:
    assert 0 < chi_square(1, 1e-6) < 0.01


@given(*[st.lists(st.integers(0, 10**9), max_size=20)] * 2)
def test_merged_moments_are_those_of_all_values(one: list[int], other: list[int]) -> None:
    whole = merged(moments_of(one), moments_of(other))
    both = one + other
    assert whole.count == len(both)
    assert (whole.min_ns, whole.max_ns) == (min(both, default=None), max(both, default=None))
    if both:
        assert whole.mean_ns == pytest.approx(statistics.fmean(both), abs=1e-6)
    if len(both) > 1:
        assert whole.stddev_ns == pytest.approx(statistics.stdev(both), abs=1e-4)
    else:
        assert whole.stddev_ns is None


def moments_of(values: Sequence[int]) -> Moments:
    return IntervalHistogram.of(array("q", values)).moments


def test_values_beyond_an_hour_have_extremes_and_no_part_in_the_mean() -> None:
    beyond = Moments(0, 0.0, 0.0, 4 * 10**12, 5 * 10**12, 2)
    some = moments_of([10, 20])
    for whole in (merged(some, beyond), merged(beyond, some)):
        assert whole == Moments(2, 15.0, 50.0, 10, 5 * 10**12, 2)
    assert merged(beyond, beyond) == Moments(0, 0.0, 0.0, 4 * 10**12, 5 * 10**12, 4)
    assert merged(EMPTY, beyond) == merged(beyond, EMPTY) == beyond


def test_a_bucket_s_value_is_moved_to_the_nearest_that_was_recorded() -> None:
    known = moments_of([100, 200])
    assert [clamped(ns, known) for ns in (99, 100, 150, 200, 201)] == [100, 100, 150, 200, 200]
    assert clamped(7, EMPTY) == 7


def by_fractions(numerators: Sequence[int], denominators: Sequence[int], count: int) -> float:
    """The standard error of a ratio of sums over equal blocks (Cochran, 2.11), exactly but for the
    root."""
    edges = [len(numerators) * at // count for at in range(count + 1)]
    above = [Fraction(sum(numerators[low:high])) for low, high in pairwise(edges)]
    below = [Fraction(sum(denominators[low:high])) for low, high in pairwise(edges)]
    ratio = sum(above) / sum(below)
    squares = sum((a - ratio * b) ** 2 for a, b in zip(above, below, strict=True))
    return math.sqrt(Fraction(count, count - 1) * squares) / float(sum(below))


@pytest.mark.parametrize("size", [MIN_BLOCKS, 29, 30, 31, 77, 300])
def test_the_error_of_a_ratio_is_that_of_its_blocks(size: int) -> None:
    random = np.random.default_rng(size)
    numerators, denominators = random.integers(0, 9, size), random.integers(5, 90, size)
    found = spread_of_ratio(numerators.astype(float), denominators.astype(float))
    assert found is not None
    assert found.blocks == min(size, BLOCKS)
    exactly = by_fractions(numerators.tolist(), denominators.tolist(), found.blocks)
    assert found.error == pytest.approx(exactly, rel=1e-9)
    share = spread_of_share(numerators.astype(float), denominators.astype(float))
    assert share is not None
    p, n = numerators.sum() / denominators.sum(), denominators.sum()
    assert share == Spread(found.error, found.blocks, max(1, share.deff))
    assert share.deff == pytest.approx(max(1.0, exactly**2 * n / (p * (1 - p))))


def test_in_a_steered_load_the_steps_between_neighbours_count() -> None:
    # 30 blocks of one interval each; that without anything below is left out.
    counts = [1.0, 4.0, 2.0, 8.0, 5.0] * 6
    seconds = [0.5, 2.0] * 15

    def by_hand(left_out: int | None = None) -> float:
        known = [at for at in range(30) if at != left_out]
        steps = [
            (counts[b] / seconds[b] - counts[a] / seconds[a]) ** 2 * seconds[a] * seconds[b] / 2
            for a, b in pairwise(known)
        ]
        return math.sqrt(30 / 29 * sum(steps)) / sum(seconds[at] for at in known)

    found = spread_of_ratio(np.array(counts), np.array(seconds), steered=True)
    assert found is not None
    assert found.error == pytest.approx(by_hand())
    assert found.blocks == 20
    seconds[7] = 0.0
    found = spread_of_ratio(np.array(counts), np.array(seconds), steered=True)
    assert found is not None
    assert found.error == pytest.approx(by_hand(left_out=7))
    # Two thirds of 29 blocks, rounded down.
    found = spread_of_ratio(np.array(counts[:29]), np.ones(29), steered=True)
    assert found is not None
    assert (found.blocks, type(found.blocks)) == (19, int)


def test_a_share_of_a_steered_load_has_the_error_of_its_ratio() -> None:
    random = np.random.default_rng(2)
    over, counts = (
        random.integers(0, 9, 60).astype(float),
        random.integers(10, 90, 60).astype(float),
    )
    ratio = spread_of_ratio(over, counts, steered=True)
    share = spread_of_share(over, counts, steered=True)
    assert ratio is not None
    assert share is not None
    assert (share.error, share.blocks) == (ratio.error, ratio.blocks)
    assert ratio != spread_of_ratio(over, counts)


@pytest.mark.parametrize("steered", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_the_deff_beyond_a_limit_is_the_greatest_of_those_near_it(seed: int, steered: bool) -> None:
    random = np.random.default_rng(seed)
    # Below 2,048 ns each value has a bucket of its own; the level wanders, so deffs differ.
    levels = 300 + 200 * np.sin(np.arange(60) * random.uniform(0.05, 2))
    values = [np.abs(random.normal(level, 40, 30)).astype(np.int64) for level in levels]
    values[3] = np.append(values[3], 2 * 3_600 * 10**9)
    missing = random.integers(0, 3, 60).astype(float)
    intervals = [IntervalHistogram.of(each.tobytes()) for each in values]
    limit_ns, allowed = int(random.integers(300, 500)), float(random.choice([0.01, 0.05, 0.3]))

    kept = sorted(int(v) for each in values for v in each if v < 10**9)
    ranks = (max(1, round((1 - min(each * allowed, 0.5)) * len(kept))) for each in (0.5, 1, 2, 4))
    counts = np.array([each.size for each in values]) + missing
    spreads = [
        spread_of_share(
            np.array([float((each >= ns).sum()) for each in values]) + missing,
            counts,
            steered=steered,
        )
        for ns in (limit_ns, *(kept[rank - 1] + 1 for rank in ranks))
    ]
    at_limit = spreads[0]
    assert at_limit is not None
    found = spread_beyond(
        Histogram.of_intervals(intervals),
        intervals,
        lambda: missing,
        limit_ns,
        allowed,
        steered=steered,
    )
    deff = max(each.deff for each in spreads if each is not None)
    assert found == Spread(at_limit.error, at_limit.blocks, deff)


def test_a_share_of_none_and_of_all_has_no_deff() -> None:
    counts = np.full(40, 10.0)
    for over in (np.zeros(40), counts):
        assert spread_of_share(over, counts) == Spread(0.0, 30, 1.0)


def test_a_drift_is_the_least_squares_line_through_the_medians_of_twelve_parts() -> None:
    values = np.random.default_rng(4).lognormal(5, 0.3, 107) * np.linspace(2, 1, 107)
    first = 107 // 8
    edges = [first + (107 - first) * part // 12 for part in range(13)]
    times = [np.log(np.arange(low, high) + 0.5).mean() for low, high in pairwise(edges)]
    levels = [np.median(np.log(values[low:high])) for low, high in pairwise(edges)]
    (slope, _), covariance = np.polyfit(times, levels, 1, cov=True)
    assert drift(values.tolist()) == pytest.approx((slope, math.sqrt(covariance[0][0])))


def test_for_independent_operations_bounds_are_those_of_the_binomial() -> None:
    random = np.random.default_rng(11)
    count, quantile = 40 * 250, 0.9
    half_width = 1.96 * math.sqrt(count * quantile * (1 - quantile))
    widths = []
    for _ in range(60):
        # Every rank is a value of its own: 1, 2, and so on to the number of operations.
        ranks = random.permutation(count) + 1
        intervals = [IntervalHistogram.of(array("q", part)) for part in ranks.reshape(40, 250)]
        pooled = Histogram.of_intervals(intervals)
        (bounds,) = percentile_bounds(pooled, intervals, (quantile,))
        assert bounds is not None
        widths.append((bounds.high_ns - bounds.low_ns) / 2)
    # Somewhat wider, since the widest of several estimates holds.
    assert half_width < statistics.fmean(widths) < 1.7 * half_width


def of_chance(among: int, elsewhere: int, count: int) -> Fraction:
    """That `among` or more of all that have it are among the slowest, if any five were as likely
    to be: counted over how many of them are."""
    having = among + elsewhere
    ways = Fraction(0)
    for k in range(among, SLOWEST + 1):
        p = Fraction(math.comb(SLOWEST, k))
        # Drawn one after the other: first k that have it, then the rest that have not.
        for drawn in range(SLOWEST):
            left = having - drawn if drawn < k else count - having - (drawn - k)
            p *= Fraction(max(left, 0), count - drawn)
        ways += p
    return ways


@pytest.mark.parametrize("count", [20, 21, 60])
@pytest.mark.parametrize("among", range(1, SLOWEST + 1))
def test_what_chance_explains_is_not_worth_a_word(count: int, among: int) -> None:
    for elsewhere in range((count - SLOWEST) // 2):
        plain, pause = Slice(MS), Slice(MS, gc_pauses=1, gc_pause_ns=MS)
        slow, slow_pause = Slice(9 * MS), Slice(9 * MS, gc_pauses=1, gc_pause_ns=MS)
        slices = [slow_pause] * among + [slow] * (SLOWEST - among) + [pause] * elsewhere
        found = slowest_intervals(slices + [plain] * (count - len(slices)))
        worth = of_chance(among, elsewhere, count) <= CHANCE
        assert found == (f"{among} of the 5 slowest intervals had a GC pause" if worth else "")


@pytest.mark.parametrize(
    ("least", "less", "usual", "text"),
    [
        ({"gc_pause_ns": 1}, {"gc_pause_ns": 0}, {}, "had a GC pause"),
        (
            {"gc_pause_ns": 6 * MS},
            {"gc_pause_ns": 6 * MS - 1},
            {"gc_pause_ns": 2 * MS},
            "had a GC pause longer than usual",
        ),
        (
            {"loop_lag_ns": 5 * MS},
            {"loop_lag_ns": 5 * MS - 1},
            {"loop_lag_ns": MS},
            "had the event loop blocked for up to 5.00ms",
        ),
        (
            {"loop_lag_ns": 9 * MS},
            {"loop_lag_ns": 9 * MS - 1},
            {"loop_lag_ns": 3 * MS},
            "had the event loop blocked for up to 9.00ms",
        ),
        (
            {"involuntary_switches": 10},
            {"involuntary_switches": 9},
            {},
            "had the CPU taken away far more often",
        ),
        ({"steal_ns": 1}, {"steal_ns": 0}, {}, "lost 2ns to the hypervisor"),
        (
            {"foreign_ns": 30 * MS},
            {"foreign_ns": 30 * MS - 1},
            {"foreign_ns": 10 * MS},
            "had other processes use 60.0ms of CPU time",
        ),
    ],
)
def test_a_signal_counts_from_its_limit_on(
    least: dict[str, int], less: dict[str, int], usual: dict[str, int], text: str
) -> None:
    others = [Slice(MS, wall_ns=100 * MS, **usual)] * 40
    slow = Slice(9 * MS, wall_ns=100 * MS)
    for facts, found in ((least, f"2 of the 5 slowest intervals {text}"), (less, "")):
        slices = [*others, *[slow._replace(**facts)] * 2, *[slow._replace(**usual)] * 3]
        assert slowest_intervals(slices) == found


def test_of_intervals_that_are_equally_slow_the_first_count() -> None:
    pause = Slice(MS, gc_pauses=1, gc_pause_ns=MS)
    slices = [pause] * SLOWEST + [Slice(MS)] * 60
    assert slowest_intervals(slices) == "5 of the 5 slowest intervals had a GC pause"
    assert slowest_intervals(slices[::-1]) == ""


def test_intervals_without_a_length_have_no_rate_of_switches() -> None:
    slices = [Slice(MS)] * 40 + [Slice(9 * MS, involuntary_switches=90)] * 5
    assert slowest_intervals(slices) == ""
