"""Paths that the system refuses: each is one line and a wrong usage, never a traceback."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.unit.cli.door import Answer, call

Call = Callable[..., Answer]
LONG = "n" * 300
"""Longer than a file's name can be."""
CLOSED = "closed"
"""A folder into which this user may not look."""
READ_ONLY = "read-only"
"""A folder in which this user may not make a file, with one that may be written."""
SUITE = """
[profile.good]
workload = "shop_bench:good"
warmup = 0
iterations = 1_000
"""


@pytest.fixture
def do(folder: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Call]:
    (folder / "shop_bench.py").write_text("async def good():\n    pass\n")
    (folder / "cortex-tui.toml").write_text(SUITE)
    for name in (CLOSED, READ_ONLY):
        (folder / name).mkdir()
        (folder / name / "there.json").write_text("{}")
    (folder / CLOSED).chmod(0o000)
    (folder / READ_ONLY).chmod(0o500)
    yield lambda *arguments: call(capsys, *arguments)
    for name in (CLOSED, READ_ONLY):
        (folder / name).chmod(0o700)


def commands(name: str) -> list[list[str]]:
    """Each command that takes a path, with that one."""
    return [
        ["rm", "x", "--store", name],
        ["undo", "--store", name],
        ["gc", "--store", name],
        ["save", "x", "y", "--store", name],
        ["tag", "x", "y", "--store", name],
        ["note", "x", "y", "--store", name],
        ["baseline", "x", "y", "--store", name],
        ["show", "x", "--store", name],
        ["snapshots", "--store", name],
        ["history", "x", "--store", name],
        ["compare", "x", "y", "--store", name],
        ["diff", "x", "y", "--store", name],
        ["export", "x", "--format", "csv", "--store", name],
        ["export", "x", "--format", "csv", "-o", name],
        ["screenshot", "x", "--store", name],
        ["import", name],
        ["import", "cortex-tui.toml", "--store", name],
        ["run", "cortex-tui", "--json", name],
        ["run", "cortex-tui", "--export", f"csv={name}"],
        ["run", "cortex-tui", "--baseline", "x", "--store", name],
        ["run", "cortex-tui", "--save", "x", "--store", name],
        ["run", "cortex-tui", "--profiles", name],
        ["run", f"./{name}.toml"],
        ["run", "cortex-tui", "--variant", f"a=folder:{name}"],
        ["run", "cortex-tui", "--python", f"./{name}"],
        ["check", "--profiles", name],
        ["check", name],
        ["list", "--profiles", name],
        ["config", "--config", name],
        ["launch", "--config", name],
        ["launch", "--profiles", name],
    ]


def check(answer: Answer) -> None:
    assert answer.code == 2, answer
    assert answer.err.strip(), answer
    assert "Traceback" not in answer.err, answer
    assert not Path(".cortex-tui").exists()


@pytest.mark.parametrize("arguments", [*commands(LONG), ["new", LONG]], ids=" ".join)
def test_a_name_that_is_too_long_is_refused(do: Call, arguments: list[str]) -> None:
    check(do(*arguments))
    assert not Path("profiles").exists()


def test_a_module_whose_name_is_too_long_is_not_there(do: Call) -> None:
    Path("cortex-tui.toml").write_text(SUITE.replace("shop_bench", LONG))
    answer = do("run", "cortex-tui")
    assert answer.code == 3, answer
    assert "there is no module" in answer.out + answer.err
    assert "Traceback" not in answer.out + answer.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look everywhere")
@pytest.mark.parametrize("arguments", commands(f"{CLOSED}/there.json"), ids=" ".join)
def test_a_folder_that_may_not_be_looked_into_is_refused(do: Call, arguments: list[str]) -> None:
    answer = do(*arguments)
    check(answer)
    assert "there is no" not in answer.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
@pytest.mark.parametrize("option", [("--json", ""), ("--export", "csv=")])
def test_a_file_that_may_be_written_in_a_folder_that_may_not_is_refused_before_measuring(
    do: Call, option: tuple[str, str]
) -> None:
    name, prefix = option
    answer = do("run", "cortex-tui", name, f"{prefix}{READ_ONLY}/there.json")
    check(answer)
    assert f"no file can be made in the folder {READ_ONLY}" in answer.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["check"],
        ["run", "cortex-tui"],
        ["new", "shop"],
        ["noise", "cortex-tui"],
        ["history", "x"],
        ["rm", "x"],
        ["doctor"],
        ["launch"],
        ["import", "x.json"],
    ],
    ids=" ".join,
)
def test_a_working_folder_that_was_removed_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    gone = folder / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    shutil.rmtree(gone)
    answer = call(capsys, *arguments)
    assert answer.code == 2, answer
    assert "Traceback" not in answer.err
