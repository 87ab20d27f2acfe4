"""The difference by percentile: what it is, where it is known, and how often its band is right."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cortex_tui.analysis.arms import Arm
from cortex_tui.analysis.evidence import Floor
from cortex_tui.analysis.shift import NAMES, ShiftPoint, reach_of, shift_of
from cortex_tui.stats.beta import t_critical
from tests.unit.analysis.sides import Times, latencies, side

QUANTILES = np.array([0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99])


def by_name(points: tuple[ShiftPoint, ...]) -> dict[str, ShiftPoint]:
    return {each.name: each for each in points}


def two(seed: int = 3, *, slower: float = 1.1, **how: float) -> tuple[Arm, Arm]:
    a, b = latencies(seed, slower=slower, **how)  # type: ignore[arg-type]
    return side(a), side(b)


def differences(noise: np.random.Generator, rounds: int, own: float) -> Times:
    """The logarithms of B / A at QUANTILES in rounds of equal code: of samples of 500 on either
    side, and noise that a round has of its own, more of it in the tail."""
    found: Times = np.zeros((rounds, len(QUANTILES)))
    for sign in (1.0, -1.0):
        times = np.sort(0.3 * noise.standard_normal((rounds, 500)), axis=1)
        found += sign * times[:, (QUANTILES * 500).astype(int) - 1]
    tail = np.maximum(0.0, QUANTILES - 0.9) * 10
    found += own * noise.standard_t(3, (rounds, 1)) * (1 + tail)
    return found


@pytest.mark.parametrize("rounds", [3, 8, 20])
def test_the_band_holds_at_all_percentiles_at_once_in_95_of_100_comparisons(rounds: int) -> None:
    noise = np.random.default_rng(rounds)
    comparisons = 300
    right = 0
    for number in range(comparisons):
        series = differences(noise, rounds, 0.02 if number % 2 else 0.0)
        errors = series.std(axis=0, ddof=1) / math.sqrt(rounds)
        right += bool((np.abs(series.mean(axis=0)) <= reach_of(series.tolist()) * errors).all())
    # Of 300, 95 % are 285; in 1 of 1,000 series of simulations there would be less than 272.
    assert right >= 272


def test_a_band_for_each_percentile_alone_would_be_wrong_too_often() -> None:
    """What the band is for: the usual intervals, looked at together."""
    noise = np.random.default_rng(1)
    single, right = t_critical(0.05, 7), 0
    for _ in range(300):
        series = differences(noise, 8, 0.0)
        errors = series.std(axis=0, ddof=1) / math.sqrt(8)
        right += bool((np.abs(series.mean(axis=0)) <= single * errors).all())
    assert right < 240


def test_the_reach_is_between_that_of_one_percentile_and_bonferronis() -> None:
    alike = [[value] * 8 for value in (0.1, -0.2, 0.05, 0.3, -0.1, 0.2)]
    assert reach_of(alike) == pytest.approx(t_critical(0.05, 5), rel=0.12)
    apart = np.random.default_rng(2).standard_normal((6, 8)).tolist()
    assert t_critical(0.05, 5) < reach_of(apart) < 1.05 * t_critical(0.05 / 8, 5)


def test_the_band_is_the_same_each_time() -> None:
    assert shift_of(*two(), paired=True) == shift_of(*two(), paired=True)


def test_a_slowdown_shows_at_every_percentile() -> None:
    shift = shift_of(*two(own=0.002), paired=True)
    sure = [each for each in shift.points if each.enough]
    assert len(sure) >= 15
    for each in sure:
        assert each.low is not None
        assert each.high is not None
        assert 0 < each.low < each.difference < each.high
        assert each.difference == pytest.approx(math.log(1.1), abs=0.03)
    assert shift.band == f"95 % for all {len(sure)} percentiles at once, from 8 rounds"


def test_a_slower_tail_shows_only_there() -> None:
    a, b = latencies(5, own=0.002)

    def slow(times: Times) -> Times:
        return np.where(times > np.quantile(times, 0.9), 1.3 * times, times)

    found = by_name(shift_of(side(a), side([slow(each) for each in b]), paired=True).points)
    for name in ("p10", "p50", "p75"):
        low, high = found[name].low, found[name].high
        assert low is not None
        assert high is not None
        assert low < 0 < high
    for name in ("p95", "p99"):
        assert (found[name].low or 0) > 0.2


def test_exchanging_the_sides_mirrors_the_shift() -> None:
    a, b = two()
    there, back = shift_of(a, b, paired=True), shift_of(b, a, paired=True)
    for one, other in zip(there.points, back.points, strict=True):
        assert one.difference == pytest.approx(-other.difference)
        if one.low is not None and other.high is not None:
            assert one.low == pytest.approx(-other.high)


def test_where_operations_are_too_few_there_is_a_point_without_a_band() -> None:
    shift = shift_of(*two(rounds=4, size=250), paired=True)
    found = by_name(shift.points)
    assert found["p95"].low is not None
    assert not found["p99"].enough
    assert found["p99"].low is None
    assert "p99.99" not in found


def test_two_rounds_have_no_band() -> None:
    shift = shift_of(*two(rounds=2), paired=True)
    assert shift.points
    assert all(each.low is None for each in shift.points)
    assert shift.band == "no band: it needs 3 rounds or more"


def test_two_sessions_have_a_band_only_where_the_noise_between_sessions_is_known() -> None:
    a, b = two(drift=0.01)
    assert shift_of(a, b, paired=False).band.startswith("no band: the noise between sessions")
    floors = {"p50": Floor(0.01, 10), "p95": Floor(0.02, 10)}
    shift = shift_of(a, b, paired=False, floors=floors)
    banded = [each.name for each in shift.points if each.low is not None]
    assert banded == ["p50", "p95"]
    assert shift.band == "95 % for p50, p95 together, with the noise between sessions"


def test_batches_of_different_size_have_no_shift() -> None:
    a, b = two()
    assert shift_of(a, Arm(b.profile, b.rounds, batch=10), paired=True).points == ()


def test_percentiles_stand_in_ascending_order() -> None:
    quantiles = [float(name[1:]) for name in NAMES]
    assert quantiles == sorted(quantiles)
