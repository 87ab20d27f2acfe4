"""Where commands write results: never over what sessions are stored in, nor over each other."""

from __future__ import annotations

import errno
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cortex_tui.files import write_whole
from cortex_tui.formats.registry import FORMATS
from cortex_tui.paths import STORE
from tests.unit.cli.door import Answer, call
from tests.unit.formats.recordings import recording, run

Call = Callable[..., Answer]
REFUSED = "sessions are stored in this one"
SUITE = '[profile.one]\nworkload = "idle_bench:idle"\nwarmup = 0\niterations = 5\n'


@pytest.fixture
def do(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Calls a command where a session is stored as `keep`."""
    (folder / "idle_bench.py").write_text("async def idle():\n    pass\n")
    (folder / "cortex-tui.toml").write_text(SUITE)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "idle_bench", raising=False)
    made = FORMATS["session-json"].write
    assert made is not None
    (folder / "whole.json").write_bytes(made(recording(run("p0"))))
    assert call(capsys, "import", "whole.json", "--save", "keep").code == 0
    return lambda *arguments: call(capsys, *arguments)


@pytest.mark.parametrize("ending", ["", "-wal", "-shm", "-journal"])
@pytest.mark.parametrize(
    "command",
    [
        ("export", "keep", "--format", "markdown", "-o", "{}"),
        ("run", "cortex-tui", "--json", "{}"),
        ("run", "cortex-tui", "--export", "csv={}"),
        ("pytest", "tests", "--json", "{}"),
        ("pytest", "tests", "--export", "csv={}"),
        ("history", "cortex-tui.p0", "-o", "{}"),
    ],
)
@pytest.mark.parametrize("elsewhere", [(), ("--store", "other.db")])
def test_no_result_takes_the_place_of_a_store(
    do: Call, command: tuple[str, ...], ending: str, elsewhere: tuple[str, ...]
) -> None:
    before = STORE.read_bytes()
    answer = do(*(each.format(f"{STORE}{ending}") for each in command), *elsewhere)
    assert (answer.code, answer.err.count(REFUSED)) == (2, 1), answer.err
    assert "stored in .cortex" not in answer.err, "nothing was measured"
    assert STORE.read_bytes() == before


def test_neither_does_a_picture(do: Call, folder: Path) -> None:
    STORE.rename("own.svg")
    answer = do("screenshot", "keep", "-o", "own.svg", "--store", "own.svg")
    assert (answer.code, answer.err.count(REFUSED)) == (2, 1), answer.err
    assert do("show", "keep", "--store", "own.svg").code == 0


@pytest.mark.parametrize("target", ["st.db", "./st.db-wal", "link"])
@pytest.mark.parametrize("option", ["--json={}", "--export=csv={}"])
def test_nor_that_of_one_that_is_not_there_yet(
    do: Call, folder: Path, target: str, option: str
) -> None:
    (folder / "link").symlink_to("st.db")
    answer = do("run", "cortex-tui", "--store", "st.db", option.format(target))
    assert (answer.code, answer.err.count(REFUSED)) == (2, 1), answer.err
    assert not (folder / "st.db").exists()


@pytest.mark.parametrize(
    "targets",
    [
        ("--export", "csv=a", "--export", "markdown=a"),
        ("--export", "csv=a", "--json", "./a"),
        ("--json", "-", "--export", "csv=/dev/stdout"),
        ("--export", "markdown=/dev/fd/1", "--export", "csv=/dev/stdout"),
    ],
)
@pytest.mark.parametrize("command", [("run", "cortex-tui"), ("pytest", "tests")])
def test_each_result_has_a_file_of_its_own(
    do: Call, folder: Path, command: tuple[str, ...], targets: tuple[str, ...]
) -> None:
    answer = do(*command, *targets)
    assert (answer.code, answer.err.count("expected another file")) == (2, 1), answer.err
    assert not (folder / "a").exists()


def test_devices_take_several(do: Call) -> None:
    answer = do("run", "cortex-tui", "--json", "/dev/null", "--export", "csv=/dev/null")
    assert answer.code == 0, answer.err


@pytest.mark.parametrize("opened", [">", ">>"])
@pytest.mark.parametrize("target", ["/dev/stdout", "/dev/fd/1", "out-link"])
def test_what_stdout_is_redirected_to_is_continued(
    do: Call, folder: Path, opened: str, target: str
) -> None:
    (folder / "out-link").symlink_to("/dev/stdout")
    (folder / "f").write_text("before\n")
    program = f"{shlex.quote(sys.executable)} -m cortex_tui"
    line = f"(echo A; {program} export keep --format markdown -o {target}; echo B) {opened} f"
    subprocess.run(["sh", "-c", line], check=True, timeout=60, cwd=folder)
    text = (folder / "f").read_text()
    assert text.startswith("before\nA\n#" if opened == ">>" else "A\n#"), text
    assert "p0" in text
    assert text.endswith("\nB\n"), text


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="there is no /proc here")
def test_what_another_process_has_open_is_added_to(folder: Path) -> None:
    with open(folder / "log", "wb") as log:
        log.write(b"one\n")
        log.flush()
        other = subprocess.Popen(["sleep", "60"], stdout=log)
    try:
        write_whole(Path(f"/proc/{other.pid}/fd/1"), b"two\n")
    finally:
        other.kill()
        other.wait(10)
    assert (folder / "log").read_bytes() == b"one\ntwo\n"


def test_an_open_file_is_written_where_it_stands(folder: Path) -> None:
    with open(folder / "log", "wb", buffering=0) as log:
        log.write(b"one\n")
        write_whole(Path(f"/dev/fd/{log.fileno()}"), b"two\n")
        log.write(b"three\n")
    assert (folder / "log").read_bytes() == b"one\ntwo\nthree\n"
    reading, writing = os.pipe()
    with open(reading, "rb") as pipe, open(writing, "wb"):
        write_whole(Path(f"/dev/fd/{writing}"), b"four")
        assert pipe.read(4) == b"four"


def test_what_is_written_is_on_the_disk_before_it_takes_the_place_of_the_file_before(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "f").write_text("before")
    synced: list[tuple[int, str]] = []

    def sync(descriptor: int) -> None:
        synced.append((os.fstat(descriptor).st_size, (folder / "f").read_text()))

    monkeypatch.setattr(os, "fsync", sync)
    write_whole(folder / "f", b"after")
    assert synced == [(5, "before")]
    assert (folder / "f").read_bytes() == b"after"


def test_a_disk_that_fails_leaves_the_file_before(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    (folder / "f").write_text("before")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output error"):
        write_whole(folder / "f", b"after")
    assert [(each.name, each.read_text()) for each in folder.iterdir()] == [("f", "before")]
