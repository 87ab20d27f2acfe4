"""Encoded histograms are read by any HdrHistogram library; hostile ones are refused unharmed."""

from __future__ import annotations

import base64
import random
import struct
import tracemalloc
import zlib
from array import array
from collections.abc import Callable

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import example, given
from hypothesis import strategies as st

from cortex_tui.stats.buckets import HIGHEST_NS, SIZE, lowest_of
from cortex_tui.stats.codec import (
    MAX_BLOB_BYTES,
    HistogramFormatError,
    decode,
    decode_sum,
    encode_each,
)
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.interval_histogram import IntervalHistogram
from cortex_tui.stats.moments import Moments

VALUES = array("q", [0, 3, 1_500, 70_000, 70_001, 9_000_000, 3_600_000_000_000])


def interval() -> IntervalHistogram:
    return IntervalHistogram.of(VALUES)


def packed(plain: bytes, *, length: int | None = None, cookie: int = 0x1C849314) -> bytes:
    body = zlib.compress(plain)
    return struct.pack(">II", cookie, len(body) if length is None else length) + body


def header(
    payload: bytes,
    *,
    cookie: int = 0x1C849313,
    offset: int = 0,
    digits: int = 3,
    lowest: int = 1,
    highest: int = 3_600_000_000_000,
) -> bytes:
    fields = (cookie, len(payload), offset, digits, lowest, highest, 1.0)
    return struct.pack(">IIIIQQd", *fields) + payload


def test_the_text_is_read_by_the_reference_library() -> None:
    histogram = Histogram()
    histogram.fold(VALUES)
    text = histogram.encode_text()
    assert text.startswith("HISTF")
    read = HdrHistogram.decode(text)
    assert read.get_total_count() == len(VALUES)
    assert read.get_value_at_percentile(50) == histogram.percentiles([0.5])[0]


@given(st.lists(st.integers(0, 3_600_000_000_000), max_size=50))
def test_what_was_encoded_is_decoded(values: list[int]) -> None:
    written = IntervalHistogram.of(array("q", values))
    read = IntervalHistogram.decode(written.encode(), written.moments)
    assert read.indices.tolist() == written.indices.tolist()
    assert read.counts.tolist() == written.counts.tolist()
    assert read.moments == written.moments


@given(st.lists(st.tuples(st.integers(0, 10**12), st.integers(1, 10**13)), max_size=20))
def test_what_the_reference_library_encoded_is_decoded(pairs: list[tuple[int, int]]) -> None:
    reference = HdrHistogram(1, 3_600_000_000_000, 3)
    for value, count in pairs:
        reference.record_value(value, count)
    read = IntervalHistogram.decode(reference.encode().decode("ascii"))
    assert read.counts.tolist() == [reference.counts[index] for index in read.indices]
    assert read.total == sum(count for _, count in pairs)


@given(
    st.lists(
        st.dictionaries(st.integers(0, SIZE - 1), st.integers(1, 1 << 48), max_size=30), max_size=6
    )
)
def test_each_of_several_is_encoded_as_the_reference_library_does(
    counts: list[dict[int, int]],
) -> None:
    """Compressed in another way, but bit for bit the same when it is unpacked."""
    histograms = [dict(sorted(each.items())) for each in counts]
    blobs = encode_each(
        [(np.fromiter(each, np.int64), np.fromiter(each.values(), np.int64)) for each in histograms]
    )
    assert len(blobs) == len(histograms)
    for blob, each in zip(blobs, histograms, strict=True):
        reference = HdrHistogram(1, HIGHEST_NS, 3)
        for bucket, count in each.items():
            reference.record_value(lowest_of(bucket), count)
        theirs = base64.b64decode(reference.encode())
        assert blob[:4] == theirs[:4]
        assert zlib.decompress(blob[8:]) == zlib.decompress(theirs[8:])


