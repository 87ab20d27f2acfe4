"""A session through the door: run, its exit codes, and the names that it is kept under."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from cortex_tui.results.stored import from_stored
from cortex_tui.stats import settling
from cortex_tui.store.sqlite.store import SqliteStore
from tests.unit.cli.door import call

BENCH = """
async def good():
    pass

async def bad():
    raise ValueError("always")
"""
SUITE = """
[defaults]
workload = "shop_bench:good"
warmup = 0
iterations = 2_000
[profile.good]
targets = ["errors == 0"]
[profile.missed]
targets = ["throughput >= 1000000/ms", "errors == 0"]
[profile.warned]
targets = ["errors == 0"]
warn_targets = ["throughput >= 1000000/ms"]
[profile.short]
load = { rate = "100/s" }
duration = "50ms"
targets = ["p99 < 1s"]
[profile.bad]
workload = "shop_bench:bad"
[profile.gone]
workload = "no_such_module:op"
[profile.wrong]
warmup = "often"
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "shop_bench.py").write_text(BENCH)
    (tmp_path / "cortex-tui.toml").write_text(SUITE)
    monkeypatch.chdir(tmp_path)
    # A session in this process brings the folder and its module in.
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "shop_bench", raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("select", "code", "word"),
    [
        (["cortex-tui.good"], 0, "met"),
        (["cortex-tui.warned"], 0, "warning: missed throughput >= 1000000/ms: "),
        (["cortex-tui.short"], 4, "undecided: p99 < 1s: needs about "),
        (["cortex-tui.short", "--undecided", "pass"], 0, "undecided: p99 < 1s: needs about "),
        (
            ["cortex-tui.short", "cortex-tui.missed", "--undecided", "pass"],
            1,
            "p99 < 1s: needs about ",
        ),
        (["cortex-tui.missed"], 1, "missed: throughput >= 1000000/ms: "),
        (["cortex-tui.good", "cortex-tui.wrong"], 2, "met"),
        (["cortex-tui.missed", "cortex-tui.wrong"], 2, "missed"),
        (["cortex-tui.good", "cortex-tui.bad"], 3, "failed: measure: none of "),
        (["cortex-tui.gone", "cortex-tui.wrong"], 3, "there is no module 'no_such_module'"),
    ],
)
def test_the_exit_code_says_the_worst(
    capsys: pytest.CaptureFixture[str], select: list[str], code: int, word: str
) -> None:
    answer = call(capsys, "run", *select)
    assert answer.code == code, answer.err
    assert word in answer.out
    assert (": profile.wrong.warmup: expected " in answer.err) == ("cortex-tui.wrong" in select)


