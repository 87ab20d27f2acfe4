"""Comparisons that may end before their last round."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cortex_tui.analysis.comparison import Comparison, Pair, compare
from cortex_tui.analysis.looks import FEWEST, in_looks, looks_within, spent
from cortex_tui.analysis.verdict import ALPHA
from cortex_tui.stats.beta import t_critical
from tests.unit.analysis.sides import latencies, profile, side

PLANNED = (6, 10, 14, 20)


def once(pairs: list[Pair], alpha: float) -> Comparison:
    return compare(pairs, paired=True, alpha=alpha)


def looked_at(*pairs: Pair, planned: tuple[int, ...] = PLANNED) -> Comparison:
    return in_looks(pairs, planned, lambda part, alpha: once(list(part), alpha))


def pair(seed: int, rounds: int, name: str = "p", **options: float) -> Pair:
    a, b = latencies(seed, rounds, **options)  # type: ignore[arg-type]
    return Pair(side(a, profile(name)), side(b, profile(name)))


@pytest.mark.parametrize("rounds", [FEWEST, 7, 12, 30, 31, 400, 1_000])
def test_looks_come_in_order_and_the_last_is_after_all_rounds(rounds: int) -> None:
    looks = looks_within(rounds)
    assert looks == tuple(sorted(set(looks)))
    assert looks[-1] == rounds
    assert looks[0] >= FEWEST


def test_all_looks_together_spend_what_one_test_would() -> None:
    for planned in (PLANNED, looks_within(1_000), (6,)):
        assert sum(spent(planned, planned[-1])) == pytest.approx(ALPHA)
        assert min(spent(planned, planned[-1])) > 0


def test_the_critical_values_are_those_of_the_published_spending_function() -> None:
    looks = (6, 10, 15, 20)
    found = [t_critical(each, at - 1) for each, at in zip(spent(looks, 20), looks, strict=True)]
    assert found == pytest.approx([3.33, 3.24, 2.96, 2.93], abs=0.02)


def test_a_verdict_is_that_of_the_first_look_that_had_one_whatever_comes_later() -> None:
    early, late = pair(1, 20, "early", slower=1.2), pair(2, 20, "late", own=0.06)
    found = looked_at(early, late)
    first, second = found.profiles
    assert (first.verdict, first.rounds) == ("slower", (6, 6))
    assert second.rounds[0] > 6
    alone = looked_at(cut(early, 6), cut(late, 6))
    assert alone.profiles[0] == first
    assert found.looks is not None
    assert (found.looks.planned, found.looks.after) == (PLANNED, PLANNED)


def cut(one: Pair, rounds: int) -> Pair:
    a, b = (replace(arm, rounds=arm.rounds[:rounds]) for arm in (one.a, one.b))
    return Pair(a, b)


def test_a_session_that_was_stopped_between_two_looks_has_one_at_its_end() -> None:
    found = looked_at(pair(1, 12, slower=1.004))
    assert found.looks is not None
    assert found.looks.after == (6, 10, 12)
    short = looked_at(pair(1, 4, slower=1.2))
    assert short.looks is not None
    assert short.looks.after == (4,)


def test_each_look_is_surer_than_a_comparison_that_is_looked_at_once() -> None:
    one = pair(3, 6)
    whole, looks = once([one], ALPHA), looked_at(one)
    for name, judged in looks.profiles[0].statistics.items():
        other = whole.profiles[0].statistics[name]
        if judged.low is not None and judged.high is not None and judged.low < judged.high:
            assert other.low is not None
            assert other.high is not None
            assert judged.low < other.low < other.high < judged.high


def test_a_profile_whose_first_rounds_failed_is_judged_by_the_others() -> None:
    a, b = latencies(5, 20, slower=1.3)
    slow = side(b)
    late = Pair(side(a), replace(slow, rounds=slow.rounds[8:]))
    (found,) = looked_at(late).profiles
    assert (found.verdict, found.statistics[found.primary].verdict) == ("slower", "slower")


@pytest.mark.parametrize("number", [-(2**62), -1, 0, 2**62])
def test_rounds_of_a_damaged_record_do_no_harm(number: int) -> None:
    one = pair(1, 4, slower=1.2)
    a, b = (
        replace(arm, rounds=tuple(replace(each, number=number) for each in arm.rounds))
        for arm in (one.a, one.b)
    )
    (found,) = looked_at(Pair(a, b)).profiles
    assert found.verdict in ("slower", "cannot tell")
    assert looked_at(Pair(replace(a, rounds=()), b)).profiles[0].verdict == "cannot tell"


@pytest.mark.parametrize("planned", [(), (0,), (-5, 2**62), (3, 3, 1)])
def test_looks_of_a_damaged_record_do_no_harm(planned: tuple[int, ...]) -> None:
    (found,) = looked_at(pair(1, 8, slower=1.2), planned=planned).profiles
    assert found.verdict in ("slower", "cannot tell")
