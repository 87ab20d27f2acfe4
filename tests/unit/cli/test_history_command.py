"""The history of a profile through the door: text, picture and JSON, and notes on its changes."""

from __future__ import annotations

import asyncio
import errno
import json
import math
import sqlite3
import xml.etree.ElementTree as ET
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from cortex_tui.store.port import open_store
from tests.unit.cli.door import Answer, call
from tests.unit.store import samples

Call = Callable[..., Answer]
PROFILE = "search.simple-text"
SVG = "{http://www.w3.org/2000/svg}"


async def fill(path: Path, count: int, step: int) -> None:
    """Sessions a day apart, slower by 20 % from `step` on, and by 50 % in the last."""
    async with await open_store(path) as store:
        for at in range(count):
            value = 5e6 * (1 + 0.01 * math.sin(7 * at * at)) * (1.2 if at >= step else 1)
            value *= 1.5 if at == count - 1 else 1
            record = samples.session(
                f"s{at:02}x",
                started_at=f"2026-01-{at + 1:02}T10:00:00Z",
                environment={
                    "git_commit": f"{at:02}" * 20, "python": "3.11" if at < step else "3.12",
                },
            )  # fmt: skip
            await store.begin_session(record)
            batch = samples.batch(record.id, runs=1, count=1, state="finished")
            run = msgspec.structs.replace(
                batch.runs[0],
                statistics={"p50": value / 2, "p95": value, "throughput": 1e9 / value},
            )
            await store.write(msgspec.structs.replace(batch, runs=(run,)))
            await store.finish_session(record.id, "finished")


@pytest.fixture
def do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    monkeypatch.chdir(tmp_path)
    asyncio.run(fill(tmp_path / ".cortex-tui" / "snapshots.db", 25, 14))
    return lambda *arguments: call(capsys, *arguments)


def test_a_history_is_a_plot_and_a_line_for_each_change(do: Call) -> None:
    answer = do("history", PROFILE)
    assert (answer.code, answer.err) == (0, "")
    lines = answer.out.splitlines()
    assert lines[0] == f"{PROFILE}: p95 of 25 sessions, 2026-01-01 to 2026-01-25"
    plot = lines[2:11]
    assert all(line[9] == "│" for line in plot)
    assert sum(line.count("●") for line in plot) == 24
    assert sum(line.count("◆") for line in plot) == 1
    assert plot[0].split()[0] == "8.91ms"
    assert lines[11].split() == ["2026-01-01", "2026-01-25"]
    changed = lines[13]
    assert changed.startswith("▲ slower by 20.")
    assert "since 2026-01-15T10:00:00Z: 5.01ms → 6.02ms; " in changed
    assert changed.endswith("commits 1313131313..1414141414")
    assert lines[14:16] == ["  from session s13x to s14x", "  python: 3.11 → 3.12"]
    assert lines[16].startswith("new high, 1 session: +48.")


def test_a_history_as_json_has_every_value(do: Call) -> None:
    document = json.loads(do("history", PROFILE, "--statistic", "throughput", "--json").out)
    assert document["schema"] == "cortex-tui/history@1"
    assert (document["profile"], document["statistic"]) == (PROFILE, "throughput")
    assert len(document["points"]) == 25
    (step,) = document["steps"]
    assert (step["at"], step["word"], step["first"]["session"]) == (14, "slower", "s14x")
    assert step["ratio"] == pytest.approx(1 / 1.2, rel=0.01)
    assert step["differs"] == [{"key": "python", "a": "3.11", "b": "3.12"}]
    assert (document["newest"]["word"], document["newest"]["count"]) == ("low", 1)


def test_a_history_as_a_picture_is_xml_with_nothing_from_elsewhere(
    do: Call, tmp_path: Path
) -> None:
    do("history", PROFILE, "--acknowledge", "s14x", "--note", "<b>\x1b[31m & ]]> \u202e \ud800")
    answer = do("history", PROFILE, "-o", "history.svg")
    assert (answer.out, answer.err) == ("", "written to history.svg\n")
    text = (tmp_path / "history.svg").read_text(encoding="utf-8")
    root = ET.fromstring(text)
    assert root.tag == f"{SVG}svg"
    assert len(root.findall(f"{SVG}circle")) == 25
    titles = [title.text or "" for title in root.iter(f"{SVG}title")]
    assert any("acknowledged: <b>␛[31m & ]]> \\u{202e} \\ud800" in title for title in titles)
    assert not any(word in text for word in ("script", "href", "url(", "@import"))
    refused = do("history", PROFILE, "-o", "no/such/folder.svg")
    assert refused.code == 2
    assert "no/such/folder.svg: cannot be written: No such file or directory" in refused.err


def test_a_picture_that_cannot_be_written_leaves_the_one_before(
    do: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: Path, target: Path) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device")

    picture = tmp_path / "history.svg"
    picture.write_text("before")
    monkeypatch.setattr(Path, "replace", full)
    refused = do("history", PROFILE, "-o", "history.svg")
    assert (refused.code, picture.read_text()) == (2, "before")
    assert "-o history.svg: cannot be written: No space left on device" in refused.err
    assert list(tmp_path.glob("*.svg*")) == [picture]


