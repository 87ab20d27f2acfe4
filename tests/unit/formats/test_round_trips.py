"""What is written in a format is read back as it was; and the other side reads it, too."""

from __future__ import annotations

import codecs
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader
from pytest_benchmark.stats import Stats

from cortex_tui.formats.importing import ImportedRun
from cortex_tui.formats.port import FormatError, Origin
from cortex_tui.formats.registry import FORMATS, read_file
from cortex_tui.formats.run_facts import RunFacts
from cortex_tui.formats.session_json import write_session
from cortex_tui.pytest_runner.profiles import Collected, FoundTest, suites_of
from cortex_tui.results.stored import from_stored
from tests.unit.formats.recordings import counts, overloaded, recording, run, stored

TWO_WAYS = [each.name for each in FORMATS.values() if each.read and each.write]
RUNS = (run(), run(round_=2), run("rate[n=1,000 x]", scheduled=True))


def written(name: str, *runs: ImportedRun) -> bytes:
    write = FORMATS[name].write
    assert write is not None
    return write(recording(*(runs or RUNS)))


@pytest.mark.parametrize("name", TWO_WAYS)
def test_every_value_comes_back_in_its_bucket(name: str) -> None:
    back = read_file(written(name), Origin(f"x{FORMATS[name].suffix}"), name)
    before, after = counts(stored(*RUNS)), counts(back)
    if name == "pytest-benchmark":  # it has a place for one time alone: the headline
        headline = before["suite.rate[n=1,000 x]", 1, "response"]
        assert after.pop(("suite.rate[n=1,000 x]", 1, "service")) == headline
        before = {key: value for key, value in before.items() if key in after}
    assert after == before
    result = from_stored(back)
    assert [each.percentiles_ns["p99"] for each in result.runs] == [
        each.percentiles_ns["p99"] for each in from_stored(stored(*RUNS)).runs
    ]


@pytest.mark.parametrize("name", TWO_WAYS)
def test_a_mark_of_utf_8_before_the_text_is_no_part_of_it(name: str) -> None:
    data = codecs.BOM_UTF8 + written(name)
    assert counts(read_file(data, Origin("x"), name)) == counts(
        read_file(written(name), Origin("x"), name)
    )


@pytest.mark.parametrize("name", TWO_WAYS)
def test_a_file_is_recognised_and_is_the_same_session_each_time(name: str) -> None:
    data, origin = written(name), Origin(f"x{FORMATS[name].suffix}")
    assert read_file(data, origin).session.id == read_file(data, origin, name).session.id


@pytest.mark.parametrize("name", ["csv", "jsonl"])
def test_rows_keep_exact_moments_intervals_and_failures(name: str) -> None:
    before, back = stored(*RUNS), read_file(written(name), Origin("x"), name)
    for one, other in zip(before.runs, back.runs, strict=True):
        assert (one.service, one.response, one.measured_ns) == (
            other.service, other.response, other.measured_ns,
        )  # fmt: skip
        assert sum(other.errors.values()) == 2
    assert [each.first for each in before.intervals] == [each.first for each in back.intervals]


@pytest.mark.parametrize("name", ["csv", "jsonl"])
def test_a_run_that_fell_behind_comes_back_as_one(name: str) -> None:
    write = FORMATS[name].write
    assert write is not None
    (before,) = recording(overloaded()).result.runs
    assert any("could not keep up" in each for each in before.warnings)
    data = write(recording(overloaded()))
    stored_again = read_file(data, Origin("x"), name)
    (back,) = from_stored(stored_again).runs
    assert (before.unstarted, before.unfinished, before.drained) == (150, 5, 20)
    for fact in ("operations", "throughput_per_s", "unstarted", "unfinished", "drained",
                 "error_count", "percentiles_ns", "flattered", "state", "reason", "warnings",
                 "measured_ns"):  # fmt: skip
        assert getattr(back, fact) == getattr(before, fact), fact
    for fact in ("unstarted", "in_flight", "level", "drained"):
        assert [getattr(each, fact) for each in stored_again.intervals] == [
            getattr(each, fact) for each in stored(overloaded()).intervals
        ]