def test_scattered_values_take_less_than_as_zlib_has_them_by_default() -> None:
    chance = random.Random(3)
    values = [chance.randrange(1 << 24, 1 << 28) for _ in range(2_000)]
    blob = IntervalHistogram.of(array("q", values)).encode()
    payload = blob[8:]  # behind cookie and length
    assert len(payload) < 0.95 * len(zlib.compress(zlib.decompress(payload)))
    same = IntervalHistogram.of(array("q", [1_000_000] * 2_000 + [1] * 3)).encode()
    assert len(same) < 64


def test_to_pack_a_few_values_takes_less_memory_than_as_zlib_has_it_by_default() -> None:
    """All of it is cleared first: with few values that is most of the time."""

    def bytes_for(pack: Callable[[], object]) -> int:
        pack()  # whatever is kept from the first time on
        tracemalloc.start()
        try:
            pack()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    few = interval()
    plain = zlib.decompress(few.encode()[8:])
    assert bytes_for(few.encode) < 0.5 * bytes_for(lambda: zlib.compress(plain))


def test_without_moments_they_are_estimated_from_the_buckets() -> None:
    whole = Histogram()
    whole.fold(VALUES)
    read = Histogram.decode(whole.encode_text())
    assert read.total == whole.total
    assert read.mean_ns == pytest.approx(whole.mean_ns, rel=1e-3)
    assert read.stddev_ns == pytest.approx(whole.stddev_ns, rel=1e-3)


def test_moments_of_another_histogram_are_refused() -> None:
    with pytest.raises(HistogramFormatError, match=r"7 values where 8 were recorded"):
        IntervalHistogram.decode(interval().encode(), Moments(8, 1.0, 0.0, 1, 1))


GOOD = interval().encode()
IMPOSSIBLE = "counts that no run can have made"
UNFIT = "a payload whose header does not fit it"
TOO_LARGE = "a payload that unpacks to more than 304,168 bytes, or is cut"
EXPECTED = "(expected 1 to 3600000000000 ns at 3)"
HOSTILE: dict[str, tuple[bytes | str, str]] = {
    "nothing": (b"", "0 bytes (expected up to 305,200)"),
    "noise": (b"\xff" * 100, "no HdrHistogram in the compressed V2 encoding"),
    "too long": (b"\0" * (MAX_BLOB_BYTES + 1), "305,201 bytes (expected up to 305,200)"),
    "too long as text": (
        "A" * (2 * MAX_BLOB_BYTES),
        "610,400 characters (expected at most 406,936)",
    ),
    "not base64": ("HISTF!!", "text that is not base64: "),
    "characters that are not base64 among others": (
        f"HIST{'!' * 4}{base64.b64encode(GOOD).decode()[4:]}",
        "text that is not base64: ",
    ),
    "not ascii": ("HISTFÄ", "text that is not base64: "),
    "cut": (GOOD[:-3], f"{len(GOOD) - 11} bytes where its header says {len(GOOD) - 8}"),
    "cut, with the header made to fit": (
        struct.pack(">II", 0x1C849314, len(GOOD) - 11) + GOOD[8:-3],
        TOO_LARGE,
    ),
    "something after it": (
        struct.pack(">II", 0x1C849314, len(GOOD) - 8 + 2) + GOOD[8:] + b"xx",
        TOO_LARGE,
    ),
    "not zlib": (
        struct.pack(">II", 0x1C849314, 4) + b"abcd",
        "a payload that cannot be unpacked: ",
    ),
    "no inner header": (packed(b"abc"), "a payload of 3 bytes, shorter than its header"),
    "wrong inner cookie": (packed(header(b"\2", cookie=7)), UNFIT),
    "wrong inner length": (packed(header(b"\2") + b"\2"), UNFIT),
    "four digits": (
        packed(header(b"\2", digits=4)),
        f"a histogram of 1 to 3600000000000 at 4 digits {EXPECTED}",
    ),
    "another range": (
        packed(header(b"\2", highest=2**63)),
        f"a histogram of 1 to {2**63} at 3 digits {EXPECTED}",
    ),
    "an offset": (
        packed(header(b"\2", offset=5)),
        f"a histogram of 1 to 3600000000000 at 3 digits {EXPECTED}",
    ),
    "more counts than buckets": (packed(header(b"\2" * 40_000)), "more than 33,792 counts"),
    "a skip beyond the end": (packed(header(b"\xff\xff\xff\x0f\2")), IMPOSSIBLE),
    "a count cut short": (packed(header(b"\x80")), "counts that are cut short"),
    "skips that end beyond the last": (
        packed(header(b"\xff\xff\x03" * 2)),
        "more than 33,792 counts",
    ),
    "a count of nine octets": (packed(header(b"\xfe" + b"\xff" * 7 + b"\x7f")), IMPOSSIBLE),
    "a count beyond 2^53": (packed(header(b"\xfe" * 7 + b"\x7f")), IMPOSSIBLE),
    "counts whose sum is beyond 2^53": (
        packed(header((b"\x80" * 7 + b"\x10") * 9)),
        IMPOSSIBLE,
    ),
    "counts whose sum is 2^63, which is negative in 64 bits": (
        packed(header((b"\x80" * 7 + b"\x10") * 2_048)),
        IMPOSSIBLE,
    ),
}
"""What it is, and the text of the error; what follows a colon at its end is a library's."""


