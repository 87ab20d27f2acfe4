"""What `launch` leaves in the terminal, and its exit code."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from cortex_tui.profiles.model import Catalog
from cortex_tui.report import stream
from cortex_tui.tui import launch
from cortex_tui.tui.state.memory import Memory, Remembered
from tests.unit.cli.door import call
from tests.unit.report.stand_in import run_view, session_view


@pytest.mark.parametrize(
    ("trouble", "left_with", "code"),
    [("", 0, 0), ("s.db: the disk is full", 0, 2), ("s.db: the disk is full", 130, 130)],
)
def test_a_session_that_could_not_be_stored_is_an_error_when_the_workbench_is_left(
    trouble: str,
    left_with: int,
    code: int,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    view = msgspec.structs.replace(
        session_view(run_view()), stored=not trouble, store_error=trouble
    )
    monkeypatch.setitem(os.environ, "TERM", "xterm")
    monkeypatch.setattr(stream, "is_terminal", lambda stream: True)
    monkeypatch.setattr(launch, "launch", lambda *given, **more: launch.Outcome(left_with, view))
    found, out, err = call(capsys, "launch")
    assert found == code
    assert "shop.steady" in out
    text = (
        f"cortex-tui: the session could not be stored: {trouble}; its results are only in the table"
    )
    assert err == (f"{text}\n" if trouble else "")


def test_tests_that_were_named_have_the_cursor(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    test = tmp_path / "test_of_mine.py"
    test.write_text("def test_it(benchmark):\n    benchmark(len, ())\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("CORTEX_TUI_STATE", str(tmp_path / "state"))
    Memory(tmp_path / "state", tmp_path).keep(Remembered(filter="loads", cursor="loads.ramp"))
    opened = []

    def open_it(catalog: Catalog, *given: object, memory: Memory, **more: object) -> launch.Outcome:
        opened.append((catalog.profiles[0].full_name, memory.found))
        return launch.Outcome(0, None)

    monkeypatch.setattr(stream, "is_terminal", lambda stream: True)
    monkeypatch.setattr(launch, "launch", open_it)
    assert call(capsys, "launch", "--pytest", "test_of_mine.py").code == 0
    ((name, was),) = opened
    assert name.endswith("test_it")
    assert (was.cursor, was.filter) == (name, "")
