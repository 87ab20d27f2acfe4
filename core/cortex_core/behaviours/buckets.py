"""A log-linear histogram of durations, small enough to keep one for each request type.

The benchmark tool has one of its own, filled from whole buffers with numpy: the core, which it
measures, imports neither the tool nor numpy, and records one duration at a time while requests run.
"""

_SUB_BITS = 7
_SUBS = 1 << _SUB_BITS
_TOP_BITS = 42
"""Durations from 2**42 ns (73 minutes) on share the last bucket."""


class Buckets:
    """Counts of nanoseconds, each to within 1 % of its value: the layout of an HDR histogram.

    A power of two is cut into 128 equal parts, so recording is a shift and an addition:
    about 130 ns, where the general library takes 700.
    """

    __slots__ = ("_counts", "max_ns")

    def __init__(self) -> None:
        self._counts = [0] * (_SUBS * (_TOP_BITS - _SUB_BITS + 1))
        self.max_ns = 0

    def record(self, duration_ns: int) -> None:
        """Count one duration. Everything else is left to whoever asks."""
        if duration_ns > self.max_ns:
            self.max_ns = duration_ns
        shift = duration_ns.bit_length() - _SUB_BITS - 1
        try:
            if shift > 0:
                self._counts[(shift << _SUB_BITS) + (duration_ns >> shift)] += 1
            else:
                self._counts[duration_ns] += 1
        except IndexError:
            self._counts[-1] += 1

    @property
    def count(self) -> int:
        return sum(self._counts)

    @property
    def mean_ns(self) -> float | None:
        """The mean, each duration taken as the middle of its bucket; None if empty."""
        filled = [(index, count) for index, count in enumerate(self._counts) if count]
        total_ns = sum((_lowest(i) + _highest(i)) / 2 * count for i, count in filled)
        return total_ns / self.count if filled else None

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


def _lowest(index: int) -> int:
    """The smallest duration that falls into the bucket."""
    if index < 2 * _SUBS:
        return index
    shift = (index >> _SUB_BITS) - 1
    return (index - (shift << _SUB_BITS)) << shift


def _highest(index: int) -> int:
    """The largest duration that falls into the bucket."""
    return _lowest(index + 1) - 1
