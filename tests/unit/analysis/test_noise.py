"""The noise floor, and what is said from it before anything is measured."""

from __future__ import annotations

import math

import pytest

from cortex_tui.analysis.noise import apart, noise_of_values, rounds_to_find


def test_the_noise_is_the_spread_of_logarithms_between_sessions() -> None:
    values = [{"p50": 100.0, "p95": 300.0}, {"p50": 110.0}, {"p50": 121.0, "p95": 1.0}]
    record = noise_of_values(values)
    assert record.deviations == {"p50": pytest.approx(math.log(1.1))}
    assert record.successive == {"p50": pytest.approx(math.log(1.1))}
    assert record.sessions == 3


def test_a_slow_drift_has_hardly_a_part_in_what_one_round_differs_from_the_next() -> None:
    record = noise_of_values([{"p99": 100 * 1.02**number} for number in range(20)])
    assert record.deviations["p99"] > 5 * record.successive["p99"]


def test_the_noisier_it_is_the_more_rounds_are_needed() -> None:
    def needed(spread: float, difference: float, family: int = 1) -> int:
        values = [{"p99": 100 * (1 + spread * (-1) ** number)} for number in range(8)]
        found = rounds_to_find(noise_of_values(values), "p99", difference, family=family)
        assert found is not None
        return found

    assert needed(0.01, 0.1) < needed(0.03, 0.1) < needed(0.06, 0.1)
    assert needed(0.06, 0.2) < needed(0.06, 0.1) < needed(0.06, 0.1, family=20)
    few = noise_of_values([{"p99": 100.0}, {"p99": 101.0}])
    assert rounds_to_find(few, "p99", 0.1) is None
    assert rounds_to_find(noise_of_values([{"p50": 1.0}] * 6), "p99", 0.1) is None


def test_two_sessions_lie_further_apart_than_the_spread_of_one() -> None:
    assert apart(0.01, 100) == pytest.approx(1.984 * math.sqrt(2) * 0.01, rel=0.02)
    assert apart(0.01, 5) > apart(0.01, 100)
