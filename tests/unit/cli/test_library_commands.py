"""Stored sessions through the door: listed by what they are, tagged, noted, removed, restored."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from cortex_tui.library.moments import moment_of
from cortex_tui.store.port import open_store
from cortex_tui.text import cell_width
from tests.unit.cli.door import Answer, call
from tests.unit.store import samples

Call = Callable[..., Answer]
WIDE = "日本"
HOSTILE = "<b>\x1b[31m\nnext\u202eend"


async def fill(path: Path) -> None:
    async with await open_store(path) as store:
        for day, name, commit in ((1, "s1", "aa11"), (2, "s2", "bb22"), (3, "s3", "")):
            environment = {"git_commit": commit * 10} if commit else {}
            started = f"2025-01-0{day}T10:00:00.500Z"
            await store.begin_session(
                samples.session(name, started_at=started, environment=environment)
            )
            batch = samples.batch(name, state="finished")
            if name == "s2":
                cell = msgspec.structs.replace(samples.OPEN, name="scale[n=10]", base="scale")
                run = msgspec.structs.replace(batch.runs[0], profile=cell)
                batch = msgspec.structs.replace(batch, runs=(run, *batch.runs[1:]))
            await store.write(batch)
            await store.finish_session(name, "finished")


@pytest.fixture
def do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Calls the command line in a folder whose store has three sessions."""
    monkeypatch.chdir(tmp_path)
    asyncio.run(fill(tmp_path / ".cortex-tui" / "snapshots.db"))
    return lambda *arguments: call(capsys, *arguments)


def listed(answer: Answer) -> list[str]:
    """The first cells of the lines."""
    assert answer.code == 0, answer.err
    return [line.split()[0] for line in answer.out.splitlines()[1:]]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ((), ["s3", "s2", "s1"]),
        (("--profile", "search.steady"), ["s3", "s2", "s1"]),
        (("--profile", "search.scale"), ["s2"]),
        (("--profile", "search.scale[n=10]"), ["s2"]),
        (("--profile", "search"), ["s3", "s2", "s1"]),
        (("--profile", "sear"), []),
        (("--profile", "*simple*"), ["s3", "s1"]),
        (("--tag", "ci"), ["s2", "s1"]),
        (("--tag", "ci", "--tag", "night"), ["s2"]),
        (("--commit", "aa11a"), ["s1"]),
        (("--since", "2025-01-02"), ["s3", "s2"]),
        (("--until", "2025-01-02"), ["s1"]),
        (("--since", "2025-01-02T10:00", "--until", "2025-01-03T10:00:00"), ["s2"]),
        (("--since", "7d"), []),
    ],
)
def test_sessions_are_listed_by_what_they_are(
    do: Call, arguments: tuple[str, ...], found: list[str]
) -> None:
    do("tag", "s1", "ci")
    do("tag", "s2", "ci", "night")
    assert listed(do("snapshots", "--all", *arguments)) == found


def test_a_filter_that_finds_nothing_is_not_an_empty_store(do: Call) -> None:
    assert "none of 3 sessions is like that" in do("snapshots", "--all", "--tag", "x").err
    assert "no snapshots (--all lists" in do("snapshots").err
    assert "nothing was removed" in do("snapshots", "--removed").err


def test_a_commit_can_be_named_as_git_does(do: Call, tmp_path: Path) -> None:
    answer = do("snapshots", "--all", "--commit", "HEAD")
    assert answer.code == 2
    assert "git knows no such revision" in answer.err
    assert len(answer.err.splitlines()) == 1
    git = ("git", "-c", "user.name=x", "-c", "user.email=x@example.org")
    for words in (("init", "-q"), ("commit", "-q", "--allow-empty", "-m", "x")):
        subprocess.run([*git, *words], check=True, cwd=tmp_path)
    assert listed(do("snapshots", "--all", "--commit", "HEAD")) == []
    assert do("snapshots", "--all", "--commit", "--help").code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "newest", "--json"),
        ("export", "newest", "--format", "jsonl"),
        ("diff", "s2", "newest", "--json"),
        ("tag", "newest", "ci"),
        ("save", "newest", "last"),
    ],
)
def test_the_newest_session_has_a_word(do: Call, arguments: tuple[str, ...]) -> None:
    """One spelling for all commands; a name that somebody gave comes first, removed sessions
    never."""
    answer = do(*arguments)
    assert answer.code == 0, answer.err
    assert do("rm", "newest").code == 0
    assert json.loads(do("show", "newest", "--json").out)["session"] == "s2"
    assert do("save", "s1", "newest").code == 0
    assert json.loads(do("show", "newest", "--json").out)["session"] == "s1"


def test_an_empty_store_has_no_newest_session(do: Call) -> None:
    assert do("rm", "s1", "s2", "s3").code == 0
    answer = do("show", "newest")
    assert answer.code == 2
    assert "no snapshot or session 'newest'" in answer.err


