"""Files that are cut, changed or made to do harm: one clear error, in bounded time and memory."""

from __future__ import annotations

import base64
import json
import re
import resource
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cortex_tui.formats.port import FormatError, Origin
from cortex_tui.formats.registry import FORMATS, read_file
from cortex_tui.limits import MAX_IMPORT_BYTES
from cortex_tui.report.summary import summary
from cortex_tui.results.stored import from_stored
from cortex_tui.stats.interval_histogram import IntervalHistogram
from tests.unit.formats.recordings import recording, run

READ = [name for name, each in FORMATS.items() if each.read]
quick = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def k6(**values: Any) -> bytes:
    trend = {"avg": 1, "med": 1, "max": 2, **values}
    metric = {"type": "trend", "contains": "time", "values": trend}
    return json.dumps({"metrics": {"http_req_duration": metric}}).encode()


def sample(name: str) -> bytes:
    """A whole file of the format, as small as one can be."""
    if name == "k6":
        return k6()
    if name == "hyperfine":
        return json.dumps({"results": [{"command": "a", "times": [0.1, 0.2]}]}).encode()
    write = FORMATS[name].write
    assert write is not None
    return write(_SMALL)


def _small() -> Any:
    whole = recording(run())
    return whole._replace(intervals=whole.intervals[:2])


_SMALL = _small()
SAMPLES = {name: sample(name) for name in READ}


def refused_or_read(name: str, data: bytes) -> None:
    """A session that can be shown, or one line of why not."""
    try:
        stored = read_file(data, Origin("x"), name)
        msgspec.json.encode(stored)  # as the store does
        summary(from_stored(stored).view())
    except FormatError as error:
        text = str(error)
    else:
        return
    assert "\n" not in text
    assert len(text) < 700


@pytest.mark.parametrize("name", READ)
def test_a_file_that_is_cut_anywhere(name: str) -> None:
    data = SAMPLES[name]
    for end in range(0, len(data), max(1, len(data) // 120)):
        refused_or_read(name, data[:end])


@quick
@given(st.sampled_from(READ), st.data())
def test_a_file_with_other_bytes_in_it(name: str, data: st.DataObject) -> None:
    changed = bytearray(SAMPLES[name])
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(changed) - 1))
        end = at + data.draw(st.integers(0, 8))
        changed[at:end] = data.draw(st.binary(max_size=8))
    refused_or_read(name, bytes(changed))


@quick
@given(st.sampled_from(READ), st.binary(max_size=200))
def test_a_file_of_anything(name: str, data: bytes) -> None:
    refused_or_read(name, data)


