"""HdrHistogram's V2 encoding, and its decoding from sources that are not to be trusted.

Both read and write occupied buckets alone, of many histograms at once. hdrhistogram's decoder
unpacks whatever a blob says it holds and fills an array that is nearly empty (100 µs), its encoder
reads such an array (100 µs); what is unpacked here is bounded.
"""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cortex_tui.stats.buckets import DIGITS, HIGHEST_NS, LOWEST_NS, SIZE, AnyInts, Ints

_OUTER = struct.Struct(">II")
"""Cookie and length of what follows, which is compressed."""
_INNER = struct.Struct(">IIIIQQd")
"""Cookie, payload length, index offset, digits, lowest, highest, conversion ratio."""
_COMPRESSED_COOKIE = 0x1C849304
_PLAIN_COOKIE = 0x1C849303
_WORD_SIZE_BITS = 0xF0

MAX_PLAIN_BYTES = _INNER.size + 9 * SIZE
"""A count takes at most nine bytes."""
MAX_BLOB_BYTES = _OUTER.size + MAX_PLAIN_BYTES + 1_024
"""zlib adds a few bytes to what it cannot compress."""
MAX_TOTAL = 1 << 53
_MAX_OCTETS = 8
"""Of a count up to MAX_TOTAL, doubled by its sign bit."""
_AT_ONCE = 24
"""More histograms at once no longer fit into the processor's caches."""
_NONE: Ints = np.zeros(0, np.int64)
_ZERO: Ints = np.zeros(1, np.int64)


class HistogramFormatError(ValueError):
    """Bytes that are no histogram of 1 ns to 1 h at 3 digits; the text says what is wrong."""


def encode_each(parts: Sequence[tuple[AnyInts, AnyInts]]) -> list[bytes]:
    """The V2 encoding, compressed, of each histogram: its occupied buckets in ascending order, and
    how many values each holds. All are encoded at once, which takes a few microseconds each."""
    occupied = np.concatenate([indices for indices, _ in parts] or [_NONE])
    counts = np.concatenate([counts for _, counts in parts] or [_NONE])
    return encode_joined(occupied, counts, [indices.size for indices, _ in parts])


def encode_joined(occupied: AnyInts, counts: AnyInts, each: Sequence[int]) -> list[bytes]:
    """As `encode_each` of histograms one after the other, of which `each` has that many occupied
    buckets."""
    buckets = occupied.astype(np.int64)
    sizes = np.array(each, np.int64)
    ends = np.cumsum(sizes)
    # The empty buckets before each occupied one; before the first of a histogram, from bucket 0.
    gaps = np.diff(buckets, prepend=-1) - 1
    firsts = (ends - sizes)[sizes > 0]
    gaps[firsts] = buckets[firsts]
    numbers = np.empty((buckets.size, 2), np.int64)
    numbers[:, 0] = -gaps
    numbers[:, 1] = counts
    written = np.ones(numbers.shape, np.bool_)
    written[:, 0] = gaps > 0
    octets, lengths = _octets(numbers[written])
    # Up to the end of each histogram: how many numbers, and how many octets.
    until = np.concatenate((_ZERO, np.cumsum(written.sum(axis=1))))[ends]
    until = np.concatenate((_ZERO, np.cumsum(lengths)))[until]
    plain = octets.tobytes()
    return [_packed(plain[start:end]) for start, end in pairwise((0, *until.tolist()))]


def _octets(numbers: Ints) -> tuple[NDArray[np.uint8], Ints]:
    """ZigZag LEB128, see `zigzag`: the octets, and how many of them each number has."""
    folded = (numbers << 1) ^ (numbers >> 63)
    lengths = np.ones(numbers.size, np.int64)
    for octet in range(1, _MAX_OCTETS):
        longer = folded >= 1 << (7 * octet)
        if not longer.any():
            break
        lengths += longer
    starts = np.cumsum(lengths) - lengths
    places = np.arange(int(lengths.sum())) - np.repeat(starts, lengths)
    octets = (np.repeat(folded, lengths) >> (7 * places)) & 0x7F
    octets |= 0x80 * (places < np.repeat(lengths, lengths) - 1)
    return octets.astype(np.uint8), lengths


