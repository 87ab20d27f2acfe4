"""Which percentiles are shown, how many samples each needs, and when one is flattered."""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, Decimal
from functools import lru_cache

SHOWN = {
    "p50": 0.5,
    "p75": 0.75,
    "p90": 0.9,
    "p95": 0.95,
    "p99": 0.99,
    "p99.9": 0.999,
    "p99.99": 0.9999,
}
"""The percentiles of every summary, with their quantiles."""

SAMPLES_BEYOND = 10
"""Fewer samples beyond a percentile say more about chance than about the subject."""

_NAME = re.compile(r"p(\d{1,2}(?:\.\d{1,6})?)")


def parse_percentile(name: str) -> float | None:
    """The quantile of a name such as `p99.95`, strictly between 0 and 1; None for anything else."""
    match = _NAME.fullmatch(name)
    if match is None or not float(match[1]):
        return None
    return float(Decimal(match[1]) / 100)


def quantile_of(name: str) -> float:
    """The quantile of a name that must be one of a percentile; ValueError for anything else."""
    found = parse_percentile(name)
    if found is None:
        raise ValueError(f'expected a percentile such as "p95", got {name!r}')
    return found


@lru_cache(maxsize=256)
def samples_needed(quantile: float) -> int:
    """With how many samples SAMPLES_BEYOND of them lie beyond the quantile, on its far side."""
    exact = Decimal(repr(quantile))
    needed = SAMPLES_BEYOND / min(exact, 1 - exact)
    return int(needed.to_integral_value(ROUND_CEILING))


def samples_missing(quantile: float, total: int) -> int:
    """How many more samples the quantile needs; 0 when there are enough."""
    return max(samples_needed(quantile) - total, 0)


def flagged(quantile: float, counted: int, missing: int) -> bool:
    """Whether the percentile is flattered: operations that are missing from it (unfinished,
    failed, never started, longer than 1 h) are a greater share than lies beyond it."""
    # Rounded, because 1 - 0.9 is 0.09999999999999998, which a share of 0.1 would exceed.
    return missing > 0 and missing / (counted + missing) > round(1 - quantile, 9)
