"""Sessions out of the store and into it, through the door."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from junitparser import JUnitXml

from cortex_tui.formats.port import Format
from cortex_tui.formats.registry import FORMATS
from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.sqlite.store import SqliteStore
from tests.unit.cli.door import Answer, call
from tests.unit.formats.recordings import recording, run

Call = Callable[..., Answer]
BENCH = """
async def good():
    pass

async def bad(_count=[0]):
    _count[0] += 1
    if _count[0] % 2:
        raise ValueError("every other")
"""
SUITE = """
[defaults]
workload = "shop_bench:good"
warmup = 0
iterations = 2_000
[profile.good]
targets = ["errors == 0"]
[profile.missed]
targets = ["throughput >= 1000000/ms"]
[profile.short]
load = { rate = "100/s" }
duration = "50ms"
targets = ["p99 < 1s"]
[profile.bad]
workload = "shop_bench:bad"
"""


@pytest.fixture
def do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    (tmp_path / "shop_bench.py").write_text(BENCH)
    (tmp_path / "cortex-tui.toml").write_text(SUITE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "shop_bench", raising=False)
    return lambda *arguments: call(capsys, *arguments)


def write(name: str = "whole.json", runs: int = 1) -> None:
    made = FORMATS["session-json"].write
    assert made is not None
    Path(name).write_bytes(made(recording(*(run(f"p{at}") for at in range(runs)))))


def test_a_run_is_exported_in_several_formats_at_once(do: Call) -> None:
    answer = do(
        "run", "cortex-tui.good", "cortex-tui.missed", "--export", "junit=out.xml", "--export",
        "markdown=-", "--save", "s1",
    )  # fmt: skip
    assert answer.code == 1
    assert answer.out.startswith("### ❌ Latency: 1 missed or slower, 1 as expected")
    xml = JUnitXml.fromstring(Path("out.xml").read_bytes())
    assert {(case.classname, case.is_passed) for suite in xml for case in suite} == {
        ("cortex-tui.good", True), ("cortex-tui.missed", False),
    }  # fmt: skip
    again = do("export", "s1", "--format", "junit", "-o", "again.xml")
    assert (again.code, again.out) == (0, "")
    assert Path("again.xml").read_bytes() == Path("out.xml").read_bytes().replace(
        Path("out.xml").read_bytes().split(b'name="')[1].split(b'"')[0], b"s1"
    )


def test_each_profile_that_is_exported_has_to_be_there(do: Call) -> None:
    do("run", "cortex-tui.good", "cortex-tui.missed", "--save", "s1")
    one = do("export", "s1", "--format", "csv", "--profile", "*.good")
    assert one.code == 0
    assert "cortex-tui.missed" not in one.out
    none = do("export", "s1", "--format", "csv", "--profile", "*.good", "--profile", "nosuch")
    assert (none.code, none.out) == (2, "")
    assert "--profile nosuch: the session has no such profile" in none.err


@pytest.mark.parametrize(
    ("fail_on", "profile", "code"),
    [
        ("targets", "missed", 1),
        ("regressions", "missed", 0),
        ("targets,errors", "bad", 1),
        ("targets", "bad", 0),
        ("undecided", "short", 4),
        ("targets,regressions", "short", 0),
    ],
)
def test_what_fails_a_run_is_chosen(do: Call, fail_on: str, profile: str, code: int) -> None:
    assert do("run", f"cortex-tui.{profile}", "--fail-on", fail_on).code == code


@pytest.mark.parametrize(
    ("option", "text"),
    [
        (("--fail-on", "target"), "expected some of targets, regressions, errors, undecided"),
        (("--export", "junit"), "expected FORMAT=FILE"),
        (("--export", "juint=x"), 'no format "juint" (did you mean "junit"'),
        (("--export", "k6=x"), "k6 cannot be written"),
        (("--export", "junit=no/such/x"), "there is no folder"),
        (("--export", "junit=."), "this is a folder"),
        (("--export", "junit=-", "--json", "-"), "stdout is that of --json"),
        (("--export", "junit=-", "--export", "html=-"), "at most one on stdout"),
    ],
)
def test_what_cannot_be_written_is_reported_before_anything_runs(
    do: Call, option: tuple[str, ...], text: str
) -> None:
    answer = do("run", "cortex-tui.good", *option)
    assert answer.code == 2
    assert text in answer.err
    assert not Path(".cortex-tui").exists()


def test_a_file_comes_in_once_and_can_be_shown_listed_and_compared(do: Call) -> None:
    write("a.json")
    write("b.json", 2)
    first = do("import", "a.json", "b.json", "--tag", "ci")
    assert first.code == 0, first.err
    assert do("import", "a.json").err.startswith("a.json: is stored already")
    assert do("import", "b.json", "--save", "b").code == 0
    listed = do("snapshots", "--all", "--tag", "ci", "--json")
    ids = [each["id"] for each in json.loads(listed.out)["entries"]]
    assert len(ids) == 2
    shown = do("show", "b")
    assert "suite.p1" in shown.out
    assert do("compare", "b", min(ids), "--force").code in (0, 2, 4)
    assert do("rm", "b").code == 0
    assert "was removed as session" in do("import", "b.json").err


def test_an_import_that_was_cut_short_is_made_good(
    do: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise SnapshotError("the disk is full")

    write("a.json")
    with monkeypatch.context() as cut:
        cut.setattr(SqliteStore, "write", full)
        assert do("import", "a.json").code == 2
    assert "1 run stored" in do("import", "a.json").err
    assert "suite.p0" in do("snapshots", "--all").out


def test_a_session_that_was_interrupted_stays_so_and_is_stored_once(do: Call) -> None:
    write("a.json")
    document = json.loads(Path("a.json").read_text())
    document["state"] = document["runs"][0]["state"] = "interrupted"
    Path("a.json").write_text(json.dumps(document))
    assert do("import", "a.json", "--save", "a").code == 0
    found = json.loads(do("show", "a", "--json").out)
    assert (found["state"], found["runs"][0]["state"]) == ("interrupted", "interrupted")
    assert "interrupted" in do("snapshots", "--all").out
    assert do("import", "a.json").err.startswith("a.json: is stored already")


def test_our_own_document_comes_back_with_its_targets_and_can_be_run_again(do: Call) -> None:
    assert do("run", "cortex-tui.good", "cortex-tui.missed", "--json", "x.json").code == 1
    before = json.loads(Path("x.json").read_text())
    assert do("import", "x.json", "--store", "other.db", "--save", "x").code == 0
    after = json.loads(do("show", "x", "--json", "--store", "other.db").out)
    assert before.keys() == after.keys()
    for one, other in zip(before["runs"], after["runs"], strict=True):
        for key in one.keys() - {"service_ns"}:
            assert one[key] == other[key], key
        assert one["service_ns"]["p99"] == other["service_ns"]["p99"]
    both = ("cortex-tui.good", "cortex-tui.missed")
    assert do("run", *both, "--store", "other.db", "--save", "y").code == 1
    compared = do("compare", "x", "y", "--store", "other.db")
    assert "cortex-tui.good" in compared.out, compared.err
    assert do("run", "--again", "x", "--store", "other.db").code == 1


def test_what_others_measured_is_not_run_again(do: Call) -> None:
    Path("h.json").write_text('{"results": [{"command": "ls", "times": [0.1, 0.2]}]}')
    assert do("import", "h.json", "--save", "h").code == 0
    assert "imported: measured by another program" in do("show", "h").out
    answer = do("run", "--again", "h")
    assert (answer.code, "h was imported: its code is not here" in answer.err) == (2, True)


def test_a_folder_of_many_files_stays(do: Call) -> None:
    folder = Path(".benchmarks") / "Linux-CPython-3.11-64bit"
    folder.mkdir(parents=True)
    stats = {"min": 0.1, "max": 0.3, "mean": 0.2, "median": 0.2, "rounds": 5}
    for at in range(60):
        document = {
            "machine_info": {}, "datetime": f"2026-01-01T00:00:{at:02}+00:00",
            "benchmarks": [{"name": "t", "fullname": "t.py::t", "stats": stats}],
        }  # fmt: skip
        (folder / f"{at:04}_x.json").write_text(json.dumps(document))
    (folder / "0099_broken.json").write_text("{")
    answer = do("import", ".benchmarks")
    assert answer.code == 2
    assert "0099_broken.json" in answer.err
    # A later run prunes what nobody saved.
    assert do("run", "cortex-tui.good").code == 0
    assert len(json.loads(do("snapshots", "--all", "--json").out)["entries"]) == 61


@pytest.mark.parametrize("name", ["x.json", "x.hlog", "x.csv", "x.bin", "x.jsonl"])
def test_a_file_that_is_none_leaves_the_store_as_it_was(do: Call, name: str) -> None:
    Path(name).write_bytes(b'#[Histogram log format version 1.3]\n{"metrics": [\xff\n')
    answer = do("import", name)
    assert answer.code == 2
    assert answer.out == ""
    assert len(answer.err.splitlines()) == 1
    assert not Path(".cortex-tui").exists()


def test_a_format_from_outside_is_listed_and_written(
    do: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = Format(
        "names",
        ".names",
        "the names alone",
        "all but the names",
        lambda recorded: b",".join(run.profile.name.encode() for run in recorded.result.runs),
    )
    monkeypatch.setitem(FORMATS, names.name, names)
    write(runs=2)
    assert do("import", "whole.json", "--save", "kept").code == 0
    assert "the names alone" in do("export", "--list").out
    assert do("export", "kept", "--format", "names", "-o", "x.names").code == 0
    assert Path("x.names").read_text(encoding="utf-8") == "p0,p1"


def test_the_table_of_formats_names_what_each_lacks(do: Call) -> None:
    answer = do("export", "--list")
    assert answer.code == 0
    assert max(map(len, answer.out.splitlines())) <= 130
    assert "in out  .hlog" in answer.out
    assert "lacks: " in answer.out