ODD: list[Any] = [
    None, True, -1, 0, 1 << 63, 1 << 64, 10**400, -0.0, 1e308, 0.5, "", "x", "NaN", [], {}, [None],
    "\u202e\x1b[31m", {"a": {"a": {}}},
]  # fmt: skip


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of everything in plain data."""
    inside = value.items() if isinstance(value, dict) else enumerate(
        value) if isinstance(value, list) else ()  # fmt: skip
    return [path, *(found for key, item in inside for found in leaves(item, (*path, key)))]


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = put(copy[path[0]], path[1:], new)
    return copy


@quick
@given(st.sampled_from(["session-json", "pytest-benchmark", "hyperfine", "k6", "jsonl"]), st.data())
def test_a_document_with_an_odd_value_in_one_place(name: str, data: st.DataObject) -> None:
    text = SAMPLES[name].splitlines()[0] if name == "jsonl" else SAMPLES[name]
    document = json.loads(text)
    path = data.draw(st.sampled_from(leaves(document)))
    changed = put(document, path, data.draw(st.sampled_from(ODD)))
    refused_or_read(name, json.dumps(changed).encode())


@pytest.mark.parametrize("key", ["round", "batch", "overflow", "workers"])
def test_numbers_that_nothing_can_count_to_are_refused(key: str) -> None:
    text = re.sub(rf'"{key}": \d+', f'"{key}": {10**400}', SAMPLES["session-json"].decode())
    assert str(10**400) in text
    with pytest.raises(FormatError):
        read_file(text.encode(), Origin("x"), "session-json")


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "1e999", "-1"])
@pytest.mark.parametrize("name", ["pytest-benchmark", "hyperfine", "k6"])
def test_a_time_that_is_none_is_refused(name: str, literal: str) -> None:
    key = {"pytest-benchmark": '"median": ', "hyperfine": '"times": [', "k6": '"avg": '}[name]
    text = SAMPLES[name].decode()
    before, _, after = text.partition(key)
    rest = after[after.index(",") :]
    with pytest.raises(FormatError):
        read_file(f"{before}{key}{literal}{rest}".encode(), Origin("x"), name)


def log(payload: str, start: str = "0.0", tag: str = "") -> bytes:
    return f"{tag}{start},1.0,1.0,{payload}\n".encode()


def v2(body: bytes, *, digits: int = 3, lowest: int = 1, length: int | None = None) -> str:
    size = len(body) if length is None else length
    header = struct.pack(">IIiiqqd", 0x1C849313, size, 0, digits, lowest, 1 << 62, 1.0)
    packed = zlib.compress(header + body, 9)
    return base64.b64encode(struct.pack(">II", 0x1C849314, len(packed)) + packed).decode()


@pytest.mark.parametrize(
    "payload",
    [
        v2(b"\xff" * 8 + b"\x7f"),
        v2(b"\xfe" + b"\xff" * 7 + b"\xff"),  # a count of 2^62
        v2(b"\xff\xff\xff\xff\x7f\x02"),  # skips two thousand million buckets
        v2(b"\x02", digits=99),
        v2(b"\x02", lowest=0),
        v2(b"\x02", lowest=-5),
        v2(b"\x02", length=1_000_000),
        v2(b"\x82"),
        base64.b64encode(struct.pack(">II", 0x1C849314, 0xFFFFFFFF) + b"x").decode(),
        "HISTFAAAA",
        "////",
        "A" * 5_000_000,
    ],
)
def test_histograms_that_lie_about_themselves(payload: str) -> None:
    with pytest.raises(FormatError):
        read_file(log(payload), Origin("x.hlog"))


def test_a_histogram_that_unpacks_to_300_mb() -> None:
    with pytest.raises(FormatError):
        read_file(log(v2(bytes(300_000_000))), Origin("x.hlog"))


@pytest.mark.parametrize("start", ["nan", "1e300", "-1", "1" * 400, "0x1", "1e99999"])
def test_moments_that_are_none(start: str) -> None:
    with pytest.raises(FormatError, match="line 1"):
        read_file(log(v2(b"\x02"), start), Origin("x.hlog"))


def test_tags_of_any_kind_are_names() -> None:
    good = v2(b"\x02")
    tags = ["a" * 900, "%00%1b[31m", "%E2%80%AE", ":", "#9", "@", "x#0:service", "..", ".", "x.:y"]
    data = b"".join(log(good, "0.0", f"Tag={tag},") for tag in tags)
    found = from_stored(read_file(data, Origin("x.hlog")))
    assert len(found.runs) == len(tags)
    for each in found.runs:
        assert len(each.profile.full_name) < 700
        assert each.profile.full_name.isprintable()
    with pytest.raises(FormatError, match="line 1"):
        read_file(log(good, "0.0", f"Tag={'a' * 2_000},"), Origin("x.hlog"))


def test_a_thousand_runs_are_read_and_more_than_can_be_are_refused() -> None:
    good = v2(b"\x02")
    many = b"".join(log(good, "0.0", f"Tag=t{at},") for at in range(1_000))
    assert len(read_file(many, Origin("x.hlog")).runs) == 1_000
    more = b"".join(log(good, "0.0", f"Tag=t{at},") for at in range(10_001))
    with pytest.raises(FormatError, match="10,000"):
        read_file(more, Origin("x.hlog"))


def test_a_longer_file_than_any_is_not_read() -> None:
    with pytest.raises(FormatError, match="bytes: at most"):
        read_file(bytes(MAX_IMPORT_BYTES + 1), Origin("x.json"))


def test_many_wide_histograms_stay_within_bounds(tmp_path: Path) -> None:
    """A file of 3 MB whose histograms would take 6 GB unpacked; the memory is the process's."""
    wide = v2(b"\x02" * 33_000)
    file = tmp_path / "wide.hlog"
    file.write_bytes(b"".join(log(wide, f"{at}.0", f"Tag=t{at},") for at in range(12_000)))
    code = (
        "import sys, pathlib; from cortex_tui.formats.registry import read_file;"
        "from cortex_tui.formats.port import FormatError, Origin\n"
        "try:\n    read_file(pathlib.Path(sys.argv[1]).read_bytes(), Origin('wide.hlog'))\n"
        "except FormatError as error:\n    print(error)"
    )

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))

    done = subprocess.run(
        [sys.executable, "-c", code, str(file)], capture_output=True, text=True, preexec_fn=bounded
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "more than" in done.stdout


@pytest.mark.parametrize(
    "line",
    [
        "profile,time,start_ns,length_ns,histogram\na,service,0,1",
        'profile,time,start_ns,length_ns,histogram\n"a,service',
        "profile,time\na,service",
        f"profile,time,start_ns,length_ns,histogram\na,other,0,1,{IntervalHistogram.of(b'')!r}",
        f"profile,time,start_ns,length_ns,histogram\na,service,0,{1 << 70},HISTF",
    ],
)
def test_rows_that_are_none(line: str) -> None:
    with pytest.raises(FormatError, match=r"^line \d"):
        read_file(line.encode(), Origin("x.csv"))


@pytest.mark.parametrize(
    "load", [{"model": "sideways"}, {"model": "closed", "workers": "many"}, {}, 7, None]
)
def test_a_session_with_a_load_that_there_is_not_is_refused_by_name(load: Any) -> None:
    document = json.loads(SAMPLES["session-json"])
    document["runs"][0]["load"] = load
    with pytest.raises(FormatError, match=r"^suite\.steady: load: |`\$\.runs\[0\]\.load`"):
        read_file(json.dumps(document).encode(), Origin("x.json"), "session-json")


@pytest.mark.parametrize("data", [b"", b"nothing that is known", bytes(range(256))])
def test_a_file_that_looks_like_no_format_is_refused_with_those_to_choose_from(data: bytes) -> None:
    with pytest.raises(FormatError, match="in none of the formats") as refused:
        read_file(data, Origin("a.file"))
    assert all(name in str(refused.value) for name in READ)
