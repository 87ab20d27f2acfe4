"""The evidence of rounds that were measured in turns, as within one session with variants.

In each round the logarithm of the ratio of both sides is one observation, so that what drifts on
the machine, and slows both, is in neither.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from cortex_tui.analysis.arms import Round
from cortex_tui.analysis.evidence import (
    ROUNDS_LACKING,
    Evidence,
    Reading,
    Side,
    Whole,
    chance,
    chance_of_counts,
    error_of_counts,
    error_of_mean,
    log_ratio,
    log_value,
    mean,
    pooled_values,
    together,
    total_share,
)

TAIL = 0.95
"""From this quantile on, a difference must show in the share of slow operations as well."""
CHANCE = 0.05
"""What is less probable between equal sides confirms a difference that another test found."""
TAIL_DOUBT = "the share of slow operations does not confirm it"


def paired_percentile(a: Side, b: Side, quantile: float) -> Evidence:
    """Of rounds that were measured alternately; both sides have the same ones."""
    values = pooled_values(a, b, quantile)
    if values.lacking:
        return values
    if len(a.rounds) < 2:
        return values._replace(lacking=ROUNDS_LACKING)
    if not (a.has_each(quantile) and b.has_each(quantile)):
        found = _jackknife(a, b, quantile)
        if found.difference is not None:
            # By itself it finds too much where bursts decide: 9 % where 5 % are allowed.
            found = found._replace(p=max(found.p, _exceedance(a, b, quantile, found.difference)))
        return found._replace(a=values.a, b=values.b)
    found = _of_pairs(
        [
            (log_value(one.times, quantile), log_value(other.times, quantile))
            for one, other in zip(a.rounds, b.rounds, strict=True)
        ]
    )
    assert found.difference is not None
    if quantile >= TAIL and _exceedance(a, b, quantile, found.difference) > CHANCE:
        found = found._replace(doubt=found.doubt or TAIL_DOUBT)
    return found


def paired_mean(a: Side, b: Side, reading: Reading, whole: Whole) -> Evidence:
    """Of a statistic that each round has one number of."""
    known = [
        (math.log(one), math.log(other))
        for left, right in zip(a.rounds, b.rounds, strict=True)
        if (one := reading(left)) and (other := reading(right))
    ]
    if len(known) < 2:
        return Evidence(whole(a.rounds), whole(b.rounds), lacking=ROUNDS_LACKING)
    return _of_pairs(known)


def paired_errors(a: Side, b: Side) -> Evidence:
    """Of the share of operations that failed; the difference is of shares, not of logarithms."""
    values = Evidence(total_share(a.rounds), total_share(b.rounds))
    known = [
        (one, other)
        for left, right in zip(a.rounds, b.rounds, strict=True)
        if (one := left.error_share) is not None and (other := right.error_share) is not None
    ]
    if len(known) < 2:
        return values._replace(lacking=ROUNDS_LACKING)
    found = _of_series([other - one for one, other in known])
    share = total_share([*a.rounds, *b.rounds]) or 0.0
    least = math.hypot(*(error_of_counts(side.rounds, share) for side in (a, b)))
    error = max(found.error, least)
    return found._replace(
        a=values.a,
        b=values.b,
        error=error,
        p=max(
            chance(found.difference or 0.0, error, found.degrees),
            chance_of_counts(a.rounds, b.rounds),
        ),
    )


def _of_pairs(logs: Sequence[tuple[float, float]]) -> Evidence:
    """Of the logarithms of both sides by round. The values are geometric means over the rounds:
    their ratio is that of the sides, which the ratio of two pooled values need not be."""
    found = _of_series([other - one for one, other in logs])
    value_a, value_b = (math.exp(mean([pair[side] for pair in logs])) for side in (0, 1))
    return found._replace(a=value_a, b=value_b)


def _of_series(series: Sequence[float], estimate: float | None = None) -> Evidence:
    """A paired t test; no single round may decide it.

    `estimate` stands in for the mean where the series are pseudo-values of a jackknife.
    """
    difference = mean(series) if estimate is None else estimate
    error = error_of_mean(series)
    # The round that speaks most for the difference: what is left must still show it.
    sign = math.copysign(1.0, difference)
    most = max(range(len(series)), key=lambda at: sign * series[at])
    rest = [value for at, value in enumerate(series) if at != most]
    stands = (
        len(rest) >= 2
        and sign * mean(rest) > 0
        and chance(mean(rest), error_of_mean(rest), len(rest) - 1) <= CHANCE
    )
    return Evidence(
        difference=difference,
        error=error,
        degrees=len(series) - 1,
        p=chance(difference, error, len(series) - 1),
        doubt="" if stands else "it rests on one round",
        series=tuple(series),
    )


def _jackknife(a: Side, b: Side, quantile: float) -> Evidence:
    """Of the percentile of all rounds together, where single rounds have too few operations.

    Each round is left out once; n times the whole less n - 1 times the rest is a pseudo-value,
    and those vary as single observations do (Tukey 1958; Efron, The Jackknife, the Bootstrap and
    Other Resampling Plans, 1982, chapter 2).
    """
    count, whole = len(a.rounds), log_ratio(a.pooled, quantile, b.pooled)
    rests = list(zip(a.without, b.without, strict=True))
    if not all(one.total and other.total for one, other in rests):
        return Evidence(difference=whole, lacking=ROUNDS_LACKING)
    series = [count * whole - (count - 1) * log_ratio(one, quantile, other) for one, other in rests]
    return _of_series(series, whole)


def _exceedance(a: Side, b: Side, quantile: float, difference: float) -> float:
    """How likely the shares of slow operations would differ so much between equal sides.

    Slow is what lies beyond the percentile of both sides of a round together; of all rounds
    together, a machine that drifts would decide in which rounds anything is slow. A share hardly
    depends on how slow the slowest were, which makes it the steadier witness of a tail.
    """
    series = []
    for one, other in zip(a.rounds, b.rounds, strict=True):
        (limit,) = together((one.times, other.times)).percentiles((quantile,))
        if limit is not None:
            series.append(_share_above(other, limit) - _share_above(one, limit))
    if len(series) < 2 or mean(series) * difference <= 0:
        return 1.0
    return chance(mean(series), error_of_mean(series), len(series) - 1)


def _share_above(one: Round, limit_ns: int) -> float:
    ended = one.times.total + one.times.overflow
    return one.times.count_above(limit_ns) / ended if ended else 0.0
