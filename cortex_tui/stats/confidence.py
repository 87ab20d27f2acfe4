"""How sure a percentile is: its confidence interval, from how it varies between intervals.

Operations of a run are not independent: a slow moment makes many of them slow. So the intervals are
what is counted, and those that depend on their neighbours count for less.

For each interval it is known how many of its operations lie at or below the percentile, as a share
of all. The spread of the mean of these shares becomes a spread of times through the pooled
distribution (Woodruff, "Confidence intervals for medians and other position measures", JASA 47,
1952). For independent operations that comes to the order statistics of the binomial distribution.

Two estimates of that spread are taken, and the wider one holds:

- The variance of the shares over the effective number of intervals, n (1 - r) / (1 + r), where r is
  the correlation of neighbours (Bayley and Hammersley, "The effective number of independent
  observations in an autocorrelated time series", JRSS Supplement 8, 1946). Estimated from n values,
  r is too small by (1 + 4 r) / n (Kendall, "Note on bias in the estimation of autocorrelation",
  Biometrika 41, 1954), and half a standard error is added: a dependence that n values are too few
  to show is there all the same. It is taken of single intervals and of means of two and of four,
  the least favourable holds: a slow dependence hides behind the noise of single ones.
- The spread between the means of ten equal parts of the run, which asks for no model of the
  dependence (batch means; Law and Kelton, Simulation Modeling and Analysis, 1982, 8.3).

tests/performance/truth.py shows how often such intervals contain the truth.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cortex_tui.stats.below import Counted
from cortex_tui.stats.buckets import Ints
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.stats.percentiles import samples_missing

MIN_INTERVALS = 20
"""With fewer, their spread is hardly known."""
MIN_TO_END = 100
MIN_INDEPENDENT = 15.0
"""A run may end because its interval is narrow only after MIN_TO_END intervals, which tell as much
as MIN_INDEPENDENT independent ones. An interval that is narrow by chance would end it, and chance
has the most to say at the beginning: a slow dependence does not show there yet."""

_CELLS = 128
"""Above this number of intervals, neighbours are counted together: the cost stays what it is."""
_PARTS = 10
_SCALES = (1, 2, 4)

Floats = NDArray[np.float64]


class Bounds(NamedTuple):
    """A confidence interval, in ns: values of buckets, as percentiles are."""

    low_ns: int
    high_ns: int
    independent: float = math.inf
    """How many independent intervals, or means of neighbours, would tell as much; on the least
    favourable scale."""

    def half_width(self, value_ns: int) -> float:
        """Half of the width, as a share of the value; 0 for a value of 0."""
        return (self.high_ns - self.low_ns) / 2 / value_ns if value_ns else 0.0


def percentile_bounds(
    pooled: Histogram,
    intervals: Iterable[IntervalHistogram] | Counted,
    quantiles: Sequence[float],
    *,
    confidence: float = 0.95,
) -> list[Bounds | None]:
    """The confidence interval of each quantile of all values.

    `intervals` are of equal length, in order of time, those included in which nothing ended; they
    are gone over once at most. `pooled` holds all their values. None for all with fewer than
    MIN_INTERVALS, and for a quantile with too few samples to be shown. Takes 2 ms for 600
    intervals.

    Where the spread is so wide that a side has no bound, what bounds the next one of `quantiles`
    on that side does so for it, too: p50 lies below p90, and so below what p90 lies below. Without
    such a one it is the smallest or the largest value.
    """
    known = _known(pooled, quantiles)
    shares = _shares(pooled, intervals, known) if known else None
    if shares is None:
        return [None] * len(quantiles)
    below, sizes = shares
    spreads: dict[float, tuple[float, float]] = {}
    for quantile, series in zip(known, (below - sizes[:, None] * known).T, strict=True):
        spreads[quantile] = _half_width(series / sizes.mean(), confidence)
    low, lows = 0.0, {}
    for quantile in sorted(spreads):
        low = lows[quantile] = share if (share := quantile - spreads[quantile][0]) > 0 else low
    high, highs = 1.0, {}
    for quantile in sorted(spreads, reverse=True):
        high = highs[quantile] = share if (share := quantile + spreads[quantile][0]) < 1 else high
    found: dict[float, Bounds] = {}
    for quantile, (_, independent) in spreads.items():
        low_ns, high_ns = _values_at(pooled, (lows[quantile], highs[quantile]))
        found[quantile] = Bounds(low_ns, high_ns, independent)
    return [found.get(q) for q in quantiles]


def limits_of(pooled: Histogram, quantiles: Sequence[float]) -> Ints:
    """The buckets below which `percentile_bounds` counts the values of each interval."""
    known = _known(pooled, quantiles)
    return _edges(pooled, known)[0] if known else np.zeros(0, np.int64)


def _known(pooled: Histogram, quantiles: Sequence[float]) -> list[float]:
    """Those that have enough samples."""
    return [q for q in quantiles if not samples_missing(q, pooled.total)]


def _values_at(pooled: Histogram, shares: Sequence[float]) -> list[int]:
    """As `Histogram.percentiles`, for shares that may lie beyond the first or the last value."""
    return pooled.values_at(
        [min(max(int(share * pooled.total + 0.5), 1), pooled.total) for share in shares]
    )


def _shares(
    pooled: Histogram, intervals: Iterable[IntervalHistogram] | Counted, quantiles: Sequence[float]
) -> tuple[Floats, Floats] | None:
    """For each cell, how many of its values lie at or below each quantile, and how many it has;
    None with fewer than MIN_INTERVALS.

    Of a bucket that a quantile falls into, that part counts which makes the pooled share exact.
    """
    limits, part = _edges(pooled, quantiles)
    found = IntervalHistogram.below(intervals, limits)
    count = found.totals.size
    if count < MIN_INTERVALS:
        return None
    # Up to the bucket of each quantile, without it and with it, and all.
    counts = np.column_stack((found.counts, found.totals))
    each = -(-count // _CELLS)
    table = np.add.reduceat(counts, np.arange(0, count, each))
    without, within = table[:, : part.size], table[:, part.size : -1]
    below: Floats = without * (1 - part) + within * part
    return below, table[:, -1]


def _edges(pooled: Histogram, quantiles: Sequence[float]) -> tuple[Ints, Floats]:
    """The bucket that each quantile falls into, then the ones behind those; and which part of it
    lies below the quantile."""
    first, cumulative, _ = pooled.ordered()
    wanted = np.array(quantiles) * pooled.total
    edges = np.searchsorted(cumulative, wanted)
    before = np.where(edges > 0, cumulative[edges - 1], 0)
    part: Floats = (wanted - before) / (cumulative[edges] - before)
    return first + np.concatenate((edges, edges + 1)), part


def _half_width(series: Floats, confidence: float) -> tuple[float, float]:
    """Half the width of the confidence interval of the mean of a series, and `independent` of
    Bounds."""
    parts = _means(series, series.size // _PARTS)
    widest = _t(parts.size - 1, confidence) * float(parts.std(ddof=1)) / math.sqrt(parts.size)
    fewest = math.inf
    for scale in _SCALES:
        means = _means(series, scale)
        if means.size < MIN_INTERVALS:
            break
        centred = means - means.mean()
        variance = float(centred @ centred) / means.size
        independent = means.size / _dependence(centred, variance)
        # Of n independent values the variance is taken too small by 1 / n.
        variance /= max(1 - 1 / max(independent, 2.0), 0.3)
        half_width = _t(independent - 1, confidence) * math.sqrt(variance / independent)
        widest, fewest = max(widest, half_width), min(fewest, independent)
    return widest, fewest


def _means(series: Floats, length: int) -> Floats:
    """The means of neighbours; what is left over at the beginning is left out."""
    count = series.size // length
    means: Floats = series[series.size - count * length :].reshape(count, length).mean(axis=1)
    return means


def _dependence(centred: Floats, variance: float) -> float:
    """By what factor the mean varies more than that of independent values would; 1 or more."""
    if not variance:
        return 1.0
    count = centred.size
    correlation = float(centred[1:] @ centred[:-1]) / count / variance
    correlation += (1 + 4 * correlation) / count
    correlation += 0.5 * math.sqrt(max(1 - correlation**2, 0.0) / count)
    correlation = min(max(correlation, 0.0), 0.995)
    return (1 + correlation) / (1 - correlation)


def _t(degrees: float, confidence: float) -> float:
    """The two-sided critical value of Student's t distribution.

    An expansion in the normal one's, within 0.3 % from four degrees of freedom on, 3 % too small
    for two (Abramowitz and Stegun, Handbook of Mathematical Functions, 1964, 26.7.5).
    """
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    inverse = 1 / max(degrees, 2.0)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + inverse * (first + inverse * (second + inverse * third))
