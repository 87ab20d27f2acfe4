"""HdrHistogram's V2 encoding, and its decoding from sources that are not to be trusted.

hdrhistogram unpacks whatever a blob says it holds, so sizes are checked here before it is called.
"""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from typing import Any

import numpy as np
from hdrh.codec import HdrCookieException, HdrLengthException
from hdrh.histogram import HdrHistogram

from cortex_tui.stats.buckets import DIGITS, HIGHEST_NS, LOWEST_NS, SIZE, Ints, highest_of

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


class HistogramFormatError(ValueError):
    """Bytes that are no histogram of 1 ns to 1 h at 3 digits; the text says what is wrong."""


def new_library_histogram() -> Any:
    """hdrhistogram's own (untyped) object; its counts array is zero and can be viewed by numpy."""
    return HdrHistogram(LOWEST_NS, HIGHEST_NS, DIGITS, b64_wrap=False)


def counts_view(library: Any) -> Ints:
    """The counts of hdrhistogram's object as a writable array that shares its memory."""
    return np.frombuffer(library.counts, dtype=np.int64)


def encode(library: Any, total: int, last: int) -> bytes:
    """The V2 encoding, compressed, of what stands in the object's counts up to index `last`."""
    library.total_count = total
    library.max_value = highest_of(last) if total else 0
    payload: bytes = library.encode()
    return _OUTER.pack(_COMPRESSED_COOKIE | 0x10, len(payload)) + payload


def to_text(blob: bytes) -> str:
    """The text form of the encoding, the one that begins with HISTF."""
    return base64.b64encode(blob).decode("ascii")


def decode(data: bytes | str) -> Ints:
    """The counts of an encoded histogram, bytes or text; HistogramFormatError for all else."""
    payload = _checked_payload(_from_text(data) if isinstance(data, str) else data)
    try:
        library = HdrHistogram.decode(payload, b64_wrap=False)
    except (
        ValueError,
        IndexError,
        OverflowError,
        HdrCookieException,
        HdrLengthException,
        zlib.error,
    ) as error:
        raise HistogramFormatError(f"counts that cannot be read: {error}") from error
    counts = counts_view(library)
    # Each count is below 2^63 here; as doubles their sum cannot wrap round.
    if (counts < 0).any() or float(counts.sum(dtype=np.float64)) > MAX_TOTAL:
        raise HistogramFormatError("counts that no run can have made")
    return counts


def _from_text(text: str) -> bytes:
    limit = 4 * (MAX_BLOB_BYTES // 3 + 1)
    if len(text) > limit:
        raise HistogramFormatError(f"{len(text):,} characters (expected at most {limit:,})")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise HistogramFormatError(f"text that is not base64: {error}") from error


def _checked_payload(blob: bytes) -> bytes:
    """The compressed part, once all that it says of itself has proved bounded and ours."""
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
    return payload
