"""The beta distribution and what follows from it: Student's t, bounds on a share and on a variance.

Plain Python, so that nothing needs scipy; the tests compare with tables. It is right to 11 digits
for parameters up to 4,000, and to 6 for a billion: logarithms that are as great cancel there.
"""

from __future__ import annotations

import math
from functools import lru_cache

_SMALL = 1e-300
_CLOSE = 1e-15
_STEPS = 10_000


def beta_share(x: float, a: float, b: float) -> float:
    """The probability that a beta(a, b) value is at most `x`; `a` and `b` above 0.

    The regularised incomplete beta function by its continued fraction (Press et al., Numerical
    Recipes, 2007, 6.4; Lentz's method).
    """
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    # The fraction converges fast below the mean, and by symmetry above it.
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(x, a, b) / a
    return 1 - front * _fraction(1 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, 1 / _away_from_0(1 - (a + b) * x / (a + 1))
    found = d
    for m in range(1, _STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _away_from_0(1 + term * d)
            c = _away_from_0(1 + term / c)
            found *= c * d
        if abs(c * d - 1) < _CLOSE:
            break
    return found


def _away_from_0(value: float) -> float:
    return value if abs(value) > _SMALL else _SMALL


@lru_cache(maxsize=4096)
def beta_quantile(probability: float, a: float, b: float) -> float:
    """The value that a beta(a, b) value is at most with that probability, 0 to 1.

    By bisection: the function is monotonous, and nobody needs many of them.
    """
    if probability <= 0:
        return 0.0
    if probability >= 1:
        return 1.0
    low, high = 0.0, 1.0
    while True:
        middle = (low + high) / 2
        if middle in (low, high):
            return middle
        if beta_share(middle, a, b) < probability:
            low = middle
        else:
            high = middle


def t_two_sided(t: float, degrees: float) -> float:
    """The probability that |T| is at least |t|, for Student's T of these degrees of freedom."""
    if math.isinf(t):
        return 0.0
    return beta_share(degrees / (degrees + t * t), degrees / 2, 0.5)


@lru_cache(maxsize=4096)
def t_critical(probability: float, degrees: float) -> float:
    """The t that |T| reaches or exceeds with that probability: 2.262 for 0.05 and 9 degrees."""
    share = beta_quantile(probability, degrees / 2, 0.5)
    return math.sqrt(degrees * (1 / share - 1)) if share > 0 else math.inf


@lru_cache(maxsize=256)
def chi_square(degrees: float, probability: float) -> float:
    """What a chi-square is below with that probability, by the approximation of Wilson and Hilferty
    ("The distribution of chi-square", PNAS 17, 1931)."""
    part = 2 / (9 * degrees)
    # Imported here: who only lists sessions needs none of it, and it takes 4 ms.
    from statistics import NormalDist

    root = 1 - part + NormalDist().inv_cdf(probability) * math.sqrt(part)
    return degrees * max(root, 0.1) ** 3
