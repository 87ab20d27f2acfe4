"""Comparisons of alternating rounds: what is found, what is not, and what must not matter."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cortex_tui.analysis.arms import Arm
from cortex_tui.analysis.comparison import (
    DECIDING,
    LOWERED,
    Comparison,
    Pair,
    ProfileComparison,
    compare,
    evidence_of,
    primary_of,
)
from cortex_tui.analysis.evidence import Evidence, Floor, chance_of_counts
from cortex_tui.analysis.verdict import Word, corrected, judge, rounds_for
from cortex_tui.loads.open import OpenLoad
from tests.unit.analysis.sides import Times, latencies, one_round, profile, side

MIRRORED: dict[Word, Word] = {
    "faster": "slower",
    "slower": "faster",
    "more": "fewer",
    "fewer": "more",
}


def paired(a: list[Times], b: list[Times], **options: Any) -> Comparison:
    return compare([Pair(side(a), side(b))], paired=True, **options)


def pair(times: tuple[list[Times], list[Times]]) -> Pair:
    return Pair(side(times[0]), side(times[1]))


def words(comparison: Comparison) -> list[dict[str, Word]]:
    return words_of(comparison.profiles)


def words_of(profiles: Sequence[ProfileComparison]) -> list[dict[str, Word]]:
    return [{name: each.verdict for name, each in one.statistics.items()} for one in profiles]


def judged_alone(a: list[Times], b: list[Times]) -> float:
    """How often equal sides lie so far apart at p50, where nothing else is looked at."""
    return evidence_of(Pair(side(a), side(b)), paired=True)["p50"].p


def comparable(comparison: Comparison) -> set[str]:
    (one,) = comparison.profiles
    return {name for name, each in one.statistics.items() if each.ratio is not None}


def test_a_slowdown_is_found_with_its_size() -> None:
    (found,) = paired(*latencies(1, slower=1.1)).profiles
    assert (found.primary, found.verdict, found.rounds) == ("p95", "slower", (8, 8))
    for name in ("p50", "p95", "mean"):
        one = found.statistics[name]
        assert one.low is not None
        assert one.high is not None
        assert one.low < 1.1 < one.high
    assert found.statistics["throughput"].verdict == "slower"
    assert found.statistics["throughput"].ratio == pytest.approx(1 / 1.1, rel=0.02)


def test_equal_sides_are_the_same_and_not_merely_without_a_finding() -> None:
    (found,) = paired(*latencies(2, rounds=16, own=0.005)).profiles
    assert (found.statistics["p50"].verdict, found.verdict) == ("same", "same")
    (noisy,) = paired(*latencies(2, rounds=4, own=0.1)).profiles
    judged = noisy.statistics["p50"]
    assert judged.verdict == "cannot tell"
    assert judged.more_rounds is not None
    assert f"about {judged.more_rounds:,} more rounds would tell" in judged.reason


def test_with_hopeless_noise_more_rounds_would_not_help() -> None:
    noisy = Evidence(a=1.0, b=1.01, difference=0.01, error=1.0, degrees=7, series=(0.01,) * 8)
    judged = judge("p50", noisy, 1.0, family=1, tolerance=0.02)
    assert (judged.verdict, judged.more_rounds) == ("cannot tell", None)
    assert "longer rounds, or a quieter machine, would tell" in judged.reason


def test_the_ratio_is_that_of_the_values_next_to_it() -> None:
    (found,) = paired(*latencies(3, drift=0.5, own=0.2, size=3_000)).profiles
    for name in ("p50", "p95", "p99", "mean", "throughput"):
        one = found.statistics[name]
        assert one.a
        assert one.b
        assert one.ratio == pytest.approx(one.b / one.a)


def test_a_difference_that_does_not_matter_is_the_same() -> None:
    (found,) = paired(*latencies(3, slower=1.01, rounds=12, own=0.001, size=20_000)).profiles
    judged = found.statistics["p50"]
    assert (judged.verdict, judged.low is not None and judged.low > 1) == ("same", True)
    assert judged.reason == "a difference, but one of less than 2 %"
    (strict,) = paired(
        *latencies(3, slower=1.01, rounds=12, own=0.001, size=20_000), tolerance=0.002
    ).profiles
    assert strict.statistics["p50"].verdict == "slower"


def test_one_round_alone_decides_nothing() -> None:
    a, b = latencies(4, own=0.003)
    b[3] = b[3] * 3
    (found,) = paired(a, b).profiles
    assert {found.statistics[name].verdict for name in ("p50", "p95", "mean")} == {"cannot tell"}


def test_the_tail_needs_the_share_of_slow_operations_as_well() -> None:
    """A few operations that became far slower move no percentile that they are not part of."""
    a, b = latencies(5, size=4_000, own=0.002, drift=0.0)
    for times in b:
        times[np.argsort(times)[-30:]] *= 10
    (found,) = paired(a, b).profiles
    assert found.statistics["p50"].verdict == "same"
    assert found.statistics["p95"].verdict == "same"
    assert found.statistics["p99.9"].verdict == "slower"


def test_with_too_few_operations_there_is_no_percentile() -> None:
    (found,) = paired(*latencies(6, size=200)).profiles
    judged = found.statistics["p99.9"]
    assert (judged.verdict, judged.ratio, judged.a) == ("cannot tell", None, None)
    assert judged.reason == ("needs 28,400 more operations a side (150 rounds)")
    # p99 has 16 operations beyond it in all rounds, p95 ten a round.
    reason = "needs 1,400 more operations a side (15 rounds)"
    assert found.statistics["p99"].reason == reason
    assert found.statistics["p95"].ratio is not None


def test_what_single_rounds_lack_all_rounds_together_may_have() -> None:
    """60 operations a round are 3 beyond p95; 8 rounds have 24, 12 have 36."""
    (found,) = paired(*latencies(7, size=60, rounds=12, slower=1.5)).profiles
    assert found.statistics["p95"].verdict == "slower"
    assert found.primary == "p95"
    assert primary_of(pair(latencies(7, size=60, rounds=8))) == "p50"


def test_a_target_names_the_statistic_that_decides() -> None:
    of = profile(targets=("errors == 0", "p90 < 5ms"))
    a, b = latencies(8)
    (found,) = compare([Pair(side(a, of), side(b, of))], paired=True).profiles
    assert found.primary == "p90"
    assert list(found.statistics)[:5] == ["p50", "p90", "p95", "p99", "p99.9"]
    (other,) = paired(a, b, primary="p99").profiles
    assert other.primary == "p99"


def test_where_the_tail_cannot_tell_another_statistic_that_is_slower_decides() -> None:
    """The tail has too few operations, or varies too much: a regression is one all the same."""
    few = paired(*latencies(6, size=200, slower=1.46), primary="p99")
    (found,) = few.profiles
    assert (found.verdict, found.instead_of) == ("slower", "p99")
    assert found.primary in ("p50", "p95")
    assert few.regressions == (found,)
    reason = found.statistics[found.primary].reason
    assert reason == "p99 cannot tell: needs 1,400 more operations a side (15 rounds)"
    a, b = latencies(6, slower=1.46)
    random = np.random.default_rng(6)
    for times in (*a, *b):
        times[np.argsort(times)[-30:]] *= random.uniform(2, 40)
    (found,) = paired(a, b, primary="p99").profiles
    assert found.statistics["p99"].ratio is not None
    assert (found.statistics["p99"].verdict, found.instead_of) == ("cannot tell", "p99")
    assert found.verdict == "slower"


def test_a_statistic_that_decided_is_not_replaced() -> None:
    a, b = latencies(5, size=4_000, own=0.002, drift=0.0)
    for times in b:
        times[np.argsort(times)[-30:]] *= 10
    (same,) = paired(a, b).profiles
    assert same.statistics["p99.9"].verdict == "slower"
    assert (same.primary, same.verdict, same.instead_of) == ("p95", "same", "")
    (faster,) = paired(*latencies(6, size=200, slower=1 / 1.46), primary="p99").profiles
    assert faster.statistics["p50"].verdict == "faster"
    assert (faster.primary, faster.verdict, faster.instead_of) == ("p99", "cannot tell", "")


def test_all_statistics_together_raise_hardly_any_false_alarm() -> None:
    """In 100 comparisons of equal sides 5 are expected at most, and 13 come by chance in one of a
    thousand such tests. Too few operations for p99 leave its chance to the others."""
    alarms = 0
    for seed in range(100):
        pairs = [pair(latencies(1_000 + 2 * seed + of, size=150)) for of in range(2)]
        found = compare(pairs, paired=True, primary="p99").profiles
        alarms += any(
            word not in ("same", "cannot tell") for one in words_of(found) for word in one.values()
        )
    assert alarms < 13


def test_the_throughput_of_an_open_load_is_given() -> None:
    of = profile(load=OpenLoad(rate_per_s=100.0))
    a, b = latencies(9, slower=1.5)
    (found,) = compare([Pair(side(a, of), side(b, of))], paired=True).profiles
    assert found.statistics["throughput"].verdict == "same"
    assert "the load sets it" in found.statistics["throughput"].reason


def test_more_failures_are_found_and_count_as_a_regression() -> None:
    a, b = latencies(10, own=0.003)
    failing = side(b, errors=200)
    comparison = compare([Pair(side(a), failing)], paired=True)
    (found,) = comparison.profiles
    assert found.statistics["errors"].verdict == "more"
    assert found.statistics["errors"].b == pytest.approx(200 / 2200)
    assert comparison.regressions == (found,)
    (better,) = compare([Pair(failing, side(a))], paired=True).profiles
    assert better.statistics["errors"].verdict == "fewer"
    (none,) = paired(a, b).profiles
    assert none.statistics["errors"].verdict == "same"


def failing(times: Sequence[Times], *errors: int) -> Arm:
    """A side with that many failures in each round."""
    return Arm(
        profile(),
        tuple(
            one_round(at, each, errors=failed)
            for at, (each, failed) in enumerate(zip(times, errors, strict=True), 1)
        ),
    )


FLOORS = {name: Floor(0.0005, 20) for name in ("p50", "p95", "p99", "mean", "throughput")}


@pytest.mark.parametrize("in_turns", [False, True])
def test_a_few_failures_more_may_be_chance_however_alike_the_rounds_are(in_turns: bool) -> None:
    a, b = latencies(10, rounds=2 if not in_turns else 4, size=100)
    few = Pair(side(a), side(b, errors=1), FLOORS)
    errors = compare([few], paired=in_turns).profiles[0].statistics["errors"]
    assert errors.verdict == "cannot tell"
    assert errors.low is not None
    assert errors.low < 0


def test_failures_of_half_of_the_operations_are_found_in_two_rounds() -> None:
    a, b = latencies(10, rounds=2)
    half = Pair(side(a), failing(b, 2_010, 1_980), FLOORS)
    comparison = compare([half], paired=False)
    assert comparison.profiles[0].statistics["errors"].verdict == "more"
    assert comparison.regressions == comparison.profiles
    uneven = Pair(side(a), failing(b, 20, 4_000), FLOORS)
    (unsure,) = compare([uneven], paired=False).profiles
    assert unsure.statistics["errors"].verdict == "cannot tell"


@pytest.mark.parametrize("in_turns", [False, True])
def test_equal_sides_that_fail_now_and_then_raise_hardly_any_false_alarm(in_turns: bool) -> None:
    """A thousand comparisons by errors alone; 50 are expected at most, and more than 75 come by
    chance in one of a thousand such tests."""
    random = np.random.default_rng(3)
    times = [np.full(100, 1e6)] * (4 if in_turns else 2)
    alarms = 0
    for _ in range(1_000):
        a, b = (failing(times, *random.binomial(100, 0.01, len(times))) for _ in range(2))
        found = evidence_of(Pair(a, b, FLOORS), paired=in_turns)["errors"]
        alarms += found.p <= 0.05 and not found.doubt
    assert alarms <= 75


def test_the_chance_of_counts_is_that_of_the_exact_test() -> None:
    """By hand: of two failures that are as likely on both sides, both are on one in half of all
    cases, and of ten in 2 of 1,024. Of successes where those are rarer."""
    times = np.full(100, 1e6)

    def chance_of(a: int, b: int) -> float:
        return chance_of_counts(failing([times], a).rounds, failing([times], b).rounds)

    assert chance_of(0, 0) == 1.0
    assert chance_of(0, 2) == pytest.approx(0.5, abs=0.02)
    assert chance_of(2, 0) == pytest.approx(chance_of(0, 2))
    assert chance_of(0, 10) == pytest.approx(2 / 2**10, abs=0.002)
    assert chance_of(5, 5) == 1.0
    rare = np.full(10, 1e6)
    sides = failing([times], 10_000).rounds, failing([rare], 10_090).rounds
    assert chance_of_counts(*sides) < 1e-12


def test_what_is_as_fast_is_not_the_same_where_more_of_it_may_fail() -> None:
    a, _ = latencies(10, rounds=1, size=4_000)
    of = {**FLOORS, "p95": Floor(0.0001, 20)}
    bounds = dict.fromkeys(("p50", "p95"), (990000, 991000))
    one = Arm(profile(), (one_round(1, a[0], bounds_ns=bounds),))
    other = Arm(profile(), (one_round(1, a[0], bounds_ns=bounds, errors=3_000),))
    comparison = compare([Pair(one, other, of)], paired=False)
    (found,) = comparison.profiles
    assert found.statistics["p95"].verdict == "same"
    assert (found.verdict, found.primary, found.instead_of) == ("cannot tell", "errors", "p95")
    assert found.percentile == "p95"
    assert comparison.having("cannot tell") == (found,)
    (fewer,) = compare([Pair(other, one, of)], paired=False).profiles
    assert (fewer.verdict, fewer.primary) == ("same", "p95")


def test_there_is_a_percentile_to_look_at_whatever_decides() -> None:
    a, b = latencies(12, slower=1.4, size=20)
    (found,) = paired(a, b, primary="p99").profiles
    assert (found.verdict, found.percentile in found.statistics) == ("slower", True)
    means = [np.concatenate((each[:-1], each[-1:] * 300)) for each in latencies(12, size=20)[1]]
    (by_mean,) = compare([Pair(side(a), side(means))], paired=True, primary="p99").profiles
    assert by_mean.primary in ("mean", "throughput")
    assert by_mean.percentile == "p99"


def test_a_round_that_one_side_lacks_is_left_out() -> None:
    a, b = latencies(11, slower=1.2)
    whole, part = side(a), side(b)
    lost = Pair(whole, type(part)(part.profile, part.rounds[:3] + part.rounds[4:]))
    (found,) = compare([lost], paired=True).profiles
    assert (found.rounds, found.verdict) == ((8, 7), "slower")


def test_batches_of_different_size_have_no_percentiles_to_compare() -> None:
    a, b = latencies(12, slower=1.2)
    one, other = side(a), side(b)
    batched = Pair(one, type(other)(other.profile, other.rounds, batch=10))
    (found,) = compare([batched], paired=True).profiles
    assert found.statistics["p95"].reason == "the rounds time batches of different size"
    assert found.statistics["mean"].verdict == "slower"


def test_batches_in_which_operations_failed_have_no_times_to_judge() -> None:
    """They take no time where they fail at once, and the others of the batch pass for faster."""
    a, b = latencies(12, slower=0.7)
    one, other = side(a), side(b, errors=1_000)
    batched = [Arm(profile(), each.rounds, batch=10) for each in (one, other)]
    (found,) = compare([Pair(batched[0], batched[1])], paired=True).profiles
    times = [found.statistics[name] for name in ("p50", "p95", "mean")]
    assert {(each.verdict, each.reason) for each in times} == {("cannot tell", LOWERED)}
    assert found.statistics["errors"].verdict == "more"
    (single,) = compare([Pair(one, other)], paired=True).profiles
    assert single.statistics["p50"].verdict == "faster"


def test_many_profiles_raise_the_bar_for_each() -> None:
    assert corrected([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    # The first has most of the chance, and leaves it to the others where it is found.
    shares = [0.8, 0.1, 0.1]
    assert corrected([0.01, 0.02, 0.5], shares) == pytest.approx([0.0125, 0.04, 0.5])
    assert corrected([0.8, 0.004, 0.5], shares) == pytest.approx([0.9, 0.04, 0.9])
    assert corrected([0.5, 0.0], [1.0, 0.0]) == [0.5, 1.0]
    a, b = latencies(16, slower=1.08, own=0.05)
    alone = paired(a, b, primary="p50").profiles[0].statistics["p50"]
    others = [pair(latencies(seed, own=0.05)) for seed in range(30, 49)]
    among = compare([Pair(side(a), side(b)), *others], paired=True, primary="p50").profiles[0]
    assert (alone.verdict, among.verdict) == ("slower", "cannot tell")
    assert among.statistics["p50"].p == pytest.approx(20 * alone.p)
    assert alone.p == pytest.approx(judged_alone(a, b) / DECIDING)
    expected = "with 20 values compared at once, chance alone may explain this: about "
    assert among.statistics["p50"].reason.startswith(expected)


def test_the_whole_is_the_geometric_mean() -> None:
    pairs = [pair(latencies(seed, slower=1.1)) for seed in range(50, 55)]
    comparison = compare(pairs, paired=True)
    ratios = [each.statistics[each.primary].ratio or 0.0 for each in comparison.profiles]
    assert comparison.ratio == pytest.approx(math.prod(ratios) ** (1 / 5))
    assert comparison.low is not None
    assert comparison.high is not None
    assert comparison.low < 1.1 < comparison.high


@pytest.mark.parametrize(
    ("spread", "size", "expected"), [(0.02, 0.05, 5), (0.03, 0.05, 8), (0.06, 0.10, 8)]
)
def test_the_rounds_that_are_needed_are_those_of_the_exact_power(
    spread: float, size: float, expected: int
) -> None:
    """Compared with the noncentral t distribution at 95 % power; the approximation is near."""
    found = rounds_for(spread, math.log1p(size), 0.05, power=0.95)
    assert abs(found - expected) <= 1


samples = st.builds(
    latencies,
    st.integers(0, 10_000),
    st.integers(3, 9),
    size=st.sampled_from([300, 1_000, 2_000]),
    slower=st.sampled_from([0.8, 0.95, 1.0, 1.05, 1.3]),
    own=st.sampled_from([0.002, 0.02, 0.1]),
)


@settings(max_examples=40, deadline=None)
@given(samples)
def test_exchanging_the_sides_mirrors_the_verdict(times: tuple[list[Times], list[Times]]) -> None:
    a, b = times
    (one,), (other,) = words(paired(a, b)), words(paired(b, a))
    assert other == {name: MIRRORED.get(word, word) for name, word in one.items()}
    there, back = paired(a, b), paired(b, a)
    assert there.ratio == pytest.approx(1 / (back.ratio or 0.0))


@settings(max_examples=40, deadline=None)
@given(samples, st.sampled_from([0.25, 4.0, 1_024.0]))
def test_a_factor_on_both_sides_changes_nothing(
    times: tuple[list[Times], list[Times]], factor: float
) -> None:
    """By powers of two, which move values to other buckets without rounding them anew."""
    a, b = ([np.floor(each / 64) * 64 for each in one] for one in times)
    scaled = paired([each * factor for each in a], [each * factor for each in b])
    assert words(scaled) == words(paired(a, b))


@settings(max_examples=40, deadline=None)
@given(samples)
def test_recording_every_operation_twice_changes_nothing(
    times: tuple[list[Times], list[Times]],
) -> None:
    """Operations are no evidence of their own: whatever counts them as such fails this."""
    a, b = times
    twice = [[np.repeat(each, 2) for each in one] for one in times]
    once, again = paired(a, b), paired(*twice)
    # Each statistic that can be compared has a part in how sure the others must be.
    assume(comparable(once) == comparable(again))
    assert words(again) == words(once)


def test_rounds_of_nothing_are_no_evidence() -> None:
    empty = one_round(1, np.zeros(0), mean_ns=None)
    arm = type(side([]))(profile(), (empty, empty))
    (found,) = compare([Pair(arm, arm)], paired=True).profiles
    assert {each.verdict for each in found.statistics.values()} == {"cannot tell"}
