"""What the rounds of both sides show of a statistic: a ratio, its error, and a probability.

Paired, as within one session with variants: in each round the logarithm of the ratio of both sides
is one observation, so that what drifts on the machine, and hits both, is in neither. Unpaired, as
of two stored sessions: each side has its own error, and what differs between any two sessions is
added.

All differences are of natural logarithms, B less A: positive where B takes longer. Exchanging the
sides changes their sign and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

from cortex_tui.analysis.arms import Arm, Round
from cortex_tui.stats.beta import t_critical, t_two_sided
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.percentiles import SAMPLES_BEYOND

TAIL = 0.95
"""From this quantile on, a difference must show in the share of slow operations as well."""
POOLED_BEYOND = 30
"""As many operations must lie beyond a percentile in all rounds of a side together."""
NORMAL_95 = 1.959964
CHANCE = 0.05
"""What is less probable between equal sides confirms a difference that another test found."""

Reading = Callable[[Round], float | None]
"""Takes one number from a round."""
Whole = Callable[[Sequence[Round]], float | None]
"""Takes the same from all rounds of a side together."""


class Evidence(NamedTuple):
    """How far the sides lie apart in one statistic."""

    a: float | None = None
    """Its value on each side, of all rounds together or their geometric mean, as the difference is
    of the one or the other; None with too few operations."""
    b: float | None = None
    difference: float | None = None
    """The logarithm of the ratio B / A; None where the rounds give none."""
    error: float = math.inf
    """The standard error of the difference."""
    degrees: float = 0.0
    """Of freedom, with which that is known."""
    p: float = 1.0
    """How often equal sides would lie so far apart."""
    doubt: str = ""
    """What speaks against a difference although it is no chance; "" for nothing."""
    series: tuple[float, ...] = ()
    """The difference by round, where rounds are paired."""
    lacking: str = ""
    """Why there is no difference, or no test of it."""

    def interval(self, confidence: float = 0.95) -> tuple[float, float] | None:
        """That of the difference; None where its error is not known."""
        if self.difference is None or not math.isfinite(self.error):
            return None
        half = t_critical(1 - confidence, self.degrees) * self.error if self.error else 0.0
        return self.difference - half, self.difference + half

    @property
    def spread(self) -> float:
        """The standard deviation of one pair of rounds."""
        return self.error * math.sqrt(len(self.series))


class Floor(NamedTuple):
    """How far sessions of equal code lie apart in one statistic, from a noise measurement."""

    deviation: float
    """The standard deviation of its logarithm between sessions."""
    sessions: int


class Side:
    """The rounds of one side, and what they are together, made once for all statistics."""

    def __init__(self, arm: Arm) -> None:
        self.rounds = arm.rounds

    @cached_property
    def pooled(self) -> Histogram:
        """The times of all rounds."""
        return _together(each.times for each in self.rounds)

    @cached_property
    def without(self) -> tuple[Histogram, ...]:
        """The times of all rounds but one, for each round."""
        times = [each.times for each in self.rounds]
        before = [Histogram()]
        for each in times[:-1]:
            before.append(_together((before[-1], each)))
        after = Histogram()
        found = []
        for at in reversed(range(len(times))):
            found.append(_together((before[at], after)))
            after.add(times[at])
        return tuple(reversed(found))

    def has_each(self, quantile: float) -> bool:
        """Whether every round has enough operations for the percentile."""
        beyond = round(min(quantile, 1 - quantile), 9)
        return all(each.times.total * beyond >= SAMPLES_BEYOND for each in self.rounds)


# --- paired ----------------------------------------------------------------------------------


def paired_percentile(a: Side, b: Side, quantile: float) -> Evidence:
    """Of rounds that were measured alternately; both sides have the same ones."""
    values = _values(a, b, quantile)
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
            (_log_value(one.times, quantile), _log_value(other.times, quantile))
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
    values = Evidence(_total_share(a.rounds), _total_share(b.rounds))
    known = [
        (one, other)
        for left, right in zip(a.rounds, b.rounds, strict=True)
        if (one := left.error_share) is not None and (other := right.error_share) is not None
    ]
    if len(known) < 2:
        return values._replace(lacking=ROUNDS_LACKING)
    found = _of_series([other - one for one, other in known])
    return found._replace(a=values.a, b=values.b)


def _of_pairs(logs: Sequence[tuple[float, float]]) -> Evidence:
    """Of the logarithms of both sides by round. The values are geometric means over the rounds:
    their ratio is that of the sides, which the ratio of two pooled values need not be."""
    found = _of_series([other - one for one, other in logs])
    value_a, value_b = (math.exp(_mean([pair[side] for pair in logs])) for side in (0, 1))
    return found._replace(a=value_a, b=value_b)


def _of_series(series: Sequence[float], estimate: float | None = None) -> Evidence:
    """A paired t test; no single round may decide it.

    `estimate` stands in for the mean where the series are pseudo-values of a jackknife.
    """
    difference = _mean(series) if estimate is None else estimate
    error = _error(series)
    # The round that speaks most for the difference: what is left must still show it.
    sign = math.copysign(1.0, difference)
    most = max(range(len(series)), key=lambda at: sign * series[at])
    rest = [value for at, value in enumerate(series) if at != most]
    stands = (
        len(rest) >= 2
        and sign * _mean(rest) > 0
        and _p(_mean(rest), _error(rest), len(rest) - 1) <= CHANCE
    )
    return Evidence(
        difference=difference,
        error=error,
        degrees=len(series) - 1,
        p=_p(difference, error, len(series) - 1),
        doubt="" if stands else "it rests on one round",
        series=tuple(series),
    )


def _jackknife(a: Side, b: Side, quantile: float) -> Evidence:
    """Of the percentile of all rounds together, where single rounds have too few operations.

    Each round is left out once; n times the whole less n - 1 times the rest is a pseudo-value,
    and those vary as single observations do (Tukey 1958; Efron, The Jackknife, the Bootstrap and
    Other Resampling Plans, 1982, chapter 2).
    """
    count, whole = len(a.rounds), _log(a.pooled, quantile, b.pooled)
    rests = list(zip(a.without, b.without, strict=True))
    if not all(one.total and other.total for one, other in rests):
        return Evidence(difference=whole, lacking=ROUNDS_LACKING)
    series = [count * whole - (count - 1) * _log(one, quantile, other) for one, other in rests]
    return _of_series(series, whole)


def _exceedance(a: Side, b: Side, quantile: float, difference: float) -> float:
    """How likely the shares of slow operations would differ so much between equal sides.

    Slow is what lies beyond the percentile of both sides of a round together; of all rounds
    together, a machine that drifts would decide in which rounds anything is slow. A share hardly
    depends on how slow the slowest were, which makes it the steadier witness of a tail.
    """
    series = []
    for one, other in zip(a.rounds, b.rounds, strict=True):
        (limit,) = _together((one.times, other.times)).percentiles((quantile,))
        if limit is not None:
            series.append(_share_above(other, limit) - _share_above(one, limit))
    if len(series) < 2 or _mean(series) * difference <= 0:
        return 1.0
    return _p(_mean(series), _error(series), len(series) - 1)


def _share_above(one: Round, limit_ns: int) -> float:
    ended = one.times.total + one.times.overflow
    return one.times.count_above(limit_ns) / ended if ended else 0.0


# --- unpaired --------------------------------------------------------------------------------


class _Own(NamedTuple):
    """The error of the logarithm of a side's value, from within its session."""

    error: float
    degrees: float


