"""The distributions against printed tables and against what they must satisfy."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortex_tui.stats.beta import beta_quantile, beta_share, chi_square, t_critical, t_two_sided


@pytest.mark.parametrize(
    ("probability", "degrees", "expected"),
    # Any table of Student's t, two-sided.
    [
        (0.05, 1, 12.706),
        (0.05, 4, 2.776),
        (0.05, 7, 2.365),
        (0.05, 9, 2.262),
        (0.01, 9, 3.250),
        (0.005, 7, 4.029),
        (0.1, 29, 1.699),
        (0.05, 120, 1.980),
    ],
)
def test_critical_values_of_t_are_those_of_tables(
    probability: float, degrees: float, expected: float
) -> None:
    assert t_critical(probability, degrees) == pytest.approx(expected, abs=6e-4)
    assert t_two_sided(-t_critical(probability, degrees), degrees) == pytest.approx(probability)


@pytest.mark.parametrize(
    ("probability", "degrees", "expected"),
    # Any table of chi-square, lower tail.
    [(0.2, 15, 10.307), (0.2, 29, 22.475), (0.1, 9, 4.168), (0.95, 10, 18.307)],
)
def test_chi_squares_are_those_of_tables(
    probability: float, degrees: float, expected: float
) -> None:
    assert chi_square(degrees, probability) == pytest.approx(expected, rel=0.005)


@pytest.mark.parametrize(
    ("probability", "over", "count", "expected"),
    # Upper bounds of Clopper and Pearson: (k + 1, n - k).
    [(0.95, 0, 59, 0.0495), (0.95, 0, 299, 0.00997), (0.95, 1, 100, 0.0466)],
)
def test_bounds_of_shares_are_those_of_tables(
    probability: float, over: int, count: int, expected: float
) -> None:
    found = beta_quantile(probability, over + 1, count - over)
    assert found == pytest.approx(expected, abs=1e-4)


def test_whole_parameters_are_sums_of_binomial_probabilities() -> None:
    for x in (0.01, 0.3, 0.77):
        exactly = sum(math.comb(9, k) * x**k * (1 - x) ** (9 - k) for k in range(4, 10))
        assert beta_share(x, 4, 6) == pytest.approx(exactly, rel=1e-12)


@given(
    st.floats(0.001, 0.999),
    st.floats(0.3, 5_000, allow_nan=False),
    st.floats(0.3, 5_000, allow_nan=False),
)
def test_a_quantile_has_its_probability(probability: float, a: float, b: float) -> None:
    value = beta_quantile(probability, a, b)
    # Where the distribution is so steep that no number lies at the quantile, its neighbours do.
    below, above = math.nextafter(value, 0), math.nextafter(value, 1)
    assert beta_share(below, a, b) - 1e-9 <= probability <= beta_share(above, a, b) + 1e-9
