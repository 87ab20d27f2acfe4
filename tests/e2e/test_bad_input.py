"""Whatever is wrong is one clear line, in the workbench, in `list` and in `run`; the rest works."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.conftest import Launch
from tests.e2e.program import call, call_here, row_of, shown, write_suite

GOOD = """
    [profile.nap]
    workload = "bench:nap"
"""
NAP = '\nworkload = "bench:nap"\n'
SUITES = {
    "broken": ("[profile.x", "broken.toml: not valid TOML: "),
    "key": (
        f'[profile.x]{NAP}duraton = "5s"',
        'key.toml:3: profile.x.duraton: unknown key (did you mean "duration"?)',
    ),
    "unit": (
        f'[profile.x]{NAP}duration = "5 parsec"',
        'unit.toml:3: profile.x.duration: expected a duration such as "10s" or "250ms", '
        'got "5 parsec"',
    ),
    "name": (
        '[profile.x]\nworkload = "cortex.serch"',
        'name.toml:2: profile.x.workload: no built-in workload "cortex.serch" '
        '(did you mean "cortex.search"?)',
    ),
}


@pytest.fixture
def shop(folder: Path) -> Path:
    """One good suite among the broken ones."""
    write_suite(folder, GOOD, defaults='warmup = 0\nduration = "300ms"')
    for name, (text, _) in SUITES.items():
        (folder / "profiles" / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


def test_each_broken_suite_is_one_line_of_list_and_run(shop: Path) -> None:
    done = call_here(shop, "list")
    assert done.returncode == 2
    assert "shop.nap" in done.stdout
    lines = done.stderr.splitlines()
    assert len(lines) == len(SUITES)
    for _, line in SUITES.values():
        assert sum(f"profiles/{line}" in each for each in lines) == 1, lines

    for name, (_, line) in SUITES.items():
        done = call_here(shop, "run", name)
        assert done.returncode == 2
        assert done.stdout == ""
        (only,) = done.stderr.splitlines()
        assert line in only
    assert call(shop, "run", "shop").returncode == 0


def test_broken_suites_are_listed_in_the_workbench_and_the_others_run(
    shop: Path, launch: Launch
) -> None:
    workbench = launch()
    workbench.terminal.wait_for("4 problems")
    workbench.press("e")
    screen = workbench.terminal.wait_for("problems", *(f"{name}.toml" for name in SUITES))
    text = " ".join(screen.split())
    for _, line in SUITES.values():
        assert line.partition(": ")[2].split(": ")[-1].strip() in text
    workbench.press("e")
    workbench.press("r")
    workbench.wait_for_row("nap", lambda row: "done" in row.text and row.operations)


def test_a_folder_without_suites_is_reported(folder: Path, launch: Launch) -> None:
    (folder / "empty").mkdir()
    line = "empty: expected a folder with TOML files, it has none"
    done = call_here(folder, "list", "--profiles", "empty")
    assert done.returncode == 2
    assert done.stderr == f"{line}\n"
    assert "mediator.search" in done.stdout
    workbench = launch("--profiles", "empty")
    workbench.terminal.wait_for("1 problem")
    workbench.press("e")
    workbench.terminal.wait_for("expected a folder with TOML files, it has none")


@pytest.mark.parametrize(
    ("workload", "reason"),
    [
        ("nowhere:nap", "there is no module 'nowhere'"),
        ("bench:nab", "bench has no 'nab' (did you mean \"nap\"?)"),
        ("needy:nap", "its module needs 'not_installed_here'"),
        ("wrong:nap", "SyntaxError"),
    ],
)
def test_a_workload_that_cannot_be_loaded_fails_its_run_alone(
    folder: Path, launch: Launch, workload: str, reason: str
) -> None:
    write_suite(folder, f'{GOOD}\n    [profile.lost]\n    workload = "{workload}"\n')
    (folder / "needy.py").write_text("import not_installed_here\n", encoding="utf-8")
    (folder / "wrong.py").write_text("def nap(:\n", encoding="utf-8")
    done = call(folder, "run", "shop", "--duration", "300ms")
    assert done.returncode == 3
    (lines,) = [line for line in done.stdout.splitlines() if line.startswith("shop.lost: failed")]
    assert reason in lines
    assert "finished" in row_of("shop.nap", done.stdout)

    if workload == "nowhere:nap":
        workbench = launch("launch", "shop")
        screen = workbench.run_to_end()
        assert "FAIL" in workbench.row("lost", screen).text
        assert workbench.row("nap", screen).operations > 0
        workbench.press("j")
        workbench.terminal.wait_for("nowhere:nap: there is no module")


@pytest.mark.parametrize("command", ["run", "launch"])
def test_a_loop_that_is_not_installed_is_refused(folder: Path, command: str) -> None:
    (folder / "hidden").mkdir()
    (folder / "hidden" / "uvloop.py").write_text("raise ImportError", encoding="utf-8")
    path = os.pathsep.join([str(folder / "hidden"), os.environ.get("PYTHONPATH", "")])
    options = ("mediator.search", "--loop", "uvloop")
    done = call(folder, command, *options, environment={"PYTHONPATH": path})
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "--loop uvloop: it is not installed" in line


# --- stores -------------------------------------------------------------------------------------


def store_with_a_snapshot(folder: Path) -> Path:
    """The path of a store that holds the snapshot `first`, from the working folder."""
    write_suite(folder, GOOD, defaults='warmup = 0\nduration = "300ms"')
    store = Path("kept") / "s.db"
    done = call(folder, "run", "shop.nap", "--store", store, "--save", "first")
    assert done.returncode == 0, done.stderr
    return store


def file_in_the_way(folder: Path, store: Path) -> Path:
    (folder / "file").write_text("not a folder", encoding="utf-8")
    return Path("file") / "s.db"


def newer(folder: Path, store: Path) -> Path:
    with sqlite3.connect(folder / store) as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()
    return store


def of_another_program(folder: Path, store: Path) -> Path:
    with sqlite3.connect(folder / "other.db") as connection:
        connection.execute("CREATE TABLE song (title)")
    connection.close()
    return Path("other.db")


def no_database(folder: Path, store: Path) -> Path:
    (folder / "notes.txt").write_text("milk, bread " * 100, encoding="utf-8")
    return Path("notes.txt")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (file_in_the_way, "file/s.db: a file is in the way where a folder is needed"),
        (newer, "kept/s.db: written by a newer cortex-tui (schema 999, expected at most "),
        (of_another_program, "other.db: it is a database of another program"),
        (no_database, "notes.txt: it is no SQLite database"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_store_that_is_refused_is_reported_and_left_as_it_was(
    folder: Path, launch: Launch, make: Callable[[Path, Path], Path], reason: str
) -> None:
    store = make(folder, store_with_a_snapshot(folder))
    before = (folder / store).read_bytes() if (folder / store).exists() else None
    done = call_here(folder, "run", "shop.nap", "--store", store, "--save", "second")
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert f"--save: {reason}" in line
    # Unsaved, it runs and tells its numbers.
    done = call(folder, "run", "shop.nap", "--store", store)
    assert done.returncode == 2
    assert "finished" in row_of("shop.nap", done.stdout)
    assert f"not stored: {reason}" in done.stdout

    workbench = launch("launch", "shop.nap", "--store", store)
    workbench.press("r")
    workbench.wait_for_row("nap", lambda row: "done" in row.text and row.operations)
    workbench.terminal.wait_for("not stored: ")
    workbench.save_as("third")
    workbench.terminal.wait_for(reason.split(": ")[0])
    workbench.escape("Save a snapshot")
    screen = workbench.leave()
    assert "finished" in row_of("shop.nap", screen)
    assert "not stored: " in screen
    assert ((folder / store).read_bytes() if before is not None else None) == before


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Nothing in the folder can be changed within it; skips where that cannot be had."""
    everything = [folder, *folder.rglob("*")]
    if os.geteuid():
        for path in everything:
            path.chmod(path.stat().st_mode & ~0o222)
    elif not _immutable(everything, "+i"):
        pytest.skip("no way to make a folder read-only for root here (chattr +i is refused)")
    try:
        yield
    finally:
        if os.geteuid():
            for path in everything:
                path.chmod(path.stat().st_mode | 0o200)
        else:
            _immutable(everything, "-i")


def _immutable(paths: list[Path], flag: str) -> bool:
    if shutil.which("chattr") is None:
        return False
    done = subprocess.run(["chattr", flag, *paths], capture_output=True, check=False)
    return not done.returncode


def test_a_read_only_store_is_read_and_a_session_waits_until_it_can_be_written(
    folder: Path, launch: Launch
) -> None:
    store = store_with_a_snapshot(folder)
    with read_only(folder / "kept"):
        assert "first" in call_here(folder, "snapshots", "--store", store).stdout
        done = call_here(folder, "rm", "first", "--store", store)
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1

        workbench = launch("launch", "shop.nap", "--store", store)
        workbench.press("r")
        row = workbench.wait_for_row("nap", lambda row: "done" in row.text)
        workbench.terminal.wait_for("not stored: ")
        workbench.save_as("second")
        workbench.terminal.wait_for("use another", "--store")
    workbench.press("Enter")
    workbench.terminal.wait_for("Saved as second")
    workbench.leave()
    saved = call_here(folder, "snapshots", "--store", store).stdout
    assert "first" in saved
    done = call_here(folder, "show", "second", "--store", store)
    assert f"{row.operations:.0f}" in done.stdout
    assert shown(folder, "second", store)["runs"][0]["operations"] == row.operations
