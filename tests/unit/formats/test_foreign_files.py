"""Files of other programs, as those write them: HdrHistogram's old logs, hyperfine and k6."""

from __future__ import annotations

import base64
import json
import math
import statistics
import struct
import zlib
from typing import Any

import numpy as np
import pytest

from cortex_tui.formats.checks import count_of, ns_of
from cortex_tui.formats.hdr_payload import read_payload
from cortex_tui.formats.importing import counted
from cortex_tui.formats.port import FormatError, Origin
from cortex_tui.formats.registry import read_file
from cortex_tui.results.stored import from_stored
from cortex_tui.stats.moments import Moments
from cortex_tui.store.records import RunRecord, StoredSession


def payload(version: int, counts: list[int], *, word: int = 2, digits: int = 2) -> str:
    """A histogram from 1 to 1,000,000, as the Java library of that version encodes it."""
    if version == 2:
        body = b""
        for count in counts:
            value = count << 1
            while value >= 0x80:
                body += bytes([value & 0x7F | 0x80])
                value >>= 7
            body += bytes([value])
        word = 1
    else:
        body = b"".join(count.to_bytes(word, "big") for count in counts)
    inner, outer = {0: (0x1C849308, 0x1C849309), 1: (0x1C849301, 0x1C849302),
                    2: (0x1C849303, 0x1C849304)}[version]  # fmt: skip
    if version == 0:
        header = struct.pack(">IIqqq", inner | word << 4, digits, 1, 1_000_000, sum(counts))
    else:
        sizes = (len(body), 0, digits, 1, 1_000_000, 1.0)
        header = struct.pack(">IIiiqqd", inner | word << 4, *sizes)
    packed = zlib.compress(header + body)
    return base64.b64encode(struct.pack(">II", outer | word << 4, len(packed)) + packed).decode()


@pytest.mark.parametrize(
    ("version", "word"), [(0, 2), (0, 4), (0, 8), (1, 2), (1, 4), (1, 8), (2, 1)]
)
def test_each_version_of_a_histogram_is_read(version: int, word: int) -> None:
    found = read_payload(payload(version, [0, 3, 0, 0, 200, *[0] * 300, 1], word=word))
    # 2 digits: 256 buckets of one, then 128 of two from 256 on.
    assert found.values.tolist() == [1, 4, 256 + 2 * (305 - 256)]
    assert found.counts.tolist() == [3, 200, 1]


def log(*lines: str) -> bytes:
    return "\n".join(("#[Histogram log format version 1.3]", *lines)).encode()


def test_starts_are_relative_to_start_time_or_moments_themselves() -> None:
    one = payload(2, [0, 5])
    relative = read_file(log("#[StartTime: 1441812279.474 (s)]", f"0.5,1.0,1.0,{one}"), Origin("l"))
    assert relative.session.started_at == "2015-09-09T15:24:39.974Z"
    absolute = read_file(
        log("#[StartTime: 1441812279.474 (s)]", f"1441812280.0,1.0,1.0,{one}"), Origin("l")
    )
    assert absolute.session.started_at == "2015-09-09T15:24:40.000Z"
    based = read_file(
        log("#[StartTime: 1.0 (s)]", "#[BaseTime: 1441812000 (s)]", f"0,1.0,1.0,{one}"), Origin("l")
    )
    assert based.session.started_at == "2015-09-09T15:20:00.000Z"


def test_tags_are_runs_and_units_are_asked_for() -> None:
    one, two = payload(2, [0, 5]), payload(1, [0, 0, 7])
    data = log(
        "#[StartTime: 0.0 (s)]",
        f"0.000,1.000,0.001,{one}",
        f"Tag=write,0.000,1.000,0.001,{two}",
        f"Tag=write 1.007 0.993 0.001 {two}",
    )
    found = from_stored(read_file(data, Origin("ycsb.hlog", 1_000)))
    assert {run.profile.full_name: run.operations for run in found.runs} == {
        "ycsb.ycsb": 5, "ycsb.write": 14,
    }  # fmt: skip
    assert found.runs[1].max_ns == 2_000


def hyperfine(**changes: Any) -> StoredSession:
    row: dict[str, Any] = {
        "command": "sleep 0.1", "mean": 0.1, "stddev": None, "median": 0.1, "user": 0.0,
        "system": 0.0, "min": 0.1, "max": 0.1, "times": [0.1, 0.11, 0.12], "exit_codes": [0, 0, 1],
        "parameters": {"delay": "0.1"},
    }  # fmt: skip
    return read_file(json.dumps({"results": [row | changes]}).encode(), Origin("sleep.json"))


def test_hyperfine_s_times_are_operations_one_after_the_other() -> None:
    (run,) = hyperfine().runs
    assert run.profile.full_name == "sleep.sleep 0.1"
    assert (run.service.count, run.service.max_ns) == (3, 120_000_000)
    assert run.profile.params == {"delay": "0.1"}
    assert run.measured_ns == 330_000_000
    assert "1 of 3 runs" in run.warnings[0]