def unpaired_percentile(
    a: Side, b: Side, name: str, quantile: float, floor: Floor | None
) -> Evidence:
    """Of rounds of two sessions."""
    values = _values(a, b, quantile)
    if values.lacking:
        return values
    difference = _log(a.pooled, quantile, b.pooled)
    own = [_own_of_percentile(side, name, quantile) for side in (a, b)]
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
        own.append(_Own(_error(logs), len(logs) - 1) if len(logs) > 1 else None)
    return _unpaired(values, math.log(values.b) - math.log(values.a), own, floor)


def unpaired_errors(a: Side, b: Side) -> Evidence:
    """Of the share of operations that failed; the difference is of shares."""
    values = Evidence(_total_share(a.rounds), _total_share(b.rounds))
    if values.a is None or values.b is None:
        return values._replace(lacking="nothing was measured")
    if not values.a and not values.b:
        return values._replace(difference=0.0, error=0.0, degrees=1.0)
    own = []
    for side in (a, b):
        shares = [share for each in side.rounds if (share := each.error_share) is not None]
        own.append(_Own(_error(shares), len(shares) - 1) if len(shares) > 1 else None)
    # Failures do not come and go with the noise of a machine.
    return _unpaired(values, values.b - values.a, own, Floor(0.0, 2))


