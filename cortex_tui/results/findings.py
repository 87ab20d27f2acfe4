"""What only a look over all intervals of a run tells: how sure its percentiles are, and what the
slowest intervals had in common. It takes milliseconds, so it is taken once a second at most."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from cortex_tui.profiles.model import Precision
from cortex_tui.results.interval import TimeName
from cortex_tui.results.look import Asked, Look
from cortex_tui.stats.below import Counted
from cortex_tui.stats.confidence import (
    MIN_INDEPENDENT,
    MIN_INTERVALS,
    MIN_TO_END,
    limits_of,
    percentile_bounds,
)
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.percentiles import SHOWN, parse_percentile, samples_missing
from cortex_tui.stats.slowest_intervals import slowest_intervals

ConfidenceNs = dict[str, tuple[int, int]]
"""By percentile, the bounds of its 95 % confidence interval in ns."""

_EXAMINE_NS = 1_000_000_000
_QUANTILES = tuple(SHOWN.values())


class Findings(msgspec.Struct, frozen=True):
    """As of one moment."""

    confidence_ns: dict[str, ConfidenceNs] = {}
    """By time of the run, as `service`; while it runs, of the headline alone."""
    half_width: float | None = None
    """Of the percentile that the profile measures until it is known, as a share of its value."""
    lacking: str = ""
    """Why there is no such half-width."""
    may_end: bool = False
    """Whether there are enough intervals to end the run because its half-width is small."""
    slowest: str = ""


class ExaminationTimes:
    """When the next look at a run is due.

    At a live run ever more rarely: more intervals cost no more time, and where the run's end
    depends on it, each look is a chance to end it too early. At one that has ended once, and whole.
    """

    def __init__(self) -> None:
        self.whole = False
        """Whether the run had ended when it was looked at last."""
        self._examined_at_ns = 0

    def due(self, measured_ns: int, *, live: bool) -> bool:
        """To be asked before each look, which is taken where it is due."""
        if not live:
            due, self.whole = not self.whole, True
            return due
        if measured_ns - self._examined_at_ns < max(_EXAMINE_NS, self._examined_at_ns // 4):
            return False
        self._examined_at_ns = measured_ns
        return True

    def again(self) -> None:
        """Makes the next look due, however little was measured since the last."""
        self._examined_at_ns = 0


def asked_by_findings(
    times: Mapping[TimeName, Histogram], headline: TimeName, precision: Precision | None
) -> Asked:
    """What `findings_of` asks a look for."""
    asked = {name: [limits_of(pooled, _QUANTILES)] for name, pooled in times.items()}
    quantile = None if precision is None else parse_percentile(precision.statistic)
    if quantile is not None:
        asked[headline].append(limits_of(times[headline], (quantile,)))
    return asked


def findings_of(
    look: Look,
    times: Mapping[TimeName, Histogram],
    headline: TimeName,
    precision: Precision | None,
) -> Findings:
    """`times` are those to find confidence intervals for, the headline among them, as they were
    when the look was taken."""
    found: dict[str, ConfidenceNs] = {}
    for name, pooled in times.items():
        if confidence := _confidence_ns(pooled, look.times_of_all(name)):
            found[name] = confidence
    known = Findings()
    if precision is not None:
        known = _half_width(precision, times[headline], look.times_of_all(headline), look.count)
    slowest = slowest_intervals(look.slices)
    return msgspec.structs.replace(known, confidence_ns=found, slowest=slowest)


def _confidence_ns(pooled: Histogram, intervals: Counted) -> ConfidenceNs:
    bounds = percentile_bounds(pooled, intervals, _QUANTILES)
    return {
        name: (found.low_ns, found.high_ns)
        for name, found in zip(SHOWN, bounds, strict=True)
        if found is not None
    }


def _half_width(
    precision: Precision, pooled: Histogram, intervals: Counted, count: int
) -> Findings:
    """`count` is how many intervals there are."""
    quantile = parse_percentile(precision.statistic)
    if quantile is None:
        return Findings(lacking=f"{precision.statistic} is no percentile")
    (bounds,) = percentile_bounds(pooled, intervals, (quantile,), confidence=precision.confidence)
    (value_ns,) = pooled.percentiles((quantile,))
    if bounds is not None and value_ns is not None:
        enough = count >= MIN_TO_END and bounds.independent >= MIN_INDEPENDENT
        return Findings(half_width=bounds.half_width(value_ns), may_end=enough)
    missing = samples_missing(quantile, pooled.total)
    if missing:
        return Findings(lacking=f"{missing:,} more operations are needed")
    return Findings(lacking=f"{MIN_INTERVALS - count} more intervals are needed")