def test_a_change_is_acknowledged_with_a_note_until_that_is_taken_away(do: Call) -> None:
    answer = do("history", PROFILE, "--acknowledge", "s13x", "--note", "the new index")
    assert "the change at session s14x is acknowledged" in answer.err
    assert "  acknowledged: the new index" in answer.out
    assert "acknowledged" not in do("history", PROFILE, "--statistic", "p50").out
    do("history", PROFILE, "--acknowledge", "s14x", "--note", "in other words")
    out = do("history", PROFILE).out
    assert "  acknowledged: in other words" in out
    assert "the new index" not in out
    answer = do("history", PROFILE, "--forget", "s14x")
    assert "no longer acknowledged" in answer.err
    assert "acknowledged:" not in do("history", PROFILE).out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["search.simple-txt"], '(did you mean "search.simple-text"?)'),
        ([PROFILE, "--statistic", "p42"], "no session has a value of 'p42': expected one of p50"),
        ([PROFILE, "--canary", "nothing"], 'no session has a run of "nothing"'),
        ([PROFILE, "--acknowledge", "s03x", "--note", "n"], "the changes begin at s14x"),
        ([PROFILE, "--acknowledge", "s99", "--note", "n"], "no snapshot or session 's99'"),
        ([PROFILE, "--note", "n"], "--note: expected --acknowledge with it"),
        ([PROFILE, "--acknowledge", "s14x"], "--acknowledge: expected --note with it"),
        ([PROFILE, "--acknowledge", "s14x", "--note", "n", "--forget", "s14x"], "not both"),
        ([PROFILE, "--acknowledge", "", "--note", "n"], "expected a name or the start of an id"),
        ([PROFILE, "--forget", ""], "expected a name or the start of an id"),
        ([PROFILE, "--canary", ""], "expected the full name of a profile"),
        ([PROFILE, "--statistic", ""], "expected the name of a statistic"),
        ([PROFILE, "--variant", ""], "expected the name of a variant"),
        ([""], "expected the full name of a profile"),
        ([PROFILE, "--store", "none.db"], "none.db: there is no store"),
        ([PROFILE, "--store", "none.db", "--forget", "s14x"], "none.db: there is no store"),
    ],
)
def test_what_cannot_be_is_one_line(do: Call, arguments: list[str], message: str) -> None:
    answer = do("history", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert len(answer.err.splitlines()) == 1
    assert message in answer.err


@pytest.mark.parametrize(
    ("statement", "session"),
    [
        ("UPDATE session SET record = '[]'", "s03x"),
        ("UPDATE measured SET facts = '{\"round\":null}'", "s04x"),
        # Its facts are to be found anew, and what they are found in is damaged.
        ("UPDATE measured SET facts = ''; UPDATE run SET record = '{\"run\":null}'", "s05x"),
    ],
)
def test_a_session_that_cannot_be_read_is_left_out_and_named(
    do: Call, tmp_path: Path, statement: str, session: str
) -> None:
    with closing(sqlite3.connect(tmp_path / ".cortex-tui" / "snapshots.db")) as store:
        for one in statement.split("; "):
            key = "id" if "session SET" in one else "session"
            store.execute(f"{one} WHERE {key} = '{session}'")
        store.commit()
    answer = do("history", PROFILE)
    assert answer.code == 0, answer.err
    (line,) = answer.err.splitlines()
    assert f"session {session} cannot be read: " in line
    assert "left out: 1 session with a record that cannot be read" in answer.out
    assert len(json.loads(do("history", PROFILE, "--json").out)["points"]) == 24


def test_runs_that_an_older_version_wrote_are_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    older = Path(__file__).parents[1] / "store" / "data" / "version-2.db"
    (tmp_path / "older.db").write_bytes(older.read_bytes())
    answer = call(capsys, "history", "search.steady", "--store", "older.db", "--json")
    document = json.loads(answer.out)
    assert [point["session"] for point in document["points"]] == ["2025-a", "2025-b", "2025-c"]
    assert document["points"][0]["value"] == pytest.approx(20_100, rel=0.01)


def test_runs_that_came_without_their_numbers_are_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def write() -> None:
        async with await open_store(tmp_path / "s.db") as store:
            await store.begin_session(samples.session())
            await store.write(samples.batch(state="finished"))
            await store.finish_session("s1", "finished")

    monkeypatch.chdir(tmp_path)
    asyncio.run(write())
    document = json.loads(call(capsys, "history", PROFILE, "--store", "s.db", "--json").out)
    assert (document["statistic"], len(document["points"])) == ("p95", 1)
    assert document["points"][0]["value"] == pytest.approx(10_340, rel=0.01)


def test_a_picture_can_go_to_stdout(do: Call) -> None:
    answer = do("history", PROFILE, "-o", "-")
    assert (answer.code, answer.err) == (0, "")
    assert ET.fromstring(answer.out).tag == f"{SVG}svg"
    assert not Path("-").exists()
    both = do("history", PROFILE, "-o", "-", "--json")
    assert (both.code, both.out) == (2, "")
    assert "-o: expected a file, stdout is that of --json" in both.err
