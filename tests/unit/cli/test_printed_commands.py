"""The commands that messages name: copied, each is about the store that the message is about."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from cortex_tui.paths import STORE
from tests.unit.analysis.sides import latencies
from tests.unit.cli.door import Answer, call
from tests.unit.cli.stored_sides import stored

Call = Callable[..., Answer]
OTHER = "an other.db"


@pytest.fixture
def do(folder: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    """Calls a command where two stores have sessions of the same names, `first` and `gone`."""
    for name in ("first", "gone"):
        stored(name, {"": latencies(1)[0]})
    (folder / OTHER).write_bytes(STORE.read_bytes())
    for at in (str(STORE), OTHER):
        assert call(capsys, "rm", "gone", "--store", at).code == 0
    return lambda *arguments: call(capsys, *arguments)


def commands(text: str) -> list[list[str]]:
    found = [shlex.split(each) for each in re.findall(r"`(cortex-tui [^`]*)`", text)]
    return [words[1:] for words in found]


@pytest.mark.parametrize("store", [OTHER, f"./{OTHER}", str(STORE), f"./{STORE}"])
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("rm", "first"), ["undo"]),
        (("show", "gone"), ["undo", "gone"]),
        (("show", "zzzzzz"), ["snapshots"]),
        (("save", "newest", "first"), ["rm", "first"]),
        (("baseline", "first"), ["baseline", "NAME", "first"]),
        (("baseline",), ["baseline", "NAME"]),
        (("undo", "zzzzzz"), ["snapshots", "--removed"]),
        (("export",), ["snapshots", "--all"]),
    ],
)
def test_a_printed_command_is_about_the_same_store(
    do: Call, folder: Path, store: str, arguments: tuple[str, ...], words: list[str]
) -> None:
    other, usual = (folder / OTHER), STORE.read_bytes()
    before = other.read_bytes()
    (command,) = commands(do(*arguments, "--store", store).err)
    about_other = OTHER in store
    assert command == [*words, *(["--store", str(Path(store))] if about_other else [])]
    assert do(*command).code == 0
    assert (STORE.read_bytes() == usual) or not about_other
    assert (other.read_bytes() == before) or about_other


def test_a_name_that_is_taken_is_freed_in_the_store_of_the_run(do: Call, folder: Path) -> None:
    (folder / "cortex-tui.toml").write_text('[profile.one]\nworkload = "idle_bench:idle"\n')
    answer = do("run", "cortex-tui.one", "--save", "first", "--store", OTHER)
    (command,) = commands(answer.err)
    assert command == ["rm", "first", "--store", OTHER]
    assert do(*command).code == 0
    assert do("show", "first").code == 0, "that of the other store is still there"
    assert do("show", "first", "--store", OTHER).code == 2


def test_a_failed_run_of_noise_is_shown_from_its_store(
    do: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "bad_bench.py").write_text("async def bad():\n    raise ValueError\n")
    suite = '[profile.bad]\nworkload = "bad_bench:bad"\nwarmup = 0\niterations = 5\n'
    (folder / "cortex-tui.toml").write_text(suite)
    monkeypatch.syspath_prepend(folder)
    answer = do("noise", "cortex-tui.bad", "--sessions", "5", "--store", OTHER)
    (command,) = commands(answer.err)
    assert command[-2:] == ["--store", OTHER]
    assert do(*command).code == 0


@pytest.mark.parametrize(
    ("arguments", "instead"),
    [
        (("launch", "mediator"), ["run", "mediator"]),
        (
            ("launch", "mediator", "--profiles", "a b", "--profiles", ".", "--database", "memory"),
            ["run", "mediator", "--profiles", "a b", "--profiles", ".", "--database", "memory"],
        ),
        (
            ("--in-process", "--store", OTHER, "--fresh", "--loop", "asyncio"),
            ["run", "*", "--placement", "in-process", "--store", OTHER, "--loop", "asyncio"],
        ),
        (
            ("launch", "mediator", "--cluster", "local:2", "--lost-after", "5s", "--loose-clock"),
            ["run", "mediator", "--cluster", "local:2", "--lost-after", "5.00s", "--loose-clock"],
        ),
        (("launch", "mediator", "--processes", "2"), ["run", "mediator", "--processes", "2"]),
    ],
)
def test_what_to_run_in_place_of_the_workbench_measures_the_same(
    do: Call, folder: Path, arguments: tuple[str, ...], instead: list[str]
) -> None:
    (folder / "a b").mkdir()
    answer = do(*arguments)
    assert answer.code == 2
    words = shlex.split(answer.err.partition("run instead: cortex-tui ")[2])
    size = len(words)
    assert words[: 1 + (size > 1)] == instead[: 1 + (size > 1)]
    assert sorted(words) == sorted(instead)


def test_a_password_is_not_in_it(do: Call) -> None:
    err = do("launch", "mediator", "--database", "postgresql://me:hidden@host/db").err
    assert "hidden" not in err
    assert "--database postgresql://me@host/db" in err or "not installed" in err
