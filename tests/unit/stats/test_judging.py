"""On which side of a limit the truth lies: exact bounds, and nothing said without evidence."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortex_tui.stats.judging import (
    least_to_be_below,
    longer_for_mean,
    longer_for_share,
    side_of_mean,
    side_of_share,
)


@pytest.mark.parametrize(
    ("limit", "count", "most_below", "least_above"),
    # Clopper and Pearson, one-sided 5 %.
    [
        (0.05, 59, 0, None),
        (0.05, 100, 1, 10),
        (0.05, 200, 4, 16),
        (0.05, 500, 16, 34),
        (0.05, 1_000, 38, 63),
        (0.05, 5_000, 224, 277),
        (0.05, 10_000, 463, 537),
        (0.01, 299, 0, None),
        (0.01, 500, 1, 10),
        (0.01, 5_000, 38, 63),
        (0.001, 100_000, 83, 118),
    ],
)
def test_a_share_is_below_or_above_where_its_exact_bounds_are(
    limit: float, count: int, most_below: int, least_above: int | None
) -> None:
    assert side_of_share(most_below, count, limit) == "below"
    assert side_of_share(most_below + 1, count, limit) is None
    if least_above is not None:
        assert side_of_share(least_above - 1, count, limit) is None
        assert side_of_share(least_above, count, limit) == "above"


@pytest.mark.parametrize(
    ("count", "limit", "side"),
    # That any is over: 1 - (1 - limit)**count, below 5 % or not.
    [(1, 0.049, "above"), (1, 0.051, None), (2, 0.025, "above"), (2, 0.026, None)],
)
def test_one_operation_over_a_limit_is_too_many_where_even_one_is_unlikely(
    count: int, limit: float, side: str | None
) -> None:
    assert side_of_share(1, count, limit) == side


@pytest.mark.parametrize(("limit", "count"), [(0.05, 59), (0.01, 299), (0.001, 2_995)])
def test_that_many_operations_are_the_least(limit: float, count: int) -> None:
    assert least_to_be_below(limit) == count
    assert side_of_share(0, count, limit) == "below"
    assert side_of_share(0, count - 1, limit) is None


def test_nothing_is_said_without_operations() -> None:
    for any_look in (False, True):
        assert side_of_share(0, 0, 0.05, any_look=any_look) is None
        assert longer_for_share(0, 0, 0.05, any_look=any_look) is None


@given(st.integers(0, 2_000), st.integers(1, 2_000), st.floats(0.001, 0.999), st.floats(1, 50))
def test_a_share_is_judged_by_its_effective_operations(
    over: int, more: int, limit: float, deff: float
) -> None:
    count = over + more
    for any_look in (False, True):
        found = side_of_share(over, count, limit, deff=deff, any_look=any_look)
        assert found == side_of_share(over / deff, count / deff, limit, any_look=any_look)
        # Never on the other side of what was seen.
        assert found != ("below" if over / count > limit else "above")
        if deff > 1 and found is not None:
            assert side_of_share(over, count, limit, any_look=any_look) == found


@given(st.integers(0, 3_000), st.integers(1, 3_000), st.sampled_from([0.001, 0.01, 0.05, 0.5]))
def test_looking_again_and_again_takes_more_evidence(over: int, more: int, limit: float) -> None:
    found = side_of_share(over, over + more, limit, any_look=True)
    assert found is None or side_of_share(over, over + more, limit) == found


@pytest.mark.parametrize(
    ("blocks", "critical"),
    # The anytime-valid t test with g = 1 at 5 %.
    [(5, 8.45), (6, 5.45), (8, 4.25), (10, 3.87), (15, 3.54), (20, 3.42), (30, 3.35)],
)
def test_a_mean_at_any_look_has_the_critical_values_of_its_source(
    blocks: int, critical: float
) -> None:
    assert side_of_mean(10, 10 + critical - 0.01, 1, blocks, any_look=True) is None
    assert side_of_mean(10, 10 + critical + 0.01, 1, blocks, any_look=True) == "below"
    assert side_of_mean(10, 10 - critical - 0.01, 1, blocks, any_look=True) == "above"


def test_a_mean_is_judged_by_t_with_its_error() -> None:
    # The one-sided 5 % value of t for 29 degrees of freedom is 1.699.
    assert side_of_mean(10, 11.69, 1, 30) is None
    assert side_of_mean(10, 11.71, 1, 30) == "below"
    assert side_of_mean(10, 8.29, 1, 30) == "above"
    assert side_of_mean(10, 1e9, math.inf, 30) is None


@pytest.mark.parametrize("any_look", [False, True])
@pytest.mark.parametrize(("over", "count"), [(0, 10), (4, 100), (60, 1_000), (7, 100)])
def test_how_much_longer_is_enough_and_not_too_much(over: int, count: int, any_look: bool) -> None:
    factor = longer_for_share(over, count, 0.05, deff=2, any_look=any_look)
    assert factor is not None
    longer = (over * factor, count * factor, 0.05)
    shorter = (over * factor * 0.99, count * factor * 0.99, 0.05)
    assert side_of_share(*longer, deff=2, any_look=any_look) is not None
    assert side_of_share(*shorter, deff=2, any_look=any_look) is None


def test_what_lies_on_its_limit_is_never_decided_by_more_of_the_same() -> None:
    assert longer_for_share(50, 1_000, 0.05) is None
    assert longer_for_mean(10, 10, 1, 30) is None
    assert longer_for_mean(10, 11, 1, 30) == pytest.approx(1.699**2, rel=0.01)
    assert longer_for_mean(10, 11, 1, 30, any_look=True) == pytest.approx(3.35**2, rel=0.01)


def test_a_run_that_is_as_long_as_it_has_to_be_is_no_longer() -> None:
    assert longer_for_share(0, 59, 0.05) == pytest.approx(1, rel=0.002)
    assert longer_for_mean(10, 20, 1, 30) == pytest.approx(1, rel=0.002)
    # A thousand times as long is too close, but that is seen only where the length has doubled.
    assert longer_for_mean(10, 10.055, 1, 30) == pytest.approx((1.699 / 0.055) ** 2, rel=0.01)
    assert longer_for_mean(10, 10.05, 1, 30) is None


@pytest.mark.parametrize(("limit", "over", "under"), [(0.5, 25, 25), (0.1, 5, 45), (0.02, 1, 49)])
def test_the_evidence_at_any_look_is_that_of_a_mixture(limit: float, over: int, under: int) -> None:
    """Of sequences of that number of slow ones: how likely each is with a share drawn from the beta
    distribution, exactly, over how likely it is at the limit."""
    share = Fraction(over, 50)
    for count in (20, 200):
        for seen in range(count + 1):
            # One after the other, as from Pólya's urn with `over` and `under` balls.
            mixed = Fraction(1)
            for drawn in range(count):
                slow = drawn < seen
                balls = over + drawn if slow else under + drawn - seen
                mixed *= Fraction(balls, 50 + drawn)
            evidence = mixed / (share**seen * (1 - share) ** (count - seen))
            side = "below" if seen < share * count else "above"
            expected = side if evidence >= 20 else None
            assert side_of_share(seen, count, limit, any_look=True) == expected
