"""A workload that takes its process down: the screen stays, and so do the numbers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.conftest import Launch
from tests.e2e.program import call, call_here, row_of, shown, write_suite

CODE = """
    async def leave():
        await asyncio.sleep(0.001)
        await die(lambda: os._exit(7))


    async def crash():
        await asyncio.sleep(0.001)
        await die(lambda: ctypes.string_at(0))


    done = 0


    async def die(how):
        global done
        done += 1
        if done == 600:
            how()
"""
PROFILES = """
    [profile.leave]
    workload = "bench:leave"
    [profile.crash]
    workload = "bench:crash"
    [profile.nap]
    workload = "bench:nap"
    duration = "300ms"
"""


@pytest.mark.parametrize(
    ("name", "of_what"),
    [("leave", "exited with code 7"), ("crash", "was killed by SIGSEGV")],
)
def test_the_run_fails_with_a_reason_and_its_numbers_can_be_saved(
    folder: Path, launch: Launch, name: str, of_what: str
) -> None:
    write_suite(folder, PROFILES, code=CODE, defaults='warmup = 0\nduration = "1h"')
    workbench = launch("launch", f"shop.{name}")
    workbench.press("r")
    screen = workbench.wait_for_state(f"DIED: the runner {of_what}")
    row = workbench.row(name, screen)
    assert "FAIL" in row.text
    # All but the interval under way, a tenth of a second of about a millisecond each.
    assert 600 > row.operations >= 400
    assert row.cell("p50").endswith("ms")
    workbench.save_as("died")
    workbench.terminal.wait_for("Saved as died")
    if name == "crash":
        workbench.press("l", "Enter")
        workbench.terminal.wait_for("▸log of the session")
        workbench.press("Home")
        workbench.terminal.wait_for("Segmentation fault")
        workbench.press("Enter", "l")

    # The next session has a runner of its own.
    workbench.press("Space", "G", "Home", "/")
    workbench.terminal.wait_for("parts of a name")
    workbench.terminal.type("nap")
    workbench.terminal.wait_for("/nap 1 of")
    workbench.press("Enter")
    workbench.terminal.wait_until(lambda screen: "parts of a name" not in screen)
    workbench.press("a", "r")
    workbench.wait_for_row("nap", lambda row: "done" in row.text)
    workbench.leave()

    (run,) = shown(folder, "died")["runs"]
    assert run["state"] == "failed"
    assert of_what in run["reason"]
    assert 600 > run["operations"] >= 400
    assert "failed" in row_of(f"shop.{name}", call_here(folder, "show", "died").stdout)


def test_a_run_that_was_measured_before_keeps_its_result(folder: Path) -> None:
    write_suite(folder, PROFILES, code=CODE, defaults='warmup = 0\nduration = "1h"')
    done = call(folder, "run", "shop.nap", "shop.leave", "--json", "died.json")
    assert done.returncode == 3
    runs = {run["profile"]: run for run in json.loads((folder / "died.json").read_text())["runs"]}
    assert runs["shop.leave"]["state"] == "failed"
    assert runs["shop.nap"]["state"] == "finished"
    assert runs["shop.nap"]["measured_ns"] >= 300_000_000
    assert any("not torn down" in warning for warning in runs["shop.nap"]["warnings"])