def test_hyperfine_without_times_keeps_its_summary() -> None:
    (run,) = hyperfine(times=None, exit_codes=[0]).runs
    assert run.statistics["p50"] == 1e8
    assert run.warnings == ("no samples: the file holds only the summary "
                            "(median 100ms, mean 100ms, max 100ms)",)  # fmt: skip


TREND = {"avg": 120.5, "min": 90, "med": 118.0, "max": 300, "p(90)": 150, "p(95)": 170}


def only_run(document: Any, name: str = "k6.json") -> RunRecord:
    stored = read_file(json.dumps(document).encode(), Origin(name))
    return next(run for run in stored.runs if run.profile.name == "http_req_duration")


def test_k6_s_summary_is_read_in_three_shapes() -> None:
    full = {
        "root_group": {}, "state": {"testRunDurationMs": 1000.0},
        "metrics": {
            "http_req_duration": {"type": "trend", "contains": "time", "values": TREND,
                                  "thresholds": {"p(95)<160": {"ok": False}}},
            "http_reqs": {"type": "counter", "contains": "default",
                          "values": {"count": 500, "rate": 50.5}},
            "data_sent": {"type": "counter", "contains": "data", "values": {"count": 1}},
        },
    }  # fmt: skip
    flat = {
        "metrics": {
            "http_req_duration": {**TREND, "thresholds": {"p(95)<160": True}},
            "http_reqs": {"count": 500, "rate": 50.5},
        }
    }
    rows = [
        {"name": "http_req_duration", "type": "trend", "contains": "time", "values": TREND},
        {"name": "http_reqs", "type": "counter", "contains": "default",
         "values": {"count": 500, "rate": 50.5}},
    ]  # fmt: skip
    modern = {"version": "1.0.0", "config": {}, "results": {"metrics": rows},
              "metadata": {"generatedAt": "2026-01-02T03:04:05Z"}}  # fmt: skip
    for document in (full, flat, modern):
        run = only_run(document)
        assert run.statistics == {
            "p50": 118e6, "mean": 120.5e6, "max": 300e6, "p90": 150e6, "p95": 170e6,
            "throughput": 50.5,
        }  # fmt: skip
        assert run.warnings[0].startswith("no samples")
    for document in (full, flat):
        assert only_run(document).warnings[1] == "threshold p(95)<160: crossed"


def test_k6_s_points_are_values() -> None:
    lines = ['{"type":"Metric","data":{"type":"trend"},"metric":"http_req_duration"}']
    for at in range(50):
        moment = f"2026-01-02T03:04:{at:02}.5Z"
        point = {"time": moment, "value": at + 0.5, "tags": {}}
        lines.append(json.dumps({"type": "Point", "metric": "http_req_duration", "data": point}))
    stored = read_file("\n".join(lines).encode(), Origin("points.json"))
    (run,) = stored.runs
    assert (run.service.count, run.service.max_ns) == (50, 49_500_000)
    assert stored.session.started_at == "2026-01-02T03:04:00.500Z"


Points = list[tuple[str, float, dict[str, str]]]
"""Metric, value and tags of each."""


def k6_points(*points: tuple[str, float, dict[str, str]]) -> bytes:
    """A point a second."""
    lines = [
        {"type": "Point", "metric": metric,
         "data": {"time": f"2026-01-02T03:04:{at:02}Z", "value": value, "tags": tags}}
        for at, (metric, value, tags) in enumerate(points)
    ]  # fmt: skip
    return b"\n".join(json.dumps(line, separators=(",", ":")).encode() for line in lines)


def errors_of(data: bytes) -> tuple[int, dict[str, int], int]:
    """Of the first run of a file: operations, errors by kind, and times of failures."""
    session = read_file(data, Origin("k6.json"), "k6")
    (run, *_) = from_stored(session).runs
    return run.operations, run.errors, session.runs[0].failure.count


REQUEST = "http_req_duration"


