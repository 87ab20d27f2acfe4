"""What no person does on purpose: resizing without end, pasting a megabyte, 200 profiles, and
stopping the program from outside."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

from cortex_tui.store.records import StoredSession
from cortex_tui.store.sqlite.store import SqliteStore
from tests.e2e.conftest import Launch, OpenTerminal
from tests.e2e.program import newest_session, write_suite
from tests.e2e.workbench import Workbench

OPERATIONS = 3_000
STEADY = f"""
    [profile.steady]
    workload = "bench:nap"
    load = {{ rate = "500/s", max_in_flight = 10_000 }}
    iterations = {OPERATIONS}
"""
MEGABYTE = 1_000_000


def stored(folder: Path) -> StoredSession:
    session, state = newest_session(folder)
    assert state == "finished"

    async def load() -> StoredSession:
        path = folder / ".cortex-tui" / "snapshots.db"
        async with await SqliteStore.open_for_reading(path) as store:
            return await store.load(session)

    return asyncio.run(load())


def everything_was_counted(folder: Path) -> bool:
    (run,) = stored(folder).runs
    return run.state == "finished" and run.service.count == OPERATIONS and not run.unstarted


def started(launch: Launch) -> Workbench:
    workbench = launch("launch", "shop.steady")
    workbench.press("r")
    workbench.wait_for_row("steady", lambda row: row.operations > 0)
    return workbench


def test_five_hundred_resizes_in_a_row_lose_nothing(folder: Path, launch: Launch) -> None:
    write_suite(folder, STEADY, defaults="warmup = 0")
    workbench = started(launch)
    for at in range(500):
        workbench.terminal.resize(30 + at * 37 % 190, 6 + at * 13 % 60)
    workbench.terminal.resize(80, 24)
    workbench.wait_for_state("finished")
    workbench.wait_for_row("steady", lambda row: row.operations == OPERATIONS)
    workbench.leave()
    assert everything_was_counted(folder)


def test_a_pasted_megabyte_neither_acts_nor_stops_anything(folder: Path, launch: Launch) -> None:
    write_suite(folder, STEADY, defaults="warmup = 0")
    workbench = started(launch)
    # On the table, where each letter would be a key, and in a line that takes text.
    workbench.terminal.paste("xXqQ" * (MEGABYTE // 4))
    workbench.press("/")
    workbench.terminal.wait_for("filter: parts of a name")
    workbench.terminal.paste("xXqQ" * (MEGABYTE // 4))
    workbench.terminal.wait_for("/xXqQ")
    workbench.escape("/xXqQ")
    workbench.wait_for_state("finished")
    workbench.wait_for_row("steady", lambda row: row.operations == OPERATIONS)
    workbench.leave()
    assert everything_was_counted(folder)


def test_two_hundred_profiles_run_while_every_tab_is_looked_through(
    folder: Path, launch: Launch
) -> None:
    write_suite(
        folder,
        "\n".join(
            f'[profile.p{at}]\nworkload = "bench:nap"\nload = {{ rate = "5/s" }}\niterations = 20'
            for at in range(200)
        ),
        defaults="warmup = 0",
    )
    workbench = launch("launch", "shop")
    workbench.press("r")
    workbench.wait_for_state("running")
    for tab in "1234567":
        workbench.press(tab, "j", "j", "NPage", "[", "[", "}")
    workbench.press("Escape", "Home")
    workbench.wait_for_state("finished")
    workbench.leave()
    runs = stored(folder).runs
    assert len(runs) == 200
    assert {(run.state, run.service.count) for run in runs} == {("finished", 20)}


def test_a_workbench_that_was_suspended_takes_keys_in_order_and_ends(
    folder: Path, open_terminal: OpenTerminal
) -> None:
    write_suite(folder, STEADY, defaults="warmup = 0")
    terminal = open_terminal()
    # Without job control the shell neither takes the terminal back nor restores its modes.
    terminal.run(["set", "+m"])
    workbench = Workbench(terminal, "launch", "shop.steady")
    workbench.press("r")
    workbench.wait_for_row("steady", lambda row: row.operations > 0)
    pid = terminal.pid
    for _ in range(3):
        os.kill(pid, signal.SIGSTOP)
        workbench.press("/")
        terminal.type("steady")
        os.kill(pid, signal.SIGCONT)
        terminal.wait_for("/steady 1 of")
        workbench.escape("/steady")
    workbench.wait_for_state("finished")
    workbench.leave()
    terminal.run(["stty", "-a"])
    terminal.wait_for(" icanon", " echo ", " icrnl")
    assert everything_was_counted(folder)


def test_a_workbench_that_is_a_stopped_job_comes_back_to_the_foreground(
    folder: Path, launch: Launch
) -> None:
    write_suite(folder, STEADY, defaults="warmup = 0")
    workbench = started(launch)
    os.kill(workbench.terminal.pid, signal.SIGSTOP)
    workbench.terminal.wait_for("Stopped")
    # The terminal is as the workbench has set it, where enter ends no line.
    workbench.terminal.type("fg")
    workbench.press("C-j")
    workbench.wait_for_state("finished")
    workbench.leave()
    assert everything_was_counted(folder)
