"""What `launch` leaves in the terminal, and its exit code."""

from __future__ import annotations

import os

import msgspec
import pytest

from cortex_tui.report import stream
from cortex_tui.tui import launch
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
    said = (
        f"cortex-tui: the session could not be stored: {trouble}; its results are only in the table"
    )
    assert err == (f"{said}\n" if trouble else "")