@pytest.mark.parametrize(
    ("metric", "tags", "error"),
    [
        (REQUEST, {"status": "200", "expected_response": "true"}, ""),
        (REQUEST, {"status": "404", "expected_response": "true", "error_code": "1404"}, ""),
        (REQUEST, {"status": "200", "expected_response": "false"}, "HTTP status 200"),
        (REQUEST, {"status": "500", "expected_response": "false"}, "HTTP status 500"),
        (
            REQUEST,
            {"status": "0", "expected_response": "false", "error_code": "1050"},
            "k6 error 1050",
        ),
        (REQUEST, {"expected_response": "false"}, "failed"),
        (REQUEST, {"status": "x" * 500, "expected_response": "false"}, "failed"),
        (REQUEST, {"status": "302"}, ""),
        (REQUEST, {"status": "500"}, "HTTP status 500"),
        (REQUEST, {"status": "0", "error_code": "1211"}, "k6 error 1211"),
        (REQUEST, {}, ""),
        ("grpc_req_duration", {"status": "0"}, ""),
        ("grpc_req_duration", {"status": "14"}, "gRPC status 14"),
        ("ws_session_duration", {"status": "101"}, ""),
        ("ws_session_duration", {"status": "403"}, "WebSocket status 403"),
        ("iteration_duration", {"status": "500"}, ""),
    ],
)
def test_k6_s_requests_that_failed_are_errors(
    metric: str, tags: dict[str, str], error: str
) -> None:
    ended = {"grpc_req_duration": "0", "ws_session_duration": "101"}.get(metric, "200")
    data = k6_points((metric, 10.0, {"status": ended}), (metric, 1.0, tags))
    assert errors_of(data) == ((1, {error: 1}, 1) if error else (2, {}, 0))


def test_what_k6_counts_and_does_not_say_of_which_point_is_a_note() -> None:
    points: Points = [(REQUEST, 1.0, {}), (REQUEST, 1.0, {"status": "500"}), (REQUEST, 1.0, {})]
    counts: Points = [("http_req_failed", 1.0, {}), ("http_req_failed", 1.0, {}),
              ("http_req_failed", 0.0, {}), ("dropped_iterations", 7.0, {})]  # fmt: skip
    (run,) = read_file(k6_points(*points, *counts), Origin("k6.json")).runs
    assert run.errors == {"HTTP status 500": 1}
    assert run.warnings[0].startswith("1 more requests failed: the points do not say which")
    assert run.warnings[1] == "k6 dropped 7 iterations: it could not start them in time"


@pytest.mark.parametrize("values", [
    {"rate": 0.25, "passes": 3, "fails": 9}, {"value": 0.25, "passes": 3, "fails": 9},
    {"matches": 3, "rate": 0.25, "total": 12},
])  # fmt: skip
def test_a_summary_of_k6_says_how_many_requests_failed(values: dict[str, float]) -> None:
    metrics = {
        "http_req_duration": {"type": "trend", "contains": "time", "values": TREND},
        "http_req_failed": {"type": "rate", "contains": "default", "values": values},
        "dropped_iterations": {"type": "counter", "contains": "default", "values": {"count": 7}},
    }
    rows = [{"name": name, **row} for name, row in metrics.items()]
    flat = {name: row["values"] for name, row in metrics.items()}
    for document in ({"metrics": metrics}, {"metrics": flat}, {"results": {"metrics": rows}}):
        assert only_run(document).warnings[1:] == (
            "3 of 12 requests failed; their times are among the others",
            "k6 dropped 7 iterations: it could not start them in time",
        )


@pytest.mark.parametrize(
    ("version", "word"), [(0, 3), (1, 0), (1, 16)]
)  # fmt: skip
def test_counts_of_other_widths_are_refused(version: int, word: int) -> None:
    with pytest.raises(FormatError):
        read_payload(payload(version, [], word=word))


def packed(plain: bytes, *, outer: int = 0x1C849304, cut: int = 0, more: int = 0) -> str:
    """A compressed histogram of any content, whose end is cut, or whose header promises more."""
    compressed = zlib.compress(plain)[: -cut or None]
    header = struct.pack(">II", outer, len(compressed) + more)
    return base64.b64encode(header + compressed).decode()


def plain(body: bytes = b"\2", **fields: Any) -> bytes:
    """An unpacked V2 histogram with one value in its first bucket."""
    given = {"cookie": 0x1C849303, "size": len(body), "offset": 0, "digits": 2, "lowest": 1}
    given |= fields
    return struct.pack(">IIiiqqd", *given.values(), 1_000_000, 1.0) + body


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A" * (4 * 1024 * 1024 + 1), "of 4,194,305 characters: at most 4,194,304 are read"),
        ("no base64!", "a histogram that is not base64"),
        ("AAAA", "a histogram that is cut short"),
        (base64.b64encode(b"\0" * 9).decode(), "no compressed HdrHistogram: it begins with 0x0"),
        (packed(plain(), more=1), "a histogram that is cut short"),
        (packed(plain(), cut=3), "a histogram that is cut short, or unpacks to more than"),
        (
            base64.b64encode(struct.pack(">II", 0x1C849304, 4) + b"zzzz").decode(),
            "a histogram that cannot be unpacked",
        ),
        (packed(b"\0" * (8 * 1024 * 1024 + 1)), "unpacks to more than 8,388,608 bytes"),
        (packed(b"\0" * 39), "a histogram that is shorter than its header"),
        (packed(plain(size=2)), "a histogram that is cut short"),
        (packed(plain(cookie=0x1C849301)), "a histogram whose two headers do not fit"),
        (packed(plain(digits=6)), "a histogram with 6 digits from 1, shifted by 0"),
        (packed(plain(digits=-1)), "a histogram with -1 digits from 1, shifted by 0"),
        (packed(plain(lowest=0)), "a histogram with 2 digits from 0, shifted by 0"),
        (packed(plain(lowest=1 << 62)), f"with 2 digits from {1 << 62}, shifted by 0"),
        (packed(plain(offset=1)), "a histogram with 2 digits from 1, shifted by 1"),
        (packed(plain(b"\x80")), "a histogram with counts that are cut short"),
        (
            # A step over 2^52 buckets, with one behind them.
            packed(plain(b"\xff" * 7 + b"\x3f\2")),
            "a histogram with more buckets than there can be",
        ),
        (
            payload(1, [(1 << 16) - 1]),
            "a histogram with negative counts",
        ),
        (packed(plain(lowest=1 << 60)), "a histogram with values beyond 2"),
    ],
)
def test_a_histogram_that_is_none_is_refused_with_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(FormatError) as raised:
        read_payload(text)
    assert message in str(raised.value)