def test_the_list_as_json_has_every_field(do: Call) -> None:
    do("save", "s1", "first", "--note", HOSTILE, "--tag", "ci")
    document = json.loads(do("snapshots", "--json").out)
    assert document["schema"] == "cortex-tui/snapshots@1"
    (entry,) = document["entries"]
    assert (entry["name"], entry["session"], entry["note"]) == ("first", "s1", HOSTILE)
    assert (entry["tags"], entry["revision"]) == (["ci"], "aa11" * 10)
    assert json.loads(do("snapshots", "--json", "--tag", "x").out)["entries"] == []


def test_whatever_stands_in_names_and_notes_stays_text_on_its_line(do: Call) -> None:
    for name in ("<b>bold", "שלום", WIDE, "[link](x)", "=1+1"):
        assert do("save", "s1", name).code == 0
    do("note", "s1", HOSTILE)
    do("tag", "s1", WIDE)
    lines = do("snapshots").out.splitlines()
    assert len(lines) == 6
    at = {cell_width(line[: line.index("finished")]) for line in lines[1:]}
    assert len(at) == 1, "columns are aligned in cells"
    for line in lines[1:]:
        assert line.endswith("<b>␛[31m␊next\\u{202e}end")
    assert do("note", "s1").out == "<b>␛[31m\nnext\\u{202e}end\n"
    assert do("tag", "s1").out == f"{WIDE}\n"
    assert f"removed {WIDE}" in do("rm", WIDE).err


@pytest.mark.parametrize("name", ["a\nb", "\x1b[2J", "\u202e", " x", "-x", "x" * 101])
def test_a_name_that_cannot_be_typed_is_refused_on_one_line(do: Call, name: str) -> None:
    for command in (["save", "s1", "--", name], ["baseline", "--", name, "s1"]):
        answer = do(*command)
        assert (answer.code, answer.out) == (2, "")
        (line,) = answer.err.splitlines()
        assert "\x1b" not in line
        assert "expected" in line


def test_a_note_is_written_printed_and_taken_away(do: Call) -> None:
    assert do("note", "s1").out == ""
    assert "note of s1: first" in do("note", "s1", "first").err
    do("note", "s1", "second")
    assert do("note", "s1").out == "second\n"
    refused = do("note", "s1", "")
    assert (refused.code, do("note", "s1").out) == (2, "second\n")
    assert do("note", "s1", "text", "--remove").code == 2
    do("note", "s1", "--remove")
    assert do("note", "s1").out == ""


def test_a_tag_is_given_and_taken(do: Call) -> None:
    assert "tags of s1: ci night" in do("tag", "s1", "ci", "night").err
    assert "tags of s1: night" in do("tag", "s1", "--remove", "ci").err
    assert do("tag", "s1").out == "night\n"
    assert "cannot be a tag" in do("tag", "s1", "two words").err
    assert do("tag", "nothing", "ci").code == 2


def test_a_baseline_moves_and_is_pointed_back(do: Call) -> None:
    assert "no baselines" in do("baseline").err
    assert "baseline main is session s3" in do("baseline", "main").err
    assert "(it was s3; `cortex-tui undo` points it back)" in do("baseline", "main", "s1").err
    (line,) = do("baseline").out.splitlines()[1:]
    assert line.split()[:2] == ["main", "baseline"]
    assert "restored main" in do("undo").err
    assert '"session": "s3"' in do("snapshots", "--json").out
    do("save", "s1", "fixed")
    err = do("baseline", "fixed", "s2").err
    assert "'fixed' is taken" in err
    assert "`cortex-tui baseline NAME fixed`" in err
    assert "cortex-tui rm" not in err, "a name that somebody gave is not in the way of a baseline"


def test_what_was_removed_is_restored_by_undo_until_gc(do: Call) -> None:
    do("save", "s1", "first")
    removed = do("rm", "first", "s2", "nothing")
    assert removed.code == 2
    assert removed.err.splitlines() == [
        "removed first and its session s1",
        "removed session s2",
        "cortex-tui: .cortex-tui/snapshots.db: no snapshot or session 'nothing': "
        "`cortex-tui snapshots` lists what there is",
        "`cortex-tui undo` restores what was removed",
    ]
    assert listed(do("snapshots", "--all")) == ["s3"]
    assert len(do("snapshots", "--removed").out.splitlines()) == 4
    assert "'first' was removed: `cortex-tui undo first` restores it" in do("show", "first").err
    restored = do("undo")
    assert restored.err.splitlines() == [
        "restored first",
        "restored session s1",
        "restored session s2",
    ]
    assert listed(do("snapshots", "--all")) == ["s3", "s2", "s1"]
    do("rm", "s2")
    do("rm", "s3")
    assert do("undo", "s3").err == "restored session s3\n"
    assert "'s3' was not removed: `cortex-tui snapshots --removed` lists" in do("undo", "s3").err
    assert "deleted 1 session that had been removed; " in do("gc").err
    answer = do("undo")
    assert (answer.code, len(answer.err.splitlines())) == (2, 1)
    assert "there is nothing to undo" in answer.err


