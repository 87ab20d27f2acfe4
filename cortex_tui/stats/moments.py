"""Count, mean, spread and extremes of values, mergeable in any order; plain numbers, no numpy."""

from __future__ import annotations

import math

import msgspec


class Moments(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a histogram cannot tell exactly about the values in it, all in ns.

    `count`, `mean_ns` and `m2` speak of the values up to 1 h, those that the histogram counts;
    `min_ns` and `max_ns` of all values, also of the `overflow` longer ones.
    """

    count: int = 0
    mean_ns: float = 0.0
    m2: float = 0.0
    """The sum of squared differences from the mean, in ns²."""
    min_ns: int | None = None
    max_ns: int | None = None
    overflow: int = 0

    @property
    def stddev_ns(self) -> float | None:
        """The sample standard deviation (n - 1); None below two values."""
        return math.sqrt(self.m2 / (self.count - 1)) if self.count > 1 else None


EMPTY = Moments()


def merged(a: Moments, b: Moments) -> Moments:
    """The moments of the values of both.

    Pairwise update of Chan, Golub and LeVeque, "Updating Formulae and a Pairwise Algorithm for
    Computing Sample Variances" (Stanford STAN-CS-79-773, 1979): no large sums of squares that
    would cancel. Associative up to rounding, so stored results keep the totals they were made with.
    """
    if not b.count and not b.overflow:
        return a
    if not a.count and not a.overflow:
        return b
    count = a.count + b.count
    delta = b.mean_ns - a.mean_ns
    share = b.count / count if count else 0.0
    return Moments(
        count=count,
        mean_ns=a.mean_ns + delta * share,
        m2=a.m2 + b.m2 + delta * delta * a.count * share,
        min_ns=b.min_ns if a.min_ns is None or _less(b.min_ns, a.min_ns) else a.min_ns,
        max_ns=b.max_ns if a.max_ns is None or _less(a.max_ns, b.max_ns) else a.max_ns,
        overflow=a.overflow + b.overflow,
    )


def clamped(value_ns: int, moments: Moments) -> int:
    """The value of a bucket's edge, moved to the nearest of the values that were recorded where it
    lies beyond all of them: no percentile is greater than the maximum."""
    if moments.min_ns is not None and value_ns < moments.min_ns:
        return moments.min_ns
    if moments.max_ns is not None and value_ns > moments.max_ns:
        return moments.max_ns
    return value_ns


def _less(a: int | None, b: int | None) -> bool:
    return a is not None and b is not None and a < b
