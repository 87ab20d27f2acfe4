"""What `import` is asked for is done, or its exit code says that it is not."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from cortex_tui.formats.registry import FORMATS
from cortex_tui.paths import STORE
from tests.unit.cli.door import Answer, call
from tests.unit.formats.recordings import recording, run

Call = Callable[..., Answer]


@pytest.fixture
def do(folder: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    """Calls a command in a folder with a file to import, `one.json`."""
    made = FORMATS["session-json"].write
    assert made is not None
    (folder / "one.json").write_bytes(made(recording(run("p0"))))
    return lambda *arguments: call(capsys, *arguments)


def test_a_session_that_is_stored_already_gets_the_tags_and_the_name(do: Call) -> None:
    assert do("import", "one.json", "--tag", "first").code == 0
    again = do("import", "one.json", "--tag", "nightly", "--tag", "first", "--save", "two")
    assert again.code == 0
    assert "is stored already" in again.err
    assert {"first", "nightly"} <= set(do("tag", "two").out.split())
    assert len(do("snapshots", "--all").out.splitlines()) == 2


@pytest.mark.parametrize("more", [(), ("--save", "two"), ("--tag", "nightly")])
def test_a_session_that_was_removed_is_not_said_to_be_stored(
    do: Call, more: tuple[str, ...]
) -> None:
    assert do("import", "one.json", "--store", "new.db").code == 0
    assert do("rm", "newest", "--store", "new.db").code == 0
    answer = do("import", "one.json", "--store", "new.db", *more)
    (line,) = answer.err.splitlines()
    assert answer.code == 2
    assert "was removed as session" in line
    assert ("nor saved as two" in line) == ("two" in more)
    command = shlex.split(line.split("`")[1])
    assert command[-2:] == ["--store", "new.db"]
    assert do(*command[1:]).code == 0
    assert do("import", "one.json", "--store", "new.db", *more).code == 0


def test_the_other_files_of_a_folder_are_stored(do: Call, folder: Path) -> None:
    (folder / "empty").mkdir()
    answer = do("import", "empty", "one.json")
    assert answer.code == 2
    assert "no JSON file in this folder" in answer.err
    assert len(do("snapshots", "--all").out.splitlines()) == 2
    assert do("import", "empty").code == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--tag", "bad tag"), "--tag: expected a tag"),
        (("--tag", "good", "--tag", ""), "--tag: expected a tag"),
        (("--save", ""), "expected a name"),
        (("--save", " x"), "cannot be the name"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_stored(
    do: Call, arguments: tuple[str, ...], message: str
) -> None:
    answer = do("import", "one.json", *arguments)
    assert (answer.code, answer.err.count(message)) == (2, 1), answer.err
    assert not STORE.exists() or do("snapshots", "--all").out == ""


def test_a_session_is_not_saved_with_a_tag_that_cannot_be_one(do: Call) -> None:
    assert do("import", "one.json", "--save", "one").code == 0
    assert do("save", "one", "two", "--tag", "bad tag").code == 2
    assert do("show", "two").code == 2
    assert "bad" not in do("tag", "one").out