def test_a_histogram_without_values_has_no_buckets() -> None:
    for text in (packed(plain(b"")), payload(2, [0, 0]), payload(1, [0, 0])):
        found = read_payload(text)
        assert (found.values.tolist(), found.counts.tolist()) == ([], [])


def test_buckets_are_counted_from_the_lowest_value_on() -> None:
    # In steps of 1,024 ns: the second bucket's middle.
    assert read_payload(packed(plain(b"\0\2", lowest=1_500))).values.tolist() == [1_024 + 511]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("5", "it: expected a number, got '5'"),
        (True, "it: expected a number, got True"),
        (None, "it: expected a number, got None"),
        (math.nan, "it: expected a finite number, got nan"),
        (math.inf, "it: expected a finite number, got inf"),
        (-0.5, "it: expected a time, got -0.5"),
        (1e300, "it: expected a time, got 1e+300"),
    ],
)
def test_what_is_no_time_is_refused(value: Any, message: str) -> None:
    with pytest.raises(FormatError) as raised:
        ns_of(value, 1e9, "it")
    assert str(raised.value) == message


def test_a_time_is_in_nanoseconds() -> None:
    assert [ns_of(value, 1e6, "it") for value in (0, 1, 2.5)] == [0, 1e6, 2.5e6]


@pytest.mark.parametrize("value", ["5", True, -1, 2.5, (1 << 53) + 1, None])
def test_what_is_no_count_is_refused(value: Any) -> None:
    with pytest.raises(FormatError, match="it: expected a count, got"):
        count_of(value, "it")


def test_a_count_may_be_written_as_a_float() -> None:
    assert [count_of(value, "it") for value in (0, 7, 7.0, 1 << 53)] == [0, 7, 7, 1 << 53]


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def test_buckets_of_another_histogram_are_counted_in_ours() -> None:
    found = counted(ints(5, 7, 9), ints(2, 0, 1), unit_ns=1_000)
    values = [5_000, 5_000, 9_000]
    assert found.counts.tolist() == [2, 1]
    moments = found.moments
    assert (moments.count, moments.min_ns, moments.max_ns) == (3, 5_000, 9_000)
    assert moments.mean_ns == pytest.approx(statistics.fmean(values))
    assert moments.stddev_ns == pytest.approx(statistics.stdev(values))
    assert counted(ints(), ints()).moments == counted(ints(1), ints(0)).moments == Moments()


def test_what_is_longer_than_an_hour_is_overflow() -> None:
    hour_ms = 3_600_000
    some = counted(ints(hour_ms, hour_ms + 1), ints(2, 3), unit_ns=1_000_000)
    assert (some.total, some.overflow) == (2, 3)
    assert some.moments.max_ns == (hour_ms + 1) * 1_000_000
    only = counted(ints(hour_ms + 1, hour_ms + 2), ints(2, 3), unit_ns=1_000_000)
    assert (only.total, only.overflow, only.size) == (0, 5, 0)
    assert (only.moments.min_ns, only.moments.max_ns) == (
        (hour_ms + 1) * 1_000_000,
        (hour_ms + 2) * 1_000_000,
    )


@pytest.mark.parametrize(
    ("values", "counts", "message"),
    [
        (ints(1, 2), ints(1, -1), "negative times or counts"),
        (ints(-1, 2), ints(1, 1), "negative times or counts"),
        (ints(1, 2), ints(1 << 53, 1 << 53), "counts that no run can have made"),
    ],
)
def test_buckets_that_no_run_can_have_made_are_refused(
    values: np.ndarray, counts: np.ndarray, message: str
) -> None:
    with pytest.raises(FormatError, match=message):
        counted(values, counts)
