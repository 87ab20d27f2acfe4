"""The files of this and of other programs that are imported, and the histograms in them."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from collections.abc import Callable, Sequence
from functools import cache, partial

import msgspec

from cortex_tui.formats.hdr_payload import read_payload
from cortex_tui.formats.port import FormatError, Origin
from cortex_tui.formats.registry import FORMATS, read_file
from cortex_tui.report.summary import summary
from cortex_tui.results.stored import from_stored
from cortex_tui.stats.codec import HistogramFormatError
from cortex_tui.stats.interval_histogram import IntervalHistogram
from tests.fuzz.target import Target, harmless
from tests.unit.formats.recordings import recording, run, values

_READ = [name for name, each in FORMATS.items() if each.read]
_WORDS = (
    b"suite.steady#2:service", b":response", b"@v", b"#9", b"Tag=", b"HISTF", b"NaN", b"1e999",
    b"2026-03-31T18:00:00Z", b"0001-01-01T00:00:00+23:59", b"9999-12-31T23:59:59-23:59",
)  # fmt: skip
_K6_POINTS = b"".join(
    json.dumps(
        {"type": "Point", "metric": "http_req_duration", "data": {
            "time": f"2026-03-31T18:00:{second:02}.5Z", "value": 1.5, "tags": {"a": "b"}}},
        separators=(",", ":"),
    ).encode() + b"\n"
    for second in range(4)
)  # fmt: skip
_OTHERS: dict[str, tuple[bytes, ...]] = {
    "k6": (
        b'{"metrics": {"http_req_duration": {"type": "trend", "contains": "time", "values": '
        b'{"avg": 1, "med": 1, "max": 2, "p(95)": 2}, "thresholds": {"p(95)<200": {"ok": true}}}, '
        b'"http_reqs": {"values": {"rate": 10.5, "count": 3}}}}',
        _K6_POINTS,
    ),
    "hyperfine": (
        b'{"results": [{"command": "a", "times": [0.1, 0.2], "exit_codes": [0, 1], '
        b'"parameters": {"n": "1"}, "mean": 0.15, "median": 0.15, "max": 0.2}]}',
    ),
    "pytest-benchmark": (
        b'{"benchmarks": [{"name": "test_a", "fullname": "t.py::test_a", "group": null, "params": '
        b'{"n": 1}, "stats": {"min": 1e-6, "max": 2e-6, "mean": 1.5e-6, "median": 1.5e-6, "rounds":'
        b' 2, "iterations": 3, "data": [1e-6, 2e-6]}, "extra_info": {}}], "datetime": '
        b'"2026-03-31T18:00:00", "machine_info": {"node": "x", "python_version": "3.11"}}',
    ),
}


@cache
def _seeds(name: str) -> Sequence[bytes]:
    write = FORMATS[name].write
    own: list[bytes] = []
    if write is not None:
        small = recording(run())
        own.append(write(small._replace(intervals=small.intervals[:2])))
        if name != "session-json":  # one run of it is long enough
            several = recording(run("a", scheduled=True), run("b", round_=2))
            own.append(write(several._replace(intervals=several.intervals[:3])))
    return [*_OTHERS.get(name, ()), *own]


def _file(name: str, data: bytes) -> None:
    """A session that can be kept, shown, and written and read again as our own document."""
    stored = read_file(data, Origin("x.y"), name)
    msgspec.json.encode(stored)
    result = from_stored(stored)
    harmless(summary(result.view()), lines=True)


def _recognised(data: bytes) -> None:
    _file("", data)


_HEADER = struct.Struct(">IIiiqqd")


def _payload(data: bytes) -> None:
    """What unpacks to these bytes: a header of HdrHistogram's V2, and its counts."""
    packed = zlib.compress(data, 1)
    text = base64.b64encode(struct.pack(">II", 0x1C849314, len(packed)) + packed).decode()
    found = read_payload(text)
    assert len(found.values) == len(found.counts)
    if found.values.size:
        assert int(found.values.min()) >= 0
        assert int(found.counts.min()) > 0


def _payload_seeds() -> list[bytes]:
    return [
        _HEADER.pack(cookie, len(body), 0, 3, 1, 1 << 40, 1.0) + body
        for cookie in (0x1C849313, 0x1C849301 | 0x10, 0x1C849301 | 0x40)
        for body in (b"\x02", b"\x03\x04\x06\x80\x01", b"\xff\x01\x02" * 20, bytes(range(64)))
    ]


def _histogram(data: bytes) -> None:
    """Our own histograms, out of a store or a document."""
    found = IntervalHistogram.decode(data)
    again = IntervalHistogram.decode(found.encode(), found.moments)
    assert again.total == found.total
    assert again.encode() == found.encode()


def _histogram_seeds() -> list[bytes]:
    return [IntervalHistogram.of(b"").encode(), values(1, 3).encode(), values(2).encode()]


def _repacked(data: bytes) -> None:
    """As `_histogram`, where what is packed was changed and not its package."""
    packed = zlib.compress(data, 1)
    _histogram(struct.pack(">II", 0x1C849314, len(packed)) + packed)


def _of_format(name: str, thousands: int) -> Target:
    run_it: Callable[[bytes], object] = partial(_file, name)
    is_json = name in ("session-json", "pytest-benchmark", "k6", "hyperfine", "jsonl")
    return Target(
        f"import-{name}", run_it, partial(_seeds, name), (FormatError,), _WORDS,
        "json" if is_json else "text", thousands,
    )  # fmt: skip


_THOUSANDS = {"session-json": 15, "k6": 40, "hyperfine": 40, "pytest-benchmark": 30}

TARGETS = (
    *(_of_format(name, _THOUSANDS.get(name, 20)) for name in _READ),
    Target(
        "import-recognised", _recognised, lambda: [_seeds(name)[0] for name in _READ],
        (FormatError,), _WORDS, thousands=15,
    ),
    Target(
        "hdr-payload", _payload, _payload_seeds, (FormatError,), shape="bytes", thousands=50,
        words=(b"\x1c\x84\x93\x13", b"\xff" * 8, b"\x80" * 8, b"\xfe" + b"\xff" * 8),
    ),
    Target(
        "histogram", _histogram, _histogram_seeds, (HistogramFormatError,), shape="bytes",
        thousands=20,
    ),
    Target(
        "histogram-unpacked", _repacked, _payload_seeds, (HistogramFormatError,), shape="bytes",
        thousands=40,
    ),
)  # fmt: skip
