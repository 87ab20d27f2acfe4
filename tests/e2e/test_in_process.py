"""`--in-process`: the session runs on the workbench's own loop, and says so."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.e2e.conftest import Launch
from tests.e2e.processes import descendants_of, wait_until_gone
from tests.e2e.program import call, row_of, shown, write_suite

PROFILE = """
    [profile.nap]
    workload = "bench:nap"
"""
WARNING = "shares its loop with the screen"


def test_rows_live_on_the_screens_own_loop(folder: Path, launch: Launch) -> None:
    code = """
    import gc
    async def nap():
        assert gc.isenabled(), "no garbage is looked for while the workbench starts"
        await asyncio.sleep(0.001)
    """
    write_suite(folder, PROFILE, code=code, defaults='warmup = 0\nduration = "1h"')
    workbench = launch("launch", "--in-process", "shop")
    workbench.press("r")
    first = workbench.wait_for_row("nap", lambda row: row.operations > 10)
    screen = workbench.terminal.wait_for(WARNING)
    assert "in-process" in screen.splitlines()[0]
    assert descendants_of(workbench.terminal.pid) == set()
    workbench.wait_for_row("nap", lambda row: row.operations > first.operations)
    workbench.press("x")
    workbench.wait_for_state("stopped")
    workbench.save_as("inside")
    workbench.terminal.wait_for("Saved as inside")
    assert WARNING in workbench.leave()
    document = shown(folder, "inside")
    assert document["placement"] == "in-process"
    (run,) = document["runs"]
    assert (run["state"], run["errors"]) == ("stopped", {})
    # A busy machine may add that the event loop was blocked.
    assert WARNING in run["warnings"]


def test_a_workload_cannot_end_the_workbench(folder: Path, launch: Launch) -> None:
    code = """
    import asyncio, sys
    from cortex_tui import workload
    @workload
    async def ending():
        async def end():
            sys.exit(5)
        tasks = []
        async def operation(i):
            if i == 20:
                asyncio.get_running_loop().stop()
            if i == 40:
                tasks.append(asyncio.ensure_future(end()))
            await asyncio.sleep(0.001)
        yield operation
    """
    write_suite(
        folder, '[profile.ending]\nworkload = "bench:ending"\n', code=code,
        defaults='warmup = 0\nduration = "1h"',
    )  # fmt: skip
    workbench = launch("launch", "--in-process", "shop")
    workbench.press("r")
    workbench.wait_for_row("ending", lambda row: row.operations > 200)
    screen = workbench.leave()
    assert "something called loop.stop()" in screen
    assert "SystemExit: 5" in screen


def test_leaving_ends_a_session_on_the_screens_own_loop(folder: Path, launch: Launch) -> None:
    write_suite(folder, PROFILE, defaults='warmup = 0\nduration = "1h"')
    workbench = launch("launch", "--in-process", "shop")
    workbench.press("r")
    workbench.wait_for_row("nap", lambda row: row.operations > 10)
    screen = workbench.leave()
    assert "stopped" in row_of("shop.nap", screen)
    assert "is stored in" in screen


def test_a_workbench_whose_loop_is_held_for_good_can_be_ended_and_restores_the_terminal(
    folder: Path, launch: Launch
) -> None:
    code = """
    async def spin():
        open("spinning", "x").close()
        while True:
            pass
    """
    write_suite(folder, '[profile.spin]\nworkload = "bench:spin"\n', code=code)
    workbench = launch("launch", "--in-process", "shop")
    pid = workbench.terminal.pid
    workbench.press("r")
    workbench.terminal.wait_until(lambda screen: (folder / "spinning").exists())
    os.kill(pid, signal.SIGHUP)
    workbench.terminal.wait_for_shell()
    wait_until_gone([pid])
    modes = workbench.terminal.modes()
    assert modes["cursor_flag"]
    assert not modes["mouse_any_flag"]
    workbench.terminal.type("echo $((20 + 3))")
    workbench.terminal.wait_for("echo $((20 + 3))")


def test_nothing_is_imported_while_a_session_measures(folder: Path) -> None:
    """What is imported then is in the way of what is measured: numpy.ma took 13 ms."""
    code = """
    import asyncio, sys
    from pathlib import Path
    from cortex_tui import workload
    imported, is_measuring = [], False
    def note_import(event, arguments):
        if is_measuring and event == "import" and arguments[0] not in sys.modules:
            imported.append(arguments[0])
    @workload
    async def watched():
        global is_measuring
        sys.addaudithook(note_import)
        async def operation(i):
            global is_measuring
            is_measuring = True
            await asyncio.sleep(0.001)
        yield operation
        is_measuring = False
        Path("imported.txt").write_text("\\n".join(imported))
    """
    profile = """
    [profile.watched]
    workload = "bench:watched"
    targets = ["p95 < 1h", "errors == 0"]
    iterations = 2000
    """
    write_suite(folder, profile, code=code, defaults="warmup = 0")
    call(folder, "run", "--in-process", "shop", "--save", "whole")
    assert shown(folder, "whole")["runs"][0]["operations"] == 2000
    assert (folder / "imported.txt").read_text().split() == []