def test_a_run_goes_on_until_its_targets_are_decided(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    args = ["run", "cortex-tui.short", "--until-decided", "60s", "--json", "x.json"]
    answer = call(capsys, *args)
    assert answer.code == 0, answer.out
    (run,) = json.loads((folder / "x.json").read_text())["runs"]
    assert run["until_decided"] == {"duration_ns": 50_000_000, "iterations": None}
    assert 299 <= run["operations"] < 6_000


def test_a_session_as_json_holds_what_the_table_shows(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    answer = call(capsys, "run", "cortex-tui.good", "--one-by-one", "--json", "x.json")
    document = json.loads((folder / "x.json").read_text())
    (run,) = document["runs"]
    assert document["schema"] == "cortex-tui/session@1"
    assert (run["profile"], run["state"], run["operations"]) == (
        "cortex-tui.good",
        "finished",
        2000,
    )
    assert f"session {document['session']} is stored" in answer.out


def test_in_process_it_is_the_same_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    answer = call(
        capsys, "run", "cortex-tui.good", "--in-process", "--loop", "asyncio", "--json", "-"
    )
    document = json.loads(answer.out)
    assert (answer.code, document["placement"], document["loop"]) == (0, "in-process", "asyncio")
    assert document["runs"][0]["operations"] == 2000


def test_duration_and_warmup_take_the_place_of_the_profiles_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    answer = call(
        capsys, "run", "cortex-tui.good", "--duration", "50ms", "--warmup", "5ms", "--json", "-"
    )
    (run,) = json.loads(answer.out)["runs"]
    assert run["stop"] == {"duration_ns": 50_000_000, "iterations": None}
    assert run["warmup"] == {"duration_ns": 5_000_000, "iterations": None}


def test_the_stages_of_a_load_are_shortened_to_the_duration(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "x.toml").write_text(
        """
        [profile.ramp]
        workload = "shop_bench:good"
        warmup = 0
        load = { stages = [{ rate = "1/ms", for = "3s" }, { rate = "2/ms", for = "1s" }] }
        """
    )
    answer = call(capsys, "run", "x.toml", "--duration", "200ms", "--json", "-")
    (run,) = json.loads(answer.out)["runs"]
    assert [stage["duration_ns"] for stage in run["load"]["stages"]] == [150_000_000, 50_000_000]
    assert 240 <= run["operations"] + run["unstarted"] <= 260


def test_a_dry_run_tries_each_operation_once_and_keeps_nothing(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    answer = call(capsys, "run", "*.good", "*.missed", "*.bad", "*.gone", "--dry-run")
    assert answer.code == 3
    # On a busy machine a profile has a line about that below its own.
    lines = [line for line in answer.out.splitlines() if not line.lstrip().startswith("but:")]
    assert [line.split()[:2] for line in lines[:4]] == [
        ["cortex-tui.good", "ok"],
        ["cortex-tui.missed", "ok"],
        ["cortex-tui.bad", "failed"],
        ["cortex-tui.gone", "failed"],
    ]
    assert lines[2].endswith("ValueError: always")
    assert "there is no module 'no_such_module'" in lines[3]
    assert lines[4:6] == ["", "cortex-tui.bad:"]
    assert not (folder / ".cortex-tui").exists()
    assert call(capsys, "run", "cortex-tui.good", "--dry-run").code == 0


def test_repeated_one_by_one_the_profiles_take_turns(capsys: pytest.CaptureFixture[str]) -> None:
    answer = call(
        capsys, "run", "*.good", "*.missed", "--repeat", "2", "--one-by-one", "--json", "-"
    )
    runs = json.loads(answer.out)["runs"]
    assert [run["profile"] for run in runs] == ["cortex-tui.good", "cortex-tui.missed"] * 2
    assert all(run["neighbours"] == [] for run in runs)


def test_a_snapshot_can_be_run_again_as_it_was(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    arguments = ["*.good", "*.missed", "--one-by-one", "--duration", "30ms", "--save", "first"]
    call(capsys, "run", *arguments)
    (folder / "cortex-tui.toml").write_text("broken since")
    answer = call(capsys, "run", "--again", "first", "--json", "-")
    document = json.loads(answer.out)
    assert document["one_by_one"]
    assert [run["stop"]["duration_ns"] for run in document["runs"]] == [30_000_000] * 2
    answer = call(capsys, "run", "--again", "first", "*.good", "--json", "-")
    assert [run["profile"] for run in json.loads(answer.out)["runs"]] == ["cortex-tui.good"]
    answer = call(capsys, "run", "--again", "first", "*.gud")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith('cortex-tui: --again first: no profile matches "*.gud"')


def test_rounds_are_run_again_unless_others_are_asked_for(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    def rounds(*arguments: str) -> list[int]:
        answer = call(capsys, "run", *arguments, "--json", "-")
        return [run["round"] for run in json.loads(answer.out)["runs"]]

    assert rounds("*.good", "--duration", "20ms", "--repeat", "3", "--save", "first") == [1, 2, 3]
    assert rounds("--again", "first") == [1, 2, 3]
    assert rounds("--again", "first", "--repeat", "1") == [1]

    async def save_one_run() -> None:
        async with await SqliteStore.open(folder / ".cortex-tui" / "snapshots.db") as store:
            await store.name_snapshot("second", (await store.load("first")).session.id, run=1)

    asyncio.run(save_one_run())
    assert rounds("--again", "second") == [1]
    answer = call(capsys, "run", "--again", "first", "--dry-run")
    assert (answer.code, answer.out.count("cortex-tui.good")) == (0, 1)


def test_a_warmup_that_found_its_end_has_that_length_when_it_is_run_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A busy machine may make the times vary for ever; the rules themselves are tested elsewhere.
    for name in ("MARGIN", "TOLERANCE"):
        monkeypatch.setattr(settling, name, 1e9)
    answer = call(
        capsys, "run", "*.short", "--warmup", "auto", "--duration", "30ms", "--save", "first",
        "--json", "-",
    )  # fmt: skip
    (first,) = json.loads(answer.out)["runs"]
    assert first["warmup"]["duration_ns"] == 30_000_000_000
    (again,) = json.loads(call(capsys, "run", "--again", "first", "--json", "-").out)["runs"]
    assert 0 < again["warmup"]["duration_ns"] < 30_000_000_000


def test_a_saved_session_can_be_listed_shown_renamed_and_removed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ran = call(capsys, "run", "cortex-tui.good", "--save", "first", "--note", "a note")
    assert ran.code == 0
    assert "saved as first\n" in ran.err

    listed = call(capsys, "snapshots").out.splitlines()
    assert listed[0].split() == ["name", "saved", "state", "operations", "profiles", "note"]
    assert listed[1].split()[0] == "first"
    assert listed[1].endswith("finished        2000  cortex-tui.good  a note")

    shown = call(capsys, "show", "first")
    assert shown.out == f"{ran.out}\nnote: a note\n"
    document = json.loads(call(capsys, "show", "first", "--json").out)
    assert document["snapshot"] == "first"
    assert document["runs"][0]["service_ns"]["histogram"].startswith("HISTF")

    session = document["session"]
    assert call(capsys, "save", session[:18], "second").code == 0
    assert call(capsys, "save", "second", "third", "--note", "n").code == 0
    everything = call(capsys, "snapshots", "--all").out.splitlines()
    assert everything[1].split()[0] == session
    assert "first, second, third" in everything[1]

    removed = call(capsys, "rm", "first", "nothing", "second")
    assert removed.code == 2
    assert "removed first\n" in removed.err
    assert "removed second\n" in removed.err
    assert "cortex-tui: .cortex-tui/snapshots.db: no snapshot or session 'nothing'" in removed.err
    assert [line.split()[0] for line in call(capsys, "snapshots").out.splitlines()] == [
        "name",
        "third",
    ]


def test_a_list_counts_a_profile_once_whatever_its_rounds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    short = ["--duration", "20ms", "--repeat", "3", "--save"]
    call(capsys, "run", "cortex-tui.good", *short, "one")
    call(capsys, "run", "*.good", "*.missed", *short, "two")
    for everything in ([], ["--all"]):
        lines = call(capsys, "snapshots", *everything).out.splitlines()
        ends = {name: line for line in lines for name in ("one", "two") if name in line.split()}
        assert ends["one"].rstrip().endswith("  cortex-tui.good, 3 runs each")
        assert ends["two"].rstrip().endswith("  2 profiles, 3 runs each")


def test_a_name_that_is_taken_is_refused_before_anything_runs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert call(capsys, "run", "cortex-tui.good", "--save", "first").code == 0
    answer = call(capsys, "run", "cortex-tui.good", "--save", "first")
    assert (answer.code, answer.out) == (2, "")
    assert "the name 'first' is taken" in answer.err
    assert len(answer.err.splitlines()) == 1
    assert len(call(capsys, "snapshots", "--all").out.splitlines()) == 2


STORE_ERRORS = [
    (["snapshots"], "it is no SQLite database"),
    (["show", "x"], "it is no SQLite database"),
    (["save", "x", "y"], "it is no SQLite database"),
    (["rm", "x"], "it is no SQLite database"),
    (["run", "cortex-tui.good", "--save", "x"], "it is no SQLite database"),
]


@pytest.mark.parametrize(("arguments", "message"), STORE_ERRORS)
def test_a_store_that_is_none_is_one_line_and_stays_as_it_was(
    capsys: pytest.CaptureFixture[str], folder: Path, arguments: list[str], message: str
) -> None:
    garbage = b"this is somebody's file, and no database at all" * 30
    (folder / "x.db").write_bytes(garbage)
    answer = call(capsys, *arguments, "--store", "x.db")
    assert (answer.code, answer.out) == (2, "")
    (line,) = answer.err.splitlines()
    assert line.startswith("cortex-tui: ")
    assert message in line
    assert (folder / "x.db").read_bytes() == garbage


def test_a_store_that_cannot_be_written_is_an_error_and_the_table_is_shown(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "x.db").write_bytes(b"no database" * 100)
    answer = call(capsys, "run", "cortex-tui.good", "--store", "x.db")
    assert answer.code == 2
    assert "not stored: x.db: it is no SQLite database" in answer.out


def test_what_needs_a_session_that_could_not_be_stored_is_reported_each(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "x.db").write_bytes(b"no database" * 100)
    exports = ("--export", "junit=o.xml", "--export", "csv=o.csv", "--json", "o.json")
    answer = call(capsys, "run", "cortex-tui.good", "--store", "x.db", *exports)
    assert answer.code == 2
    assert "its results are in o.json" in answer.err
    assert answer.err.splitlines()[-2:] == [
        f"cortex-tui: {file}: not written: it needs the session in the store, which is not there"
        for file in ("o.xml", "o.csv")
    ]
    assert (folder / "o.json").exists()
    assert not (folder / "o.xml").exists()


FILLING = """
import sqlite3
from contextlib import closing
from cortex_tui import workload

async def op():
    pass

@workload
async def full():
    with closing(sqlite3.connect("x.db")) as store:
        for event in ("INSERT", "UPDATE"):
            store.execute(f"CREATE TRIGGER full_{event} BEFORE {event} ON session "
                          "WHEN NEW.state <> 'running' "
                          "BEGIN SELECT RAISE(ABORT, 'the disk is full'); END")
    yield op
"""


def test_a_session_of_which_the_store_has_a_part_is_not_compared(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    assert call(capsys, "run", "cortex-tui.good", "--store", "x.db", "--save", "before").code == 0
    (folder / "filling_bench.py").write_text(FILLING)
    (folder / "cortex-tui.toml").write_text(
        f'{SUITE}[profile.full]\nworkload = "filling_bench:full"\n'
    )
    select = ("run", "cortex-tui.good", "cortex-tui.full", "--store", "x.db")
    answer = call(capsys, *select, "--baseline", "before", "--export", "csv=o.csv")
    assert answer.code == 2
    assert "not stored: x.db: the disk is full" in answer.out
    needs = "it needs the session in the store, which is not there"
    assert answer.err.splitlines()[-2:] == [
        f"cortex-tui: not compared: {needs}",
        f"cortex-tui: o.csv: not written: {needs}",
    ]
    assert "this session against before" not in answer.out
    assert not (folder / "o.csv").exists()


@pytest.mark.parametrize("arguments", [["save", "x", "y"], ["rm", "x"]])
def test_no_store_is_made_for_a_name_that_cannot_be_in_it(
    capsys: pytest.CaptureFixture[str], folder: Path, arguments: list[str]
) -> None:
    answer = call(capsys, *arguments)
    assert answer.code == 2
    assert "there is no store" in answer.err
    assert not (folder / ".cortex-tui").exists()


def test_a_missing_store_is_an_empty_one(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    answer = call(capsys, "snapshots")
    assert (answer.code, answer.out) == (0, "")
    assert "no snapshots" in answer.err
    assert not (folder / ".cortex-tui").exists()


def test_sessions_make_the_history_of_a_profile(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    for _ in range(2):
        assert call(capsys, "run", "cortex-tui.good", "--repeat", "2", "--one-by-one").code == 0
    document = json.loads(call(capsys, "history", "cortex-tui.good", "--json").out)
    assert document["statistic"] == "p95"
    assert [point["rounds"] for point in document["points"]] == [2, 2]

    async def stored() -> None:
        async with await SqliteStore.open_for_reading(folder / ".cortex-tui/snapshots.db") as store:
            for run in await store.measured("cortex-tui.good"):
                (own,) = [each for each in from_stored(await store.load(run.session)).runs
                          if each.run == run.run]  # fmt: skip
                assert run.facts == own.facts
                assert {"p50", "p95", "p99", "mean", "max", "throughput"} <= {*own.statistics}

    asyncio.run(stored())
