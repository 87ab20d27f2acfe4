"""What there is to see of one profile on both sides."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from cortex_tui.analysis.arms import Arm
from cortex_tui.analysis.close_up import close_up_of, curve_of, shape_of
from tests.unit.analysis.sides import latencies, side


def in_turns(rounds: int = 6, size: int = 2_000) -> tuple[Arm, Arm]:
    """A first in the odd rounds, B first in the even ones."""
    a, b = map(side, latencies(1, rounds, size=size, slower=1.2))

    def numbered(arm: Arm, first: int) -> Arm:
        found = [
            replace(each, run=2 * at + (first if at % 2 == 0 else 1 - first))
            for at, each in enumerate(arm.rounds)
        ]
        return replace(arm, rounds=tuple(found))

    return numbered(a, 0), numbered(b, 1)


def test_rounds_stand_in_order_with_which_side_was_first() -> None:
    rounds = close_up_of(*in_turns(), "p95", paired=True).rounds
    assert [each.order for each in rounds.points] == ["AB", "BA"] * 3
    assert [each.number for each in rounds.points] == [1, 2, 3, 4, 5, 6]
    for each in rounds.points:
        assert each.a_ns is not None
        assert each.b_ns is not None
        assert each.difference == pytest.approx(math.log(each.b_ns / each.a_ns))
    mean = np.mean([each.difference for each in rounds.points])
    assert rounds.mean == pytest.approx(mean)
    assert not rounds.pooled


def test_rounds_of_few_operations_show_what_each_adds() -> None:
    rounds = close_up_of(*in_turns(size=500), "p99", paired=True).rounds
    assert rounds.pooled
    assert all(each.difference is not None for each in rounds.points)


def test_rounds_of_two_sessions_stand_one_side_after_the_other() -> None:
    a, b = in_turns(3)
    rounds = close_up_of(a, b, "p95", paired=False).rounds
    assert [each.a_ns is None for each in rounds.points] == [False] * 3 + [True] * 3
    assert all(each.difference is None for each in rounds.points)


def test_a_curve_has_bars_where_there_are_operations_enough() -> None:
    a, _ = in_turns()
    curve = curve_of(a)
    assert curve.sure == pytest.approx(math.log10(1_200))
    quantiles = [round(1 - 10**-bar.nines, 4) for bar in curve.bars]
    assert quantiles == [0.5, 0.9, 0.95, 0.99, 0.999]
    (low, high) = curve.bars[0][1:]
    pooled = np.concatenate(latencies(1, 6, slower=1.2)[0])
    assert low < np.median(pooled) < high


@pytest.mark.parametrize(("rounds", "few"), [(2, True), (3, False)])
def test_two_rounds_are_too_few_for_bars(rounds: int, few: bool) -> None:
    a, _ = in_turns(rounds)
    curve = curve_of(a)
    assert (not curve.bars, curve.few_rounds) == (few, few)


def test_letter_values_end_where_few_values_lie_beyond() -> None:
    shape = shape_of(side([np.arange(1.0, 1_001.0)]))
    assert shape is not None
    assert [box.share for box in shape.boxes] == [1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32]
    assert (shape.boxes[0].low_ns, shape.boxes[0].high_ns) == (250, 750)
    assert set(shape.percentiles) == {"p50", "p95", "p99"}


def test_nothing_measured_has_no_shape() -> None:
    assert shape_of(None) is None
    assert shape_of(side([])) is None