@pytest.mark.parametrize("name", ["csv", "jsonl"])
def test_a_run_that_failed_before_it_measured_comes_back(name: str) -> None:
    write = FORMATS[name].write
    assert write is not None
    failed = ImportedRun("suite", "broken")
    failed.facts = RunFacts(state="failed", reason="setup: no such table")
    back = from_stored(read_file(write(recording(run(), failed)), Origin("x"), name))
    assert [each.state for each in back.runs] == ["finished", "failed"]
    assert (back.runs[1].reason, back.runs[1].measured_ns) == ("setup: no such table", 0)


@pytest.mark.parametrize(("state", "shown"), [
    ("stopped", "stopped"), ("interrupted", "interrupted"), ("running", "interrupted"),
    ("finished", "finished"), ("", "finished"), ("anything", "interrupted"),
])  # fmt: skip
def test_rows_say_how_their_run_ended(state: str, shown: str) -> None:
    (row,) = [json.loads(line) for line in written("jsonl").splitlines()[:1]]
    (back,) = from_stored(
        read_file(json.dumps(row | {"state": state}).encode(), Origin("x.jsonl"))
    ).runs
    assert back.reported_state == shown


@pytest.mark.parametrize("changes", [
    {"drained": 10**6}, {"failed_in_batches": 10**6}, {"unstarted": -1}, {"unfinished": 0.5},
    {"level": -1.0}, {"level": "much"}, {"in_flight": 1 << 60},
])  # fmt: skip
def test_rows_of_what_no_run_can_have_had_are_refused(changes: dict[str, Any]) -> None:
    (row,) = [json.loads(line) for line in written("jsonl").splitlines()[:1]]
    with pytest.raises(FormatError):
        read_file(json.dumps(row | changes).encode(), Origin("x.jsonl"))


def test_what_operations_waited_for_comes_back_with_the_session_document() -> None:
    places = {f"orders.py:{line} in operation": 100 - line for line in range(7)}
    before = stored(run())
    waits = msgspec.structs.replace(before.runs[0], waits={**places, "": 3})
    live = from_stored(msgspec.structs.replace(before, runs=(waits,)))
    data = write_session(live)
    back = from_stored(read_file(data, Origin("x.json")))
    assert back.runs[0].waits == live.runs[0].waits
    assert back.runs[0].waits.seen == sum(places.values()) + 3
    assert write_session(back).count(b'"seen"') == data.count(b'"seen"') == 6


def test_pytest_benchmark_compares_our_file(tmp_path: Path) -> None:
    file = tmp_path / "0001_ours.json"
    file.write_bytes(written("pytest-benchmark"))
    command = [sys.executable, "-W", "ignore", "-m", "pytest_benchmark", "compare", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert "suite.steady#2" in done.stdout
    assert "benchmark: 3 tests" in done.stdout


def test_a_log_of_intervals_keeps_failures_and_the_size_of_batches(tmp_path: Path) -> None:
    batched = run("rate[n=1,000 x]")
    batched.batch = 10
    data = written("hlog", run(), batched)
    back = from_stored(read_file(data, Origin("x.hlog"), "hlog"))
    before = from_stored(stored(run(), batched))
    assert [each.batch for each in back.runs] == [1, 10]
    for name in ("operations", "error_count", "mean_ns", "throughput_per_s"):
        found = [getattr(each, name) for each in back.runs]
        expected = [getattr(each, name) for each in before.runs]
        assert found == pytest.approx(expected, rel=0.01), name
    file = tmp_path / "x.hlog"
    file.write_bytes(data)
    theirs = HistogramLogReader(str(file), HdrHistogram(1, 3_600_000_000_000, 3))
    assert theirs.get_next_interval_histogram() is not None
    theirs.close()


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 7, 30, 101])
def test_what_pytest_benchmark_has_of_the_same_rounds_is_the_same(count: int) -> None:
    """Below 2,048 ns each has a bucket of its own."""
    chance = random.Random(count)
    times_ns = [chance.choice([chance.randint(400, 600), 90, 1_900]) for _ in range(count)]
    theirs = Stats()  # type: ignore[no-untyped-call]
    for each in times_ns:
        theirs.update(each)  # type: ignore[no-untyped-call]
    found = ImportedRun("suite", "steady", batch=4)
    found.add_serial(np.array(times_ns))
    ours = json.loads(written("pytest-benchmark", found))["benchmarks"][0]["stats"]
    for name in ("min", "max", "mean", "stddev", "median", "q1", "q3", "iqr", "ld15iqr", "hd15iqr"):
        assert ours[name] == pytest.approx(getattr(theirs, name) * 1e-9 / 4), name
    assert ours["total"] == pytest.approx(theirs.total * 1e-9 / 4)
    assert ours["ops"] == pytest.approx(theirs.ops * 1e9 * 4)
    assert (ours["outliers"], ours["rounds"]) == (theirs.outliers, count)