def _packed(counts: bytes) -> bytes:
    """Octets of counts with the headers around them."""
    header = _INNER.pack(_PLAIN_COOKIE | 0x10, len(counts), 0, DIGITS, LOWEST_NS, HIGHEST_NS, 1.0)
    # With zlib's usual window and tables, making these ready takes 40 us and more. Counts repeat by
    # chance alone: to look for more than runs of one octet made those of 2,000 values a twelfth
    # larger, and took 600 us in place of 26.
    packer = zlib.compressobj(wbits=12, memLevel=5, strategy=zlib.Z_RLE)
    payload = packer.compress(header + counts) + packer.flush()
    return _OUTER.pack(_COMPRESSED_COOKIE | 0x10, len(payload)) + payload


def to_text(blob: bytes) -> str:
    """The text form of the encoding, the one that begins with HISTF."""
    return base64.b64encode(blob).decode("ascii")


def decode(data: bytes | str) -> tuple[Ints, Ints]:
    """The occupied buckets of an encoded histogram, in order, and how many values each holds.

    Bytes or text; HistogramFormatError for anything that no run can have made.
    """
    plain = _unpacked(_from_text(data) if isinstance(data, str) else data)
    numbers = zigzag(np.frombuffer(plain, np.uint8, offset=_INNER.size))
    if not numbers.size:
        return numbers, numbers
    # A positive number is the count of the next bucket, a negative one skips empty buckets.
    steps = np.where(numbers < 0, -numbers, 1)
    if int(steps.max()) > SIZE or int(numbers.max()) > MAX_TOTAL:
        raise HistogramFormatError("counts that no run can have made")
    after = np.cumsum(steps)
    if int(after[-1]) > SIZE:
        raise HistogramFormatError(f"more than {SIZE:,} counts")
    occupied = np.flatnonzero(numbers > 0)
    counts = numbers[occupied]
    # As doubles: as integers their sum could wrap round.
    if float(counts.sum(dtype=np.float64)) > MAX_TOTAL:
        raise HistogramFormatError("counts that no run can have made")
    return after[occupied] - 1, counts


def decode_sum(blobs: Sequence[bytes]) -> Ints:
    """The counts of all buckets of several encoded histograms together.

    Refuses what `decode` does, and takes a third of the time.
    """
    whole = np.zeros(SIZE, np.float64)  # which counts exactly up to MAX_TOTAL
    for first in range(0, len(blobs), _AT_ONCE):
        parts = [_unpacked(blob)[_INNER.size :] for blob in blobs[first : first + _AT_ONCE]]
        if any(part and part[-1] >= 0x80 for part in parts):
            raise HistogramFormatError("counts that are cut short")
        _add_counts(parts, whole)
    if float(whole.sum()) > MAX_TOTAL:
        raise HistogramFormatError("counts that no run can have made")
    return whole.astype(np.int64)


def _add_counts(parts: Sequence[bytes], whole: NDArray[np.float64]) -> None:
    """Adds the counts of unpacked histograms, whose numbers are read all at once."""
    octets = np.frombuffer(b"".join(parts), np.uint8)
    numbers = zigzag(octets)
    if not numbers.size:
        return
    steps = np.where(numbers < 0, -numbers, 1)
    if int(steps.max()) > SIZE or int(numbers.max()) > MAX_TOTAL:
        raise HistogramFormatError("counts that no run can have made")
    # How many numbers there are up to the end of each histogram, and how many buckets.
    ends = np.cumsum([len(part) for part in parts])
    until = np.searchsorted(np.flatnonzero(octets < 0x80), ends)
    after = np.cumsum(steps)
    before = np.concatenate((np.zeros(1, np.int64), after))[until]
    buckets = np.diff(before, prepend=0)
    if int(buckets.max()) > SIZE:
        raise HistogramFormatError(f"more than {SIZE:,} counts")
    start = np.repeat(before - buckets, np.diff(until, prepend=0))
    occupied = np.flatnonzero(numbers > 0)
    if occupied.size:
        indices = (after - start)[occupied] - 1
        first, last = int(indices.min()), int(indices.max())
        whole[first : last + 1] += np.bincount(indices - first, numbers[occupied])