@pytest.mark.parametrize(("blob", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_input_is_refused_in_words(blob: bytes | str, reason: str) -> None:
    with pytest.raises(HistogramFormatError) as refused:
        IntervalHistogram.decode(blob)
    if reason.endswith(": "):
        assert str(refused.value).startswith(reason)
    else:
        assert str(refused.value) == reason
    if isinstance(blob, bytes) and len(blob) <= MAX_BLOB_BYTES:
        with pytest.raises(HistogramFormatError):
            Histogram.decode(base64.b64encode(blob).decode())


def test_no_more_is_unpacked_than_a_histogram_can_have() -> None:
    zeros = packed(b"\0" * 20_000_000)
    tracemalloc.start()
    try:
        test_hostile_input_is_refused_in_words(zeros, TOO_LARGE)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 20_000_000 / 4


def test_a_single_empty_bucket_may_be_a_count_of_none() -> None:
    # As HdrHistogram in Java writes it, which skips two empty buckets or more.
    blob = packed(header(b"\0\x0a"))
    assert [part.tolist() for part in decode(blob)] == [[1], [5]]
    assert decode_sum([blob])[:3].tolist() == [0, 5, 0]


def test_damaged_bytes_are_either_refused_or_a_histogram() -> None:
    noise = random.Random(11)
    plain = zlib.decompress(GOOD[8:])
    for _ in range(2_000):
        damaged = bytearray(plain)
        for _ in range(noise.randrange(1, 4)):
            damaged[noise.randrange(40, len(damaged))] = noise.randrange(256)
        try:
            read = IntervalHistogram.decode(packed(bytes(damaged)))
        except HistogramFormatError:
            continue
        assert read.total == read.counts.sum() >= 0


@given(st.lists(st.lists(st.integers(0, HIGHEST_NS), max_size=30), max_size=6))
@example([[5, 9]] * 60)
def test_several_at_once_are_the_sum_of_each(values: list[list[int]]) -> None:
    parts = [IntervalHistogram.of(array("q", each)) for each in values]
    whole = Histogram.of_intervals(parts)
    together = Histogram.of_encoded([part.encode() for part in parts], whole.moments)
    assert together.encode() == whole.encode()
    assert together.percentiles((0.0, 0.5, 0.99)) == whole.percentiles((0.0, 0.5, 0.99))


@pytest.mark.parametrize(
    "bad",
    [
        *(blob for blob, _ in HOSTILE.values() if isinstance(blob, bytes)),
        packed(header(bytes([0x81] * 9 + [0x00]))),
    ],
)
def test_what_one_alone_refuses_several_refuse_in_the_same_words(bad: bytes) -> None:
    good = IntervalHistogram.of(array("q", [5])).encode()
    with pytest.raises(HistogramFormatError) as alone:
        decode(bad)
    with pytest.raises(HistogramFormatError) as among_others:
        decode_sum([good, bad, good])
    assert str(among_others.value) == str(alone.value)


def test_empty_buckets_behind_the_last_value_are_read_to_the_end_of_the_histogram() -> None:
    one_value, skips_all, skips_more = b"\x02", skipping(SIZE), skipping(SIZE + 1)
    for plain, total in ((skips_all, 0), (one_value + skipping(SIZE - 1), 1)):
        blob = packed(header(plain))
        assert int(decode(blob)[1].sum()) == int(decode_sum([blob]).sum()) == total
    for plain in (skips_more, one_value + skips_all):
        with pytest.raises(HistogramFormatError):
            decode(packed(header(plain)))
        with pytest.raises(HistogramFormatError):
            decode_sum([packed(header(plain))])


def skipping(buckets: int) -> bytes:
    """The number that stands for this number of empty buckets."""
    folded = 2 * buckets - 1
    octets = []
    while folded >= 0x80:
        octets.append(folded & 0x7F | 0x80)
        folded >>= 7
    return bytes([*octets, folded])


@pytest.mark.parametrize(
    ("blob", "reason"),
    [
        (struct.pack(">II", 0x1C849314, 0), "8 bytes"),
        (b"\0" * MAX_BLOB_BYTES, "no HdrHistogram"),
        (b"\0" * (MAX_BLOB_BYTES + 1), "bytes"),
        ("A" * (4 * (MAX_BLOB_BYTES // 3 + 1)), "bytes"),
        ("A" * (4 * (MAX_BLOB_BYTES // 3 + 2)), "characters"),
        (packed(header(b"\0" * (9 * SIZE))), "more than 33,792 counts"),
        (packed(header(b"\0" * (9 * SIZE + 1))), "unpacks to more"),
        (packed(header(b"")[:-1]), "39 bytes, shorter than its header"),
        (packed(header(b"\0" * (SIZE + 1))), "more than 33,792 counts"),
        (packed(header(b"", cookie=0x1C849314)), "does not fit it"),
        (packed(header(b"", lowest=2)), "expected 1 to"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_the_least_that_is_too_much_is_refused(blob: bytes | str, reason: str) -> None:
    with pytest.raises(HistogramFormatError, match=rf"\b{reason}"):
        IntervalHistogram.decode(blob)
    if isinstance(blob, bytes):
        with pytest.raises(HistogramFormatError, match=rf"\b{reason}"):
            decode_sum([blob])


MOST = 1 << 53


@pytest.mark.parametrize(
    "counts",
    [
        {},
        {0: 1},
        {SIZE - 1: 1},
        {0: MOST},
        {SIZE - 1: MOST},
        {7: MOST // 2, 8: MOST // 2},
        dict.fromkeys(range(SIZE), 1),
        {at: 1 << shift for at, shift in enumerate((5, 6, 12, 13, 19, 20, 26, 27, 33, 34, 40, 41))},
    ],
    ids=["none", "first", "last", "most", "most in the last", "two", "all", "each length"],
)
def test_the_most_that_a_run_can_have_is_read(counts: dict[int, int]) -> None:
    indices, numbers = np.array([*counts], np.int64), np.array([*counts.values()], np.int64)
    (blob,) = encode_each([(indices, numbers)])
    found = decode(blob)
    assert dict(zip(*(part.tolist() for part in found), strict=True)) == counts
    for parts in ([blob], [*encode_each([(indices[:0], numbers[:0])] * 30), blob]):
        together = decode_sum(parts)
        assert together.dtype == np.dtype(np.int64)
        assert {at: int(together[at]) for at in together.nonzero()[0].tolist()} == counts


def test_one_value_more_than_a_run_can_have_is_refused() -> None:
    over, half = np.array([MOST + 1]), np.array([MOST // 2 + 1])
    for parts in ([(np.array([3]), over)], [(np.array([3]), half), (np.array([3]), half)]):
        with pytest.raises(HistogramFormatError, match="no run can have made"):
            decode_sum(encode_each(parts))
    with pytest.raises(HistogramFormatError, match="no run can have made"):
        decode(encode_each([(np.array([3]), over)])[0])
    with pytest.raises(HistogramFormatError, match="no run can have made"):
        decode(encode_each([(np.array([3, 4]), np.append(half, half))])[0])