def test_a_project_s_benchmarks_come_in_from_pytest_benchmark_itself(tmp_path: Path) -> None:
    (tmp_path / "test_sum.py").write_text(
        "import pytest\n"
        "@pytest.mark.parametrize('n', [10, 1000])\n"
        "def test_sum(benchmark, n):\n    benchmark.pedantic(sum, (range(n),), rounds=40)\n"
    )
    command = [
        sys.executable, "-W", "ignore", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p",
        "no:xdist", "--benchmark-json", "data.json", "--benchmark-save=bare", "test_sum.py",
    ]  # fmt: skip
    # Under xdist pytest-benchmark measures nothing, and finds that out by these variables.
    own = {name: text for name, text in os.environ.items() if not name.startswith("PYTEST_")}
    subprocess.run(command, check=True, capture_output=True, cwd=tmp_path, env=own)
    whole = read_file((tmp_path / "data.json").read_bytes(), Origin("data.json"))
    assert [each.profile.full_name for each in whole.runs] == [
        "test_sum.test_sum[10]", "test_sum.test_sum[1000]",
    ]  # fmt: skip
    assert whole.runs[1].profile.params == {"n": 1000}
    assert [each.service.count for each in whole.runs] == [40, 40]
    (bare,) = (tmp_path / ".benchmarks").glob("*/*.json")
    found = from_stored(read_file(bare.read_bytes(), Origin(bare.name)))
    assert all("no samples" in each.warnings[0] for each in found.runs)
    assert all(each.percentiles_ns["p50"] and not each.operations for each in found.runs)


def test_the_library_s_reader_reads_our_log(tmp_path: Path) -> None:
    file = tmp_path / "ours.hlog"
    file.write_bytes(written("hlog"))
    whole = HdrHistogram(1, 3_600_000_000_000, 3)
    reader = HistogramLogReader(str(file), whole)
    tags = set()
    while (each := reader.get_next_interval_histogram()) is not None:
        whole.add(each)
        tags.add(each.get_tag())
    reader.close()
    expected = sum(total for total, _ in counts(stored(*RUNS)).values())
    assert whole.get_total_count() == expected
    assert "suite.steady#2:service" in tags


def document(**changes: Any) -> bytes:
    stats: dict[str, Any] = dict.fromkeys(("min", "max", "mean", "median"), 0.5) | {"rounds": 5}
    stats |= changes.pop("stats", {})
    row = {"name": "test_a", "fullname": "tests/test_a.py::TestIt::test_a", "stats": stats}
    return json.dumps({"machine_info": {}, "benchmarks": [row | changes]}).encode()


def test_files_of_old_versions_lack_much_and_are_read() -> None:
    (found,) = read_file(document(), Origin("0001_old.json")).runs
    assert (found.profile.suite, found.profile.name) == ("test_a", "TestIt.test_a")
    assert found.statistics == {"p50": 5e8, "mean": 5e8, "max": 5e8}


def test_tests_have_the_names_that_they_have_when_they_are_run_here() -> None:
    node_ids = ["a/test_x.py::A::t[1::2]", "b/test_x.py::t", "b/test_y.py::t"]
    rows = [json.loads(document(fullname=each))["benchmarks"][0] for each in node_ids]
    read = read_file(json.dumps({"benchmarks": rows}).encode(), Origin("x.json"))
    found = tuple(FoundTest(each, each.partition("::")[0]) for each in node_ids)
    suites = suites_of(Collected(folder="", rootdir="", options="", tests=found))
    assert [run.profile.full_name for run in read.runs] == [
        profile.full_name for suite in suites for profile in suite.profiles
    ]


def test_rounds_of_several_calls_are_batches() -> None:
    (found,) = read_file(
        document(stats={"data": [0.001, 0.002], "iterations": 10}), Origin("x.json")
    ).runs
    assert (found.batch, found.service.max_ns) == (10, 20_000_000)
    assert "rounds of 10 calls" in found.warnings[0]
