"""On which side of its limit a true value lies, as far as what was measured shows it.

Each function errs, where the truth lies exactly on the limit, in at most 5 % of the runs on either
side: a value that is not clearly on one side is on none. With `any_look` that holds although one
looks again and again and stops at the first answer.

Operations of a run depend on each other: a slow moment makes many of them slow. Of `count`
operations count / deff independent ones would tell as much; `stats.spread` finds the deff.

Shares, looked at once: the one-sided bounds of Clopper and Pearson ("The use of confidence or
fiducial limits illustrated in the case of the binomial", Biometrika 26, 1934), on the effective
number of operations. At any look: a beta-binomial mixture against the binomial of the limit, which
is a test martingale, so that it exceeds 20 in at most 5 % of the runs ever (Ville's inequality;
Howard and others, "Time-uniform, nonparametric, nonasymptotic confidence sequences", Ann. Statist.
49, 2021).

Means, looked at once: Student's t over blocks. At any look: the mixture of t tests by Wang and
Ramdas ("Anytime-valid t-tests and confidence sequences", arXiv 2310.03722), with g = 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

from cortex_tui.stats.beta import beta_share, chi_square, t_two_sided

Side = Literal["below", "above"]

ERROR = 0.05
LEAST_DEFF = 13.0
"""A run may by chance have met none of its rare bursts, and then it looks independent and good.
What the shipped profiles have is 5 to 150 at p95 and p99."""
DOUBT = 0.1
"""How often the deff may be greater than it is taken for. A run that by chance had few bursts has a
better share and a smaller deff at once, so that a deff in the middle of what is likely makes more
of the verdicts wrong than ERROR."""
_LOG_EVIDENCE = math.log(1 / ERROR)
_PRIOR = 50
"""The mixture weighs shares like this number of earlier operations with the limit's share."""
_LONGEST = 1_000.0
"""A run that would have to be longer than by this factor is too close to its limit."""


def side_of_share(
    over: float, count: float, limit: float, *, deff: float = 1.0, any_look: bool = False
) -> Side | None:
    """Where the true share lies, of which `over` of `count` operations were seen; 0 < limit < 1."""
    if not count:
        return None
    over, count = over / deff, count / deff
    if any_look:
        prior_over, prior_under = limit * _PRIOR, (1 - limit) * _PRIOR
        evidence = (
            _log_beta(prior_over + over, prior_under + count - over)
            - _log_beta(prior_over, prior_under)
            - over * math.log(limit)
            - (count - over) * math.log1p(-limit)
        )
        sure = evidence >= _LOG_EVIDENCE
        return None if not sure else "below" if over < limit * count else "above"
    if over < count and beta_share(limit, over + 1, count - over) > 1 - ERROR:
        return "below"
    if over > 0 and beta_share(limit, over, count - over + 1) < ERROR:
        return "above"
    return None


def deff_at_most(deff: float, blocks: int) -> float:
    """What a deff that was found from that number of blocks is not above, but for DOUBT. It is a
    variance, which blocks show like a chi-square of one degree less."""
    return deff * (blocks - 1) / chi_square(blocks - 1, DOUBT)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def side_of_mean(
    value: float, limit: float, error: float, blocks: int, *, any_look: bool = False
) -> Side | None:
    """Where the true mean lies, of which `value` was measured in `blocks` blocks; `error` is its
    standard error, above 0, found from at least two of them."""
    side: Side = "below" if value < limit else "above"
    t, degrees = (value - limit) / error, blocks - 1
    if not any_look:
        return side if t_two_sided(t, degrees) / 2 < ERROR else None
    evidence = (degrees + 1) / 2 * (
        math.log1p(t * t / degrees) - math.log1p(t * t / (degrees * (1 + blocks)))
    ) - math.log1p(blocks) / 2
    return side if evidence >= _LOG_EVIDENCE else None


def longer_for_share(
    over: float, count: float, limit: float, *, deff: float = 1.0, any_look: bool = False
) -> float | None:
    """How many times as long a run would show the side, were the share to stay what it was; None
    where it is too close to the limit to say."""
    return _least(
        lambda factor: (
            side_of_share(over * factor, count * factor, limit, deff=deff, any_look=any_look)
            is not None
        )
    )


def longer_for_mean(
    value: float, limit: float, error: float, blocks: int, *, any_look: bool = False
) -> float | None:
    """The same for a mean, whose error shrinks with the square root of the length."""
    return _least(
        lambda factor: (
            side_of_mean(value, limit, error / math.sqrt(factor), blocks, any_look=any_look)
            is not None
        )
    )


def _least(decided: Callable[[float], bool]) -> float | None:
    """The least factor that decides, 1 to _LONGEST, to about 0.1 %."""
    low, high = 1.0, 2.0
    while not decided(high):
        if high >= _LONGEST:
            return None
        low, high = high, high * 2
    while high / low > 1.001:
        middle = math.sqrt(low * high)
        low, high = (low, middle) if decided(middle) else (middle, high)
    return high


def least_to_be_below(limit: float) -> int:
    """With how many operations, none of them over, a share is below `limit`."""
    return math.ceil(math.log(ERROR) / math.log1p(-limit))