def _own_of_percentile(side: Side, name: str, quantile: float) -> _Own | None:
    if len(side.rounds) == 1:
        low_ns, high_ns = side.rounds[0].bounds_ns.get(name, (0, 0))
        if low_ns <= 0:
            return None
        width = math.log(high_ns) - math.log(low_ns)
        return _Own(width / 2 / NORMAL_95, math.inf)
    if side.has_each(quantile):
        logs = [_log_value(each.times, quantile) for each in side.rounds]
        return _Own(_error(logs), len(logs) - 1)
    if not all(rest.total for rest in side.without):
        return None
    # A jackknife, as of paired rounds.
    count, whole = len(side.rounds), _log_value(side.pooled, quantile)
    series = [count * whole - (count - 1) * _log_value(rest, quantile) for rest in side.without]
    return _Own(_error(series), count - 1)


def _unpaired(
    values: Evidence, difference: float, own: Sequence[_Own | None], floor: Floor | None
) -> Evidence:
    """The errors of both sides, and twice what differs between any two sessions, added.

    Degrees of freedom after Satterthwaite ("An approximate distribution of estimates of variance
    components", Biometrics Bulletin 2, 1946).
    """
    found = values._replace(difference=difference)
    known = [(each.error**2, each.degrees) for each in own if each is not None]
    if len(known) < len(own):
        return found._replace(
            lacking="a side is too short to know its own error: measure it in several rounds"
        )
    if floor is None or floor.sessions < 2:
        return found._replace(lacking=FLOOR_LACKING)
    parts = (*known, (2 * floor.deviation**2, floor.sessions - 1.0))
    variance = math.fsum(part for part, _ in parts)
    lost = math.fsum(part**2 / degrees for part, degrees in parts)
    # With infinitely many, t is normal; 10,000 is as good.
    degrees = min(max(variance**2 / lost if lost else math.inf, 1.0), 10_000.0)
    error = math.sqrt(variance)
    return found._replace(error=error, degrees=degrees, p=_p(difference, error, degrees))


# --- what all need ----------------------------------------------------------------------------

ROUNDS_LACKING = "needs 2 rounds or more a side"
TAIL_DOUBT = "the share of slow operations does not confirm it"
FLOOR_LACKING = "the noise between sessions is not known: measure it with `cortex-tui noise`"


def _together(parts: Iterable[Histogram]) -> Histogram:
    whole = Histogram()
    for each in parts:
        whole.add(each)
    return whole


def _values(a: Side, b: Side, quantile: float) -> Evidence:
    """The percentile of each side over all its rounds, or what it lacks."""
    needed = math.ceil(round(POOLED_BEYOND / min(quantile, 1 - quantile), 6))
    fewest = min(a.pooled.total, b.pooled.total)
    if fewest < needed:
        more = needed - fewest
        return Evidence(lacking=f"needs {more:,} more operation{'' if more == 1 else 's'} a side")
    (value_a,), (value_b,) = (side.pooled.percentiles((quantile,)) for side in (a, b))
    return Evidence(float(value_a or 0), float(value_b or 0))


def _log_value(times: Histogram, quantile: float) -> float:
    (value,) = times.percentiles((quantile,))
    return math.log(max(value or 0, 1))


def _log(a: Histogram, quantile: float, b: Histogram) -> float:
    return _log_value(b, quantile) - _log_value(a, quantile)


def _total_share(rounds: Sequence[Round]) -> float | None:
    ended = sum(each.operations + each.errors for each in rounds)
    return sum(each.errors for each in rounds) / ended if ended else None


def _mean(series: Sequence[float]) -> float:
    return math.fsum(series) / len(series)


def _error(series: Sequence[float]) -> float:
    """The standard error of the mean."""
    mean = _mean(series)
    variance = math.fsum((value - mean) ** 2 for value in series) / (len(series) - 1)
    return math.sqrt(variance / len(series))


def _p(difference: float, error: float, degrees: float) -> float:
    if not difference:
        return 1.0
    return t_two_sided(difference / error, degrees) if error else 0.0
