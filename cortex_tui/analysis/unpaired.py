"""The evidence of two sessions, which were measured at different times.

Each side has its own error, from within its session, and what differs between any two sessions of
equal code is added: the noise floor.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from cortex_tui.analysis.arms import Round
from cortex_tui.analysis.evidence import (
    Evidence,
    Floor,
    Reading,
    Side,
    Whole,
    chance,
    chance_of_counts,
    error_of_counts,
    error_of_mean,
    log_ratio,
    log_value,
    pooled_values,
    total_share,
)

NORMAL_95 = 1.959964
LENGTH_LACKING = "a side is too short to know its error: measure several rounds"
ROUND_LACKING = "one round alone has no error of its own: measure several rounds"
FLOOR_LACKING = "the noise between sessions is not known: measure it with `cortex-tui noise`"


class Own(NamedTuple):
    """The error of the logarithm of a side's value, or of a share, from within its session."""

    error: float
    degrees: float


def unpaired_percentile(
    a: Side, b: Side, name: str, quantile: float, floor: Floor | None
) -> Evidence:
    """Of rounds of two sessions."""
    values = pooled_values(a, b, quantile)
    if values.lacking:
        return values
    difference = log_ratio(a.pooled, quantile, b.pooled)
    own = [own_error(side, name, quantile) for side in (a, b)]
    return _unpaired(values, difference, own, floor)


def unpaired_mean(
    a: Side, b: Side, reading: Reading, whole: Whole, floor: Floor | None
) -> Evidence:
    """Of a statistic that each round has one number of."""
    values = Evidence(whole(a.rounds), whole(b.rounds))
    if not values.a or not values.b:
        return values._replace(lacking="nothing was measured")
    own = []
    for side in (a, b):
        logs = [math.log(value) for each in side.rounds if (value := reading(each))]
        own.append(Own(error_of_mean(logs), len(logs) - 1) if len(logs) > 1 else None)
    difference = math.log(values.b) - math.log(values.a)
    return _unpaired(values, difference, own, floor, too_short=ROUND_LACKING)


def unpaired_errors(a: Side, b: Side) -> Evidence:
    """Of the share of operations that failed; the difference is of shares."""
    values = Evidence(total_share(a.rounds), total_share(b.rounds))
    if values.a is None or values.b is None:
        return values._replace(lacking="nothing was measured")
    if not values.a and not values.b:
        return values._replace(difference=0.0, error=0.0, degrees=1.0)
    share = total_share([*a.rounds, *b.rounds]) or 0.0
    own = [_own_error_of_share(side.rounds, share) for side in (a, b)]
    # Failures do not come and go with the noise of a machine.
    difference = values.b - values.a
    found = _unpaired(values, difference, own, Floor(0.0, 2), too_short=ROUND_LACKING)
    return found._replace(p=max(found.p, chance_of_counts(a.rounds, b.rounds)))


def _own_error_of_share(rounds: Sequence[Round], share: float) -> Own | None:
    """That of the share of failures of a side, at least as great as chance makes it where `share`
    of all operations fail."""
    shares = [each.error_share for each in rounds if each.error_share is not None]
    if len(shares) < 2:
        return None
    between, least = error_of_mean(shares), error_of_counts(rounds, share)
    return Own(between, len(shares) - 1) if between > least else Own(least, math.inf)


def own_error(side: Side, name: str, quantile: float) -> Own | None:
    """That of a percentile; None where the side is too short to know it."""
    if len(side.rounds) == 1:
        low_ns, high_ns = side.rounds[0].bounds_ns.get(name, (0, 0))
        if low_ns <= 0:
            return None
        width = math.log(high_ns) - math.log(low_ns)
        return Own(width / 2 / NORMAL_95, math.inf)
    if side.has_each(quantile):
        logs = [log_value(each.times, quantile) for each in side.rounds]
        return Own(error_of_mean(logs), len(logs) - 1)
    if not all(rest.total for rest in side.without):
        return None
    # A jackknife, as of paired rounds.
    count, whole = len(side.rounds), log_value(side.pooled, quantile)
    series = [count * whole - (count - 1) * log_value(rest, quantile) for rest in side.without]
    return Own(error_of_mean(series), count - 1)


def _unpaired(
    values: Evidence,
    difference: float,
    own: Sequence[Own | None],
    floor: Floor | None,
    *,
    too_short: str = LENGTH_LACKING,
) -> Evidence:
    """The errors of both sides, and twice what differs between any two sessions, added.

    Degrees of freedom after Satterthwaite ("An approximate distribution of estimates of variance
    components", Biometrics Bulletin 2, 1946), and at most those with which the noise between
    sessions is known: with more, up to 5.8 % of equal sessions were called different.
    """
    found = values._replace(difference=difference)
    known = [(each.error**2, each.degrees) for each in own if each is not None]
    if len(known) < len(own):
        return found._replace(lacking=too_short)
    if floor is None or floor.sessions < 2:
        return found._replace(lacking=FLOOR_LACKING)
    parts = (*known, (2 * floor.deviation**2, floor.sessions - 1.0))
    variance = math.fsum(part for part, _ in parts)
    lost = math.fsum(part**2 / degrees for part, degrees in parts)
    # With infinitely many, t is normal; 10,000 is as good.
    degrees = min(max(variance**2 / lost if lost else math.inf, 1.0), 10_000.0)
    if floor.deviation:
        degrees = min(degrees, floor.sessions - 1.0)
    error = math.sqrt(variance)
    return found._replace(error=error, degrees=degrees, p=chance(difference, error, degrees))
