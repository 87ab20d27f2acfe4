"""Which bucket of an HdrHistogram a value falls into, for whole arrays of values at once.

The histograms here hold 1 ns to 1 h at 3 significant digits. In HdrHistogram's terms: unit
magnitude 0 and 2,048 sub-buckets, so that below 2,048 ns each value has its own bucket, and above
each power of two is cut into 1,024 buckets.
"""

from __future__ import annotations

import struct
from array import array
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cortex_tui.stats.moments import EMPTY, Moments

LOWEST_NS = 1
HIGHEST_NS = 3_600_000_000_000
DIGITS = 3
SIZE = 33_792
"""Counts in such a histogram."""

RawValues: TypeAlias = "bytes | bytearray | memoryview | array[int]"
"""Signed 64-bit integers in the machine's byte order, in ns."""
Ints: TypeAlias = NDArray[np.int64]
AnyInts: TypeAlias = "NDArray[np.integer[Any]]"

_HALF = 1_024
_MAGNITUDE = 10
_SHIFT = 42
_OFFSET = (1_023 + 9) << _MAGNITUDE
# From 1,024 on, the index of a bucket is the exponent of the value (less 9) followed by the ten
# bits after its leading one. That is what the upper bits of an IEEE 754 double are as well, but
# for the bias of the exponent: 11 bits of exponent and ten of mantissa remain of 64 when 42 are
# shifted out. Values up to 1 h are exact as doubles, so nothing is rounded into the next bucket.


def index_of(value_ns: int) -> int:
    """The bucket of a value of 0 to 1 h."""
    if value_ns < _HALF:
        return value_ns
    bits: int = struct.unpack("<q", struct.pack("<d", float(value_ns)))[0]
    return (bits >> _SHIFT) - _OFFSET


def indices_of(values_ns: Ints) -> Ints:
    """The buckets of many values, each of 0 to 1 h."""
    upper = values_ns.astype(np.float64).view(np.int64) >> _SHIFT
    return np.where(values_ns < _HALF, values_ns, upper - _OFFSET)


def lowest_of(index: int) -> int:
    """The smallest value of a bucket, in ns."""
    if index < 2 * _HALF:
        return index
    return (_HALF + (index & (_HALF - 1))) << ((index >> _MAGNITUDE) - 1)


def highest_of(index: int) -> int:
    """The greatest value of a bucket, in ns: by which the bucket is represented."""
    return lowest_of(index + 1) - 1


def _all_highest() -> Ints:
    following: Ints = np.arange(1, SIZE + 1)
    lowest = (_HALF + (following & (_HALF - 1))) << np.maximum((following >> _MAGNITUDE) - 1, 0)
    return np.where(following < 2 * _HALF, following, lowest) - 1


HIGHEST_BY_INDEX: Ints = _all_highest()
"""`highest_of` of every bucket, for arrays of them."""
HIGHEST_BY_INDEX.flags.writeable = False


def count_values(raw: RawValues) -> tuple[int, Ints, Moments]:
    """Counts the values: the first bucket with one, the counts from there to the last, moments.

    Negative values, which only a clock that went backwards can have made, count as 0. Values
    above 1 h are in `overflow` and, truthfully, in `min_ns` and `max_ns`, but in no bucket. Raises
    ValueError if the length is not a multiple of eight bytes.
    """
    values: Ints = np.frombuffer(raw, dtype=np.int64)
    if not values.size:
        return 0, np.zeros(0, np.int64), EMPTY
    smallest, greatest = int(values.min()), int(values.max())
    if smallest < 0:
        values = np.maximum(values, 0)
        smallest, greatest = 0, max(greatest, 0)
    kept = values[values <= HIGHEST_NS] if greatest > HIGHEST_NS else values
    overflow = int(values.size - kept.size)
    if not kept.size:
        return 0, np.zeros(0, np.int64), Moments(0, 0.0, 0.0, smallest, greatest, overflow)

    real = kept.astype(np.float64)
    first = index_of(smallest)
    index = real.view(np.int64) >> _SHIFT
    if smallest < _HALF:
        index -= _OFFSET
        index = np.where(kept < _HALF, kept, index)
        index -= first
    else:
        index -= _OFFSET + first
    counts: Ints = np.bincount(index).astype(np.int64, copy=False)

    mean = float(np.add.reduce(real)) / real.size
    real -= mean
    m2 = float(np.dot(real, real))
    return first, counts, Moments(int(kept.size), mean, m2, smallest, greatest, overflow)
