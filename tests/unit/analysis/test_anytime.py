"""Looking after every round without being fooled."""

from __future__ import annotations

import numpy as np
import pytest

from cortex_tui.analysis.anytime import evidence_against_chance, is_sure_at_any_time
from cortex_tui.analysis.verdict import ALPHA, Judgement


@pytest.mark.parametrize(
    ("rounds", "t"), [(5, 8.45), (6, 5.45), (8, 4.25), (10, 3.87), (15, 3.54), (20, 3.42)]
)
def test_the_critical_values_are_those_that_are_published(rounds: int, t: float) -> None:
    # Solved by hand for alpha 0.05 and a prior of variance 1.
    assert evidence_against_chance(t, rounds) == pytest.approx(1 / ALPHA, rel=0.02)


def test_equal_sides_that_are_looked_at_after_every_round_raise_few_alarms() -> None:
    noise = np.random.default_rng(11)
    alarms = peeking = 0
    for _ in range(1_000):
        series = noise.standard_normal(30)
        known = [series[:n] for n in range(3, 31)]
        ts = [np.sqrt(len(s)) * s.mean() / s.std(ddof=1) for s in known]
        alarms += any(
            evidence_against_chance(float(t), len(s)) >= 1 / ALPHA
            for t, s in zip(ts, known, strict=True)
        )
        peeking += any(abs(t) > 2.05 for t in ts)
    assert alarms / 1_000 <= ALPHA
    assert peeking / 1_000 > 3 * ALPHA


def judgement(ratio: float | None, spread: float | None = 0.03) -> Judgement:
    return Judgement(statistic="p95", a=1.0, b=ratio, ratio=ratio, spread=spread)


def test_a_difference_of_several_spreads_becomes_sure_with_rounds() -> None:
    assert not is_sure_at_any_time(judgement(1.04), 4)
    assert is_sure_at_any_time(judgement(1.04), 30)
    assert not is_sure_at_any_time(judgement(1.04), 12, family=200)
    assert not is_sure_at_any_time(judgement(None), 30)
    assert not is_sure_at_any_time(judgement(1.04, None), 30)
