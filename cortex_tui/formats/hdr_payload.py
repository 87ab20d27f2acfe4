"""Histograms of HdrHistogram in any of its encodings (V0, V1, V2), on any of its grids.

The layouts are those of `AbstractHistogram.java` and `ZigZagEncoding.java` of HdrHistogram 2.1/2.2;
the library for Python reads V2 alone. Nothing that a payload says of its own size is believed.
"""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from typing import NamedTuple

import numpy as np

from cortex_tui.formats.port import FormatError
from cortex_tui.stats.buckets import Ints
from cortex_tui.stats.codec import HistogramFormatError, zigzag

MAX_TEXT = 4 * 1024 * 1024
MAX_PLAIN_BYTES = 8 * 1024 * 1024
"""Of an unpacked payload: a million counts of eight bytes."""

_OUTER = struct.Struct(">II")
"""Cookie and length of what follows, which is compressed."""
_V0 = struct.Struct(">IIqqq")
"""Cookie, digits, lowest, highest, total."""
_V1 = struct.Struct(">IIiiqqd")
"""Cookie, payload length, index offset, digits, lowest, highest, ratio; so is V2's."""
_COMPRESSED = {0x1C849309: 0x1C849308, 0x1C849302: 0x1C849301, 0x1C849304: 0x1C849303}
"""By the cookie of the compressed form, the one within: V0, V1, V2."""
_V0_COOKIE, _V2_COOKIE = 0x1C849308, 0x1C849303
_WORD_BITS = 0xF0
_WORDS = {2: ">i2", 4: ">i4", 8: ">i8"}


class Buckets(NamedTuple):
    """The occupied buckets: the middle of each, and how many values it holds."""

    values: Ints
    counts: Ints


def read_payload(text: str) -> Buckets:
    """The histogram that a text in base64 encodes; FormatError for anything else."""
    if len(text) > MAX_TEXT:
        raise FormatError(f"a histogram of {len(text):,} characters: at most {MAX_TEXT:,} are read")
    try:
        blob = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise FormatError("a histogram that is not base64") from None
    if len(blob) <= _OUTER.size:
        raise FormatError("a histogram that is cut short")
    cookie, length = _OUTER.unpack_from(blob)
    inner = _COMPRESSED.get(cookie & ~_WORD_BITS)
    if inner is None:
        raise FormatError(f"no compressed HdrHistogram: it begins with {cookie:#x}")
    if length > len(blob) - _OUTER.size:
        raise FormatError("a histogram that is cut short")
    plain = _unpacked(blob[_OUTER.size : _OUTER.size + length])
    header = _V0 if inner == _V0_COOKIE else _V1
    if len(plain) < header.size:
        raise FormatError("a histogram that is shorter than its header")
    if inner == _V0_COOKIE:
        found, digits, lowest, _highest, _total = _V0.unpack_from(plain)
        offset, body = 0, plain[header.size :]
    else:
        found, size, offset, digits, lowest, _highest, _ratio = _V1.unpack_from(plain)
        body = plain[header.size : header.size + size]
        if size != len(body):
            raise FormatError("a histogram that is cut short")
    if found & ~_WORD_BITS != inner:
        raise FormatError("a histogram whose two headers do not fit")
    if not 0 <= digits <= 5 or not 1 <= lowest < 1 << 62 or offset:
        raise FormatError(f"a histogram with {digits} digits from {lowest}, shifted by {offset}")
    indices, counts = _sparse(body) if inner == _V2_COOKIE else _dense(body, found)
    return Buckets(_middles(indices, digits, lowest), counts)


def _unpacked(payload: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        plain = unpacker.decompress(payload, MAX_PLAIN_BYTES)
    except zlib.error as error:
        raise FormatError(f"a histogram that cannot be unpacked: {error}") from None
    if not unpacker.eof:
        raise FormatError(
            f"a histogram that is cut short, or unpacks to more than {MAX_PLAIN_BYTES:,} bytes"
        )
    return plain


def _sparse(body: bytes) -> tuple[Ints, Ints]:
    """V2: a positive number is the count of the next bucket, a negative one skips buckets."""
    try:
        numbers = zigzag(np.frombuffer(body, np.uint8))
    except HistogramFormatError as error:
        raise FormatError(f"a histogram with {error}") from None
    if not numbers.size:
        return numbers, numbers
    steps = np.where(numbers < 0, -numbers, 1)
    if float(steps.sum(dtype=np.float64)) > MAX_PLAIN_BYTES:
        raise FormatError("a histogram with more buckets than there can be")
    after = np.cumsum(steps)
    occupied = np.flatnonzero(numbers > 0)
    return after[occupied] - 1, numbers[occupied]


def _dense(body: bytes, cookie: int) -> tuple[Ints, Ints]:
    """V0 and V1: one word a bucket."""
    width = (cookie & _WORD_BITS) >> 4
    if width not in _WORDS:
        raise FormatError(f"a histogram with counts of {width} bytes")
    words = np.frombuffer(body[: len(body) // width * width], _WORDS[width]).astype(np.int64)
    if words.size and int(words.min()) < 0:
        raise FormatError("a histogram with negative counts")
    occupied = np.flatnonzero(words)
    return occupied, words[occupied]


def _middles(indices: Ints, digits: int, lowest: int) -> Ints:
    """The middle value of each bucket, of a grid with this number of digits from `lowest` on."""
    unit = lowest.bit_length() - 1
    # The smallest power of two with single-unit resolution up to 2 * 10^digits.
    sub_bits = (2 * 10**digits - 1).bit_length()
    half_bits = sub_bits - 1
    half = 1 << half_bits
    octave = (indices >> half_bits) - 1
    sub = (indices & (half - 1)) + half
    sub = np.where(octave < 0, sub - half, sub)
    octave = np.maximum(octave, 0)
    if indices.size and int(octave.max()) + unit + sub_bits > 62:
        raise FormatError("a histogram with values beyond 2^62")
    low: Ints = sub << (octave + unit)
    width: Ints = np.int64(1) << (octave + unit)
    return low + ((width - 1) >> 1)
