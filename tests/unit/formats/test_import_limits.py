"""What a file of another program may hold at most, and what no run can have measured."""

from __future__ import annotations

import importlib
import json
from typing import Any

import msgspec
import numpy as np
import pytest

from cortex_tui.formats.importing import ImportedRun, session_of
from cortex_tui.formats.port import FormatError, Origin
from cortex_tui.formats.registry import FORMATS, read_file
from cortex_tui.store.records import StoredSession
from tests.unit.formats.recordings import recording, run, stored

NAMES = {
    "csv": "interval_rows",
    "jsonl": "interval_rows",
    "hlog": "hlog",
    "pytest-benchmark": "pytest_benchmark",
    "hyperfine": "hyperfine",
}
"""By format: the module whose limits it keeps."""


def written(format_: str) -> bytes:
    """Two runs of two profiles."""
    write = FORMATS[format_].write
    assert write is not None
    return write(recording(run("one"), run("two")))


def benchmark(**stats: Any) -> bytes:
    times = {"min": 0.1, "max": 0.2, "mean": 0.15, "median": 0.15, "data": [0.1, 0.2], **stats}
    return json.dumps({"benchmarks": [{"name": "a", "fullname": "a", "stats": times}]}).encode()


def points(*rows: dict[str, Any]) -> bytes:
    return b"\n".join(json.dumps(row, separators=(",", ":")).encode() for row in rows)


def point(time: str = "2026-01-02T03:04:05Z", **changes: Any) -> dict[str, Any]:
    data = {"time": time, "value": 1.5}
    return {"type": "Point", "metric": "http_req_duration", "data": data, **changes}