def zigzag(octets: NDArray[np.uint8]) -> Ints:
    """Signed numbers from ZigZag LEB128: seven bits an octet, the lowest first, the eighth bit
    set on all octets of a number but its last; even numbers are positive."""
    ends = np.flatnonzero(octets < 0x80)
    if not octets.size:
        return np.zeros(0, np.int64)
    if not ends.size or int(ends[-1]) != octets.size - 1:
        raise HistogramFormatError("counts that are cut short")
    starts = np.concatenate((np.zeros(1, np.int64), ends[:-1] + 1))
    lengths = ends - starts + 1
    if int(lengths.max()) > _MAX_OCTETS:
        raise HistogramFormatError("counts that no run can have made")
    places = np.arange(octets.size) - np.repeat(starts, lengths)
    bits = (octets & 0x7F).astype(np.int64) << (7 * places)
    folded: Ints = np.add.reduceat(bits, starts)
    return (folded >> 1) ^ -(folded & 1)


def _from_text(text: str) -> bytes:
    limit = 4 * (MAX_BLOB_BYTES // 3 + 1)
    if len(text) > limit:
        raise HistogramFormatError(f"{len(text):,} characters (expected at most {limit:,})")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise HistogramFormatError(f"text that is not base64: {error}") from error


def _unpacked(blob: bytes) -> bytes:
    """Header and counts, once all that they say of themselves has proved bounded and ours."""
    if not _OUTER.size < len(blob) <= MAX_BLOB_BYTES:
        raise HistogramFormatError(f"{len(blob):,} bytes (expected up to {MAX_BLOB_BYTES:,})")
    cookie, length = _OUTER.unpack_from(blob)
    payload = blob[_OUTER.size :]
    if cookie & ~_WORD_SIZE_BITS != _COMPRESSED_COOKIE:
        raise HistogramFormatError("no HdrHistogram in the compressed V2 encoding")
    if length != len(payload):
        raise HistogramFormatError(f"{len(payload):,} bytes where its header says {length:,}")

    unpacker = zlib.decompressobj()
    try:
        plain = unpacker.decompress(payload, MAX_PLAIN_BYTES + 1)
    except zlib.error as error:
        raise HistogramFormatError(f"a payload that cannot be unpacked: {error}") from error
    if len(plain) > MAX_PLAIN_BYTES or not unpacker.eof or unpacker.unused_data:
        raise HistogramFormatError(
            f"a payload that unpacks to more than {MAX_PLAIN_BYTES:,} bytes, or is cut"
        )
    if len(plain) < _INNER.size:
        raise HistogramFormatError(f"a payload of {len(plain)} bytes, shorter than its header")
    inner, plain_length, offset, digits, lowest, highest, _ratio = _INNER.unpack_from(plain)
    if inner & ~_WORD_SIZE_BITS != _PLAIN_COOKIE or plain_length != len(plain) - _INNER.size:
        raise HistogramFormatError("a payload whose header does not fit it")
    if (offset, digits, lowest, highest) != (0, DIGITS, LOWEST_NS, HIGHEST_NS):
        raise HistogramFormatError(
            f"a histogram of {lowest} to {highest} at {digits} digits "
            f"(expected {LOWEST_NS} to {HIGHEST_NS} ns at {DIGITS})"
        )
    return plain
