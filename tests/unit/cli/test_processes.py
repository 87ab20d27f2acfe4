"""Sessions whose loads several processes share, as a person runs and compares them."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

import pytest

from cortex_tui.limits import MAX_PROCESSES
from tests.unit.cli.door import call

CODE = """
import asyncio, os, signal
from pathlib import Path
from cortex_tui import workload

@workload
async def work():
    lose = os.environ.get("LOSE", "")

    async def operation(i):
        await asyncio.sleep(0.001)
        # The second of two processes has the odd numbers.
        if lose and i > 20 and i % 2 and not Path(lose).exists():
            Path(lose).touch()
            os.kill(os.getpid(), signal.SIGKILL)

    yield operation
"""
SUITE = """
[defaults]
workload = "code:work"
warmup = 0
duration = "300ms"
[profile.work]
load = { workers = 4 }
targets = ["p50 < 1h"]
[profile.all-or-nothing]
load = { workers = 4, processes = 2 }
on_lost = "stop"
duration = "1h"
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "code.py").write_text(CODE, encoding="utf-8")
    (tmp_path / "cortex-tui.toml").write_text(SUITE, encoding="utf-8")
    return tmp_path


def measured(
    capsys: pytest.CaptureFixture[str], folder: Path, *words: str, code: int | None = None
) -> dict[str, Any]:
    """The JSON of a session."""
    profile = words[0] if words and not words[0].startswith("-") else "work"
    words = words[1:] if words and not words[0].startswith("-") else words
    done = call(capsys, "run", f"cortex-tui.{profile}", *words, "--json", "out.json")
    assert code is None or done.code == code, done
    found: dict[str, Any] = json.loads((folder / "out.json").read_text())
    return found


VARIANTS = ("--processes", "2", "--variant", "a=env:V=1", "--variant")


def test_a_round_is_all_processes_together_and_evidence_is_counted_in_rounds(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    session = measured(capsys, folder, *VARIANTS, "b=env:V=2", "--repeat", "2")
    assert len(session["runs"]) == 4
    for run in session["runs"]:
        assert [shard["number"] for shard in run["shards"]] == [1, 2]
        assert sum(shard["operations"] for shard in run["shards"]) == run["operations"] > 0
    # A fresh process for each part of each round of each variant.
    runners = [shard["runner"] for run in session["runs"] for shard in run["shards"]]
    assert len(set(runners)) == 8
    (found,) = json.loads(call(capsys, "compare", session["session"], "--json").out)["comparisons"]
    (profile,) = found["profiles"]
    assert profile["rounds"] == [2, 2]
    assert [each["rounds"] for each in session["profiles"]] == [[1, 2]] * 2


def test_a_round_that_lost_a_process_is_left_out_of_the_evidence(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = f"b=env:LOSE={folder / 'lost'}"
    session = measured(capsys, folder, *VARIANTS, lost, "--repeat", "2")
    partial = [run for run in session["runs"] if run["partial"]]
    assert [(run["variant"], run["state"]) for run in partial] == [("b", "finished")]
    done = call(capsys, "compare", session["session"])
    assert f"left out, as a part was lost: round {partial[0]['round']} of b" in done.out
    again = json.loads(call(capsys, "compare", session["session"], "--json").out)
    assert again["comparisons"][0]["profiles"][0]["rounds"] == [2, 1]


def test_a_partial_run_is_undecided_everywhere_unless_forced(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    two = ("--processes", "2")
    measured(capsys, folder, *two, "--save", "whole", code=0)
    monkeypatch.setenv("LOSE", str(folder / "lost"))
    session = measured(capsys, folder, *two, "--save", "partial", code=4)
    (run,) = session["runs"]
    assert run["partial"].startswith("process 2 of 2 was lost at ")
    assert [shard["state"] for shard in run["shards"]] == ["finished", "lost"]
    assert run["shards"][1]["ended_ns"] > 0
    assert [target["verdict"] for target in run["targets"]] == ["undecided"]

    shown = call(capsys, "show", "partial")
    assert "finished, partial" in shown.out
    assert "lost at" in shown.out
    compared = call(capsys, "compare", "whole", "partial")
    assert compared.code == 4
    assert "cannot tell" in compared.out
    assert "partial is partial: process 2 of 2 was lost at" in " ".join(compared.out.split())
    forced = call(capsys, "compare", "whole", "partial", "--force")
    assert "is partial" not in forced.out

    def exported(name: str) -> str:
        done = call(capsys, "export", "partial", "--format", name, "-o", f"out.{name}")
        assert done.code == 0, done
        return (folder / f"out.{name}").read_text()

    for name in ("junit", "markdown", "html", "csv", "jsonl", "session-json"):
        assert "process 2 of 2 was lost at " in html.unescape(exported(name)), name
    assert 'cortex_tui_partial{profile="cortex-tui.work"} 1' in exported("openmetrics")
    # A chart of numbers must not have a step that is none.
    for name in ("bencher", "github-action-benchmark"):
        assert "cortex-tui.work" not in exported(name)
    # And it is the same run when it is read back.
    for name in ("csv", "session-json"):
        store = f"{name}.db"
        assert call(capsys, "import", f"out.{name}", "--store", store, "--save", "x").code == 0
        back = json.loads(call(capsys, "show", "x", "--store", store, "--json").out)
        assert back["runs"][0]["partial"] == run["partial"]
        assert back["runs"][0]["verdict"] in ("undecided", "none")


def test_a_run_that_is_to_stop_when_it_lost_a_process_stops(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOSE", str(folder / "lost"))
    session = measured(capsys, folder, "all-or-nothing", code=4)
    (run,) = session["runs"]
    assert (run["state"], run["on_lost"]) == ("stopped", "stop")
    assert [shard["state"] for shard in run["shards"]] == ["stopped", "lost"]
    assert run["partial"].endswith("the others were stopped, as the profile says (on_lost)")


def test_more_processes_than_there_can_be_are_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    done = call(capsys, "run", "cortex-tui.work", "--processes", str(MAX_PROCESSES + 1))
    assert done.code == 2