@pytest.mark.parametrize("format_", ["csv", "jsonl", "hlog"])
@pytest.mark.parametrize(
    ("limit", "refused"),
    [
        ("MAX_IMPORTED_RUNS", "more than 1 (runs|tags)"),
        ("MAX_IMPORTED_INTERVALS", "more than 1 (rows|intervals)"),
        ("MAX_IMPORTED_BUCKETS", "more than 1 occupied buckets"),
    ],
)
def test_more_than_can_be_kept_is_refused(
    format_: str, limit: str, refused: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = written(format_)
    module = importlib.import_module(f"cortex_tui.formats.{NAMES[format_]}")
    monkeypatch.setattr(module, limit, 1)
    with pytest.raises(FormatError, match=refused):
        read_file(data, Origin("x"), format_)


@pytest.mark.parametrize(
    ("format_", "data"),
    [
        ("pytest-benchmark", benchmark()),
        ("hyperfine", json.dumps({"results": [{"command": "a", "times": [0.1, 0.2]}]}).encode()),
    ],
)
def test_more_values_of_one_run_than_can_be_kept_are_refused(
    format_: str, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = importlib.import_module(f"cortex_tui.formats.{NAMES[format_]}")
    monkeypatch.setattr(module, "MAX_IMPORTED_VALUES", 1)
    with pytest.raises(FormatError, match=r"(at most 1 are read|more than 1 times)"):
        read_file(data, Origin("x"), format_)


def test_more_runs_than_a_session_can_have_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cortex_tui.formats.importing.MAX_IMPORTED_RUNS", 1)
    with pytest.raises(FormatError, match="2 runs: expected at most 1"):
        session_of(b"", [run("one"), run("two")], moment=None)


def test_a_run_with_more_facts_than_can_be_kept_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cortex_tui.formats.importing.MAX_RECORD_BYTES", 100)
    with pytest.raises(FormatError, match="bytes about one run: at most 100 are kept"):
        read_file(benchmark(), Origin("x"), "pytest-benchmark")


def test_a_format_that_is_only_written_is_not_read() -> None:
    with pytest.raises(FormatError, match="junit is only written, not read"):
        read_file(b"<testsuites/>", Origin("x.xml"), "junit")


def test_times_whose_sum_no_run_can_have_taken_are_refused() -> None:
    with pytest.raises(FormatError, match="times that no run can have had"):
        read_file(benchmark(data=[4e9, 4e9]), Origin("x"), "pytest-benchmark")
    imported = ImportedRun("suite", "name")
    with pytest.raises(FormatError, match="times that no run can have had"):
        imported.add_serial(np.array([-1], np.int64))


def test_a_run_that_lasted_longer_than_time_can_be_counted_is_refused() -> None:
    endless = run()
    endless.measured_ns = 1 << 63
    with pytest.raises(FormatError, match="times that no run can have had"):
        stored(endless)


def test_a_run_without_values_has_no_intervals() -> None:
    imported = ImportedRun("suite", "name")
    imported.add_serial(np.array([], np.int64))
    assert imported.measured_ns == 0
    assert not list(imported.series)


@pytest.mark.parametrize("row", [1, {}, {"name": "a", "stats": []}])
def test_a_benchmark_without_statistics_is_refused_with_its_number(row: Any) -> None:
    data = json.dumps({"benchmarks": [row]}).encode()
    with pytest.raises(FormatError, match="benchmark 1: expected an object with `stats`"):
        read_file(data, Origin("x"), "pytest-benchmark")


def test_a_log_whose_run_is_not_in_the_session_is_left_out() -> None:
    whole = recording(run("one"), run("two"))
    result = msgspec.structs.replace(whole.result, runs=whole.result.runs[:1])
    partly = whole._replace(result=result)
    for name in ("hlog", "csv", "jsonl"):
        write = FORMATS[name].write
        assert write is not None
        session = read_file(write(partly), Origin("x"), name)
        assert [each.profile.name for each in session.runs] == ["one"]


def test_an_interval_in_which_everything_failed_keeps_its_failures() -> None:
    failed = ImportedRun("suite", "steady")
    failed.add_errors(0, {"TimeoutError": 3})
    failed.measured_ns = failed.interval_ns
    write = FORMATS["csv"].write
    assert write is not None
    session = read_file(write(recording(failed)), Origin("x"), "csv")
    assert sum(sum(interval.errors.values()) for interval in session.intervals) == 3


def test_empty_lines_between_rows_are_passed_over() -> None:
    for name in ("csv", "jsonl"):
        lines = written(name).splitlines()
        spaced = b"\r\n".join(part for line in lines for part in (line, b"")) + b"\r\n"
        assert len(read_file(spaced, Origin("x"), name).runs) == 2


class TestK6:
    """Its points, and its summaries in which something is missing."""

    def read(self, *rows: dict[str, Any]) -> StoredSession:
        return read_file(points(*rows), Origin("k6.json"), "k6")

    def test_a_point_without_a_time_zone_has_no_moment(self) -> None:
        for time in ("2026-01-02T03:04:05", "yesterday"):
            with pytest.raises(FormatError, match="line 1: time: expected a moment with a time"):
                self.read(point(time))

    def test_points_of_other_metrics_are_passed_over(self) -> None:
        others = (point(metric="http_req_duration_of_ours"), point(type="Points"))
        session = self.read(*others, point())
        assert [each.profile.name for each in session.runs] == ["http_req_duration"]
        with pytest.raises(FormatError, match="no points of http_req_duration"):
            self.read(*others)

    def test_a_line_that_is_no_point_is_named(self) -> None:
        with pytest.raises(FormatError, match="line 2: "):
            self.read(point(), point(data={"value": 1}))

    def test_rows_and_thresholds_of_another_shape_are_passed_over(self) -> None:
        trend = {"avg": 1, "med": 1, "max": 2}
        row = {
            "name": "http_req_duration", "type": "trend", "contains": "time", "values": trend,
            "thresholds": {"p(95)<1": "?", "p(99)<1": {"ok": False}, "max<9": True},
        }  # fmt: skip
        reqs = {"name": "http_reqs", "type": "counter", "values": {"rate": -1}}
        document = {"results": {"metrics": [7, {"name": "x"}, row, reqs]}}
        session = read_file(json.dumps(document).encode(), Origin("k6.json"), "k6")
        (only,) = session.runs
        assert "throughput" not in only.statistics
        assert "threshold p(99)<1: crossed" in only.warnings
        assert not any("p(95)" in each for each in only.warnings)
