"""`--in-process`: the session runs on the workbench's own loop, and says so."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.conftest import Launch
from tests.e2e.processes import descendants_of
from tests.e2e.program import shown, write_suite

PROFILE = """
    [profile.nap]
    workload = "bench:nap"
"""
WARNING = "shares its loop with the screen"


def test_rows_live_on_the_screens_own_loop(folder: Path, launch: Launch) -> None:
    write_suite(folder, PROFILE, defaults='warmup = 0\nduration = "1h"')
    workbench = launch("launch", "--in-process", "shop")
    workbench.press("r")
    first = workbench.wait_for_row("nap", lambda row: row.operations > 10)
    screen = workbench.terminal.wait_for(WARNING)
    assert "in-process" in screen.splitlines()[0]
    assert descendants_of(workbench.terminal.pid) == set()
    workbench.wait_for_row("nap", lambda row: row.operations > first.operations)
    workbench.press("x")
    workbench.wait_for_state("finished")
    workbench.save_as("inside")
    workbench.terminal.wait_for("Saved as inside")
    assert WARNING in workbench.leave()
    document = shown(folder, "inside")
    assert document["placement"] == "in-process"
    (run,) = document["runs"]
    assert run["state"] == "stopped"
    assert run["warnings"] == [WARNING]


def test_leaving_ends_a_session_on_the_screens_own_loop(folder: Path, launch: Launch) -> None:
    write_suite(folder, PROFILE, defaults='warmup = 0\nduration = "1h"')
    workbench = launch("launch", "--in-process", "shop")
    workbench.press("r")
    workbench.wait_for_row("nap", lambda row: row.operations > 10)
    screen = workbench.leave()
    assert "shop.nap  stopped" in screen
    assert "is stored in" in screen
