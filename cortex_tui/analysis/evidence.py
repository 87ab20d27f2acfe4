"""What the rounds of both sides show of a statistic: a ratio, its error, and a probability.

`paired` and `unpaired` find it. All differences are of natural logarithms, B less A: positive where
B takes longer. Exchanging the sides changes their sign and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

from cortex_tui.analysis.arms import Arm, Round
from cortex_tui.quantities import format_noun
from cortex_tui.stats.beta import beta_share, t_critical, t_two_sided
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.percentiles import SAMPLES_BEYOND

POOLED_BEYOND = 30
"""As many operations must lie beyond a percentile in all rounds of a side together."""

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
        return together(each.times for each in self.rounds)

    @cached_property
    def without(self) -> tuple[Histogram, ...]:
        """The times of all rounds but one, for each round."""
        times = [each.times for each in self.rounds]
        before = [Histogram()]
        for each in times[:-1]:
            before.append(together((before[-1], each)))
        after = Histogram()
        found = []
        for at in reversed(range(len(times))):
            found.append(together((before[at], after)))
            after.add(times[at])
        return tuple(reversed(found))

    def has_each(self, quantile: float) -> bool:
        """Whether every round has enough operations for the percentile."""
        beyond = round(min(quantile, 1 - quantile), 9)
        return all(each.times.total * beyond >= SAMPLES_BEYOND for each in self.rounds)


ROUNDS_LACKING = "needs 2 rounds or more a side"


def together(parts: Iterable[Histogram]) -> Histogram:
    """The values of all of them."""
    whole = Histogram()
    for each in parts:
        whole.add(each)
    return whole


def operations_for(quantile: float) -> int:
    """How many a side needs at least, in all its rounds, to have the percentile compared."""
    return math.ceil(round(POOLED_BEYOND / min(quantile, 1 - quantile), 6))


def pooled_values(a: Side, b: Side, quantile: float) -> Evidence:
    """The percentile of each side over all its rounds, or what it lacks."""
    needed = operations_for(quantile)
    fewest = min(a.pooled.total, b.pooled.total)
    if fewest < needed:
        text = f"needs {format_noun(needed - fewest, 'more operation')} a side"
        rounds = min(len(a.rounds), len(b.rounds))
        if fewest:
            text += f" ({math.ceil(rounds * needed / fewest):,} rounds)"
        return Evidence(lacking=text)
    (value_a,), (value_b,) = (side.pooled.percentiles((quantile,)) for side in (a, b))
    return Evidence(float(value_a or 0), float(value_b or 0))


def log_value(times: Histogram, quantile: float) -> float:
    """The logarithm of a percentile in ns; 0 for none."""
    (value,) = times.percentiles((quantile,))
    return math.log(max(value or 0, 1))


def log_ratio(a: Histogram, quantile: float, b: Histogram) -> float:
    """Of a percentile of B over that of A."""
    return log_value(b, quantile) - log_value(a, quantile)


def ratio_of(difference: float) -> float:
    """Of a difference of logarithms; what is beyond all times ends at 1e304."""
    return math.exp(min(max(difference, -700.0), 700.0))


def total_share(rounds: Sequence[Round]) -> float | None:
    """Of the operations that ended, those that failed."""
    ended = sum(each.operations + each.errors for each in rounds)
    return sum(each.errors for each in rounds) / ended if ended else None


def error_of_counts(rounds: Sequence[Round], share: float) -> float:
    """The standard error of the share of failures, were each operation to fail by itself with the
    probability `share`: the least that it can be, however close together the rounds lie."""
    ended = sum(each.operations + each.errors for each in rounds)
    return math.sqrt(share * (1 - share) / ended) if ended else math.inf


def chance_of_counts(a: Sequence[Round], b: Sequence[Round]) -> float:
    """How often as many failures or more would be on one side, were each as likely on both
    (two-sided).

    The exact test of two Poisson rates (Przyborowski and Wilenski, "Homogeneity of results in
    testing samples from Poisson series", Biometrika 31, 1940), of what is rarer: failures or
    successes.
    """
    failed = [sum(each.errors for each in side) for side in (a, b)]
    succeeded = [sum(each.operations for each in side) for side in (a, b)]
    rare = failed if sum(failed) <= sum(succeeded) else succeeded
    whole, of_b = sum(rare), rare[1]
    if not whole:
        return 1.0
    part = (failed[1] + succeeded[1]) / (sum(failed) + sum(succeeded))
    at_least = beta_share(part, of_b, whole - of_b + 1) if of_b else 1.0
    at_most = 1 - beta_share(part, of_b + 1, whole - of_b) if of_b < whole else 1.0
    return min(1.0, 2 * at_least, 2 * at_most)


def mean(series: Sequence[float]) -> float:
    return math.fsum(series) / len(series)


def error_of_mean(series: Sequence[float]) -> float:
    """The standard error of the mean."""
    centre = mean(series)
    variance = math.fsum((value - centre) ** 2 for value in series) / (len(series) - 1)
    return math.sqrt(variance / len(series))


def chance(difference: float, error: float, degrees: float) -> float:
    """How often equal sides would lie at least so far apart (Student's t, two-sided)."""
    if not difference:
        return 1.0
    return t_two_sided(difference / error, degrees) if error else 0.0