def test_an_empty_name_takes_nothing_back(do: Call) -> None:
    assert do("rm", "s2").code == 0
    answer = do("undo", "")
    assert (answer.code, answer.err.count("expected a name")) == (2, 1)
    assert do("show", "s2").code == 2
    assert do("undo").code == 0


def test_a_name_that_is_taken_by_now_is_reported(do: Call) -> None:
    do("save", "s1", "first")
    do("rm", "first")
    do("save", "s2", "first")
    assert do("undo").err.splitlines() == [
        "restored session s1",
        "the name first is taken by now: `cortex-tui save ID NAME` gives another",
    ]


def test_gc_keeps_what_is_asked_for_and_shows_it_before(do: Call) -> None:
    do("tag", "s1", "ci")
    planned = do("gc", "--keep", "1", "--dry-run")
    assert (planned.code, planned.out) == (0, "s2\n")
    assert "would delete 0 sessions that had been removed, 1 session without name" in planned.err
    assert listed(do("snapshots", "--all")) == ["s3", "s2", "s1"]
    do("gc", "--keep", "0", "--keep", "100000d")
    assert listed(do("snapshots", "--all")) == ["s3", "s2", "s1"]
    do("gc", "--keep", "1")
    assert listed(do("snapshots", "--all")) == ["s3", "s1"]
    refused = do("gc", "--keep", "many")
    assert refused.code == 2
    assert "expected a number of sessions such as 20, or an age such as 30d" in refused.err


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-31", "2026-03-31T00:00:00Z"),
        ("2026-03-31T18:00", "2026-03-31T18:00:00Z"),
        ("2026-03-31T18:00:05+02:00", "2026-03-31T16:00:05Z"),
        ("30m", "2026-01-01T11:30:00Z"),
        ("2h", "2026-01-01T10:00:00Z"),
        ("1d", "2025-12-31T12:00:00Z"),
        ("2w", "2025-12-18T12:00:00Z"),
    ],
)
def test_a_moment_is_a_day_a_time_or_an_age(text: str, moment: str) -> None:
    assert moment_of(text, datetime(2026, 1, 1, 12, tzinfo=UTC)) == moment


@pytest.mark.parametrize("text", ["", "x", "7", "7y", "2026-13-01", "999999w", "-1d"])
def test_what_is_no_moment_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="expected a day such as 2026-03-31"):
        moment_of(text)


def test_what_two_sessions_measured_is_compared(do: Call) -> None:
    do("save", "s1", "first")
    answer = do("diff", "first", "s2")
    assert answer.out.splitlines() == [
        "A: first, session s1, started 2025-01-01T10:00:00.500Z",
        "B: session s2, started 2025-01-02T10:00:00.500Z",
        "",
        "environment",
        f"  git_commit  {'aa11' * 10} → {'bb22' * 10}",
        "only in A: search.simple-text",
        "only in B: search.scale[n=10]",
        "the same in both: 1 profile",
    ]
    document = json.loads(do("diff", "first", "s2", "--json").out)
    assert document["schema"] == "cortex-tui/diff@1"
    assert document["a"] == {
        "session": "s1", "snapshot": "first", "started_at": "2025-01-01T10:00:00.500Z",
    }  # fmt: skip
    assert [each["found"] for each in document["profiles"]] == ["a", "both", "b"]
    assert do("diff", "s1", "s1").out.endswith("\nthe same profiles in the same environment\n")
    assert do("diff", "s1", "nothing").code == 2


def test_notes_and_tags_are_in_the_document_and_come_back_from_it(do: Call) -> None:
    do("note", "s1", HOSTILE)
    do("tag", "s1", "ci", WIDE)
    document = json.loads(do("show", "s1", "--json").out)
    assert (document["note"], document["tags"]) == (HOSTILE, ["ci", WIDE])
    document["tags"] += ["two words", "\x1b[31m"]
    Path("s1.json").write_text(json.dumps(document), encoding="utf-8")
    assert do("import", "s1.json", "--tag", "new", "--store", "other.db").code == 0
    entries = json.loads(do("snapshots", "--all", "--json", "--store", "other.db").out)["entries"]
    assert [sorted(entry["tags"]) for entry in entries] == [sorted(["ci", WIDE, "new", "␛[31m"])]
    assert entries[0]["note"] == "<b>␛[31m␊next\\u{202e}end"
