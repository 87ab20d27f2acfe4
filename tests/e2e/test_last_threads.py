"""The process ends, whatever threads and signals there are at its end."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.e2e.conftest import OpenTerminal
from tests.e2e.program import call, row_of, shown, write_suite
from tests.e2e.workbench import KEYS

LEAVES_A_THREAD = """
    import threading


    async def nap():
        if not any(each.name == "left" for each in threading.enumerate()):
            threading.Thread(target=time.sleep, args=(3600,), name="left").start()
        await asyncio.sleep(0.001)
"""
NAPS = """
    [profile.nap]
    workload = "bench:nap"
    iterations = 100
"""


def test_a_thread_that_a_workload_has_left_does_not_keep_the_process(folder: Path) -> None:
    write_suite(folder, NAPS, code=LEAVES_A_THREAD)
    done = call(folder, "run", "shop.nap", "--in-process", "--save", "whole")
    assert done.returncode == 0, done.stderr
    assert "finished" in row_of("shop.nap", done.stdout)
    last = done.stderr.splitlines()[-1]
    assert last == "cortex-tui: ended without waiting for its threads: left"
    assert shown(folder, "whole")["runs"][0]["operations"] == 100


CONTINUED_AT_THE_END = """
import os, signal, sys
from cortex_tui.cli import main
from cortex_tui.tui.terminal_driver import TerminalDriver

stop = TerminalDriver.stop_application_mode


def stopped(driver):
    stop(driver)
    os.kill(os.getpid(), signal.SIGCONT)


TerminalDriver.stop_application_mode = stopped
main()
"""


def test_a_workbench_that_is_continued_while_it_leaves_has_left(
    folder: Path, open_terminal: OpenTerminal
) -> None:
    # As when a terminal goes away: one comes behind each SIGHUP, at any time.
    (folder / "continued.py").write_text(CONTINUED_AT_THE_END)
    terminal = open_terminal()
    terminal.run([sys.executable, "continued.py", "launch", "mediator"])
    terminal.wait_for(KEYS)
    terminal.press("q")
    screen = terminal.wait_for_shell()
    assert "Traceback" not in screen
    assert "without waiting" not in screen
    assert not terminal.modes()["alternate_on"]
