"""No process outlives its end, whatever ends and whatever a workload is at."""

from __future__ import annotations

import os
import signal
import struct
import time
from itertools import pairwise
from pathlib import Path

import pytest

from tests.e2e.conftest import Launch
from tests.e2e.processes import descendants_of, runner_of, wait_until_gone
from tests.e2e.program import call, newest_session, shown, write_suite
from tests.e2e.workbench import Workbench
from tests.patience import PATIENCE_S

# Each starts a process of its own before it misbehaves.
CODE = """
    def start_child():
        subprocess.Popen(["sleep", "3600"])
        print("child started", flush=True)


    async def behave():
        if not os.path.exists("started"):
            open("started", "x").close()
            start_child()
        await asyncio.sleep(0.001)


    async def spin():
        start_child()
        while True:
            pass


    async def block():
        start_child()
        time.sleep(3600)


    async def note():
        await asyncio.sleep(0.002)
        with open("ended", "ab") as file:
            file.write(time.perf_counter_ns().to_bytes(8, "little"))
"""
PROFILES = """
    [profile.behave]
    workload = "bench:behave"
    [profile.spin]
    workload = "bench:spin"
    [profile.block]
    workload = "bench:block"
    [profile.note]
    workload = "bench:note"
"""


@pytest.fixture
def shop(folder: Path) -> Path:
    write_suite(folder, PROFILES, code=CODE, defaults='warmup = 0\nduration = "1h"')
    return folder


def run_until_it_misbehaves(launch: Launch, work: str) -> tuple[Workbench, set[int]]:
    """The workbench once the workload is at work, and all processes that it has started."""
    workbench = launch("launch", f"shop.{work}")
    workbench.press("l", "r")
    workbench.terminal.wait_for("child started")
    started = descendants_of(workbench.terminal.pid)
    assert len(started) >= 2  # the runner and the workload's own
    return workbench, started


WORK = pytest.mark.parametrize("work", ["behave", "spin", "block"])


@pytest.mark.parametrize(
    ("key", "work"), [("q", "behave"), ("q", "spin"), ("q", "block"), ("C-c", "spin")]
)
def test_leaving_leaves_no_process(shop: Path, launch: Launch, work: str, key: str) -> None:
    workbench, started = run_until_it_misbehaves(launch, work)
    started.add(workbench.terminal.pid)
    if key == "q":
        workbench.leave()
    else:
        workbench.press(key)
        workbench.terminal.wait_for_shell()
    wait_until_gone(started)


@WORK
def test_closing_the_terminal_leaves_no_process(shop: Path, launch: Launch, work: str) -> None:
    workbench, started = run_until_it_misbehaves(launch, work)
    started.add(workbench.terminal.pid)
    workbench.terminal.hang_up()
    wait_until_gone(started)
    assert newest_session(shop)[1] in ("stopped", "died")


@WORK
def test_killing_the_workbench_leaves_no_process(shop: Path, launch: Launch, work: str) -> None:
    workbench, started = run_until_it_misbehaves(launch, work)
    pid = workbench.terminal.pid
    os.kill(pid, signal.SIGKILL)
    wait_until_gone(started | {pid})
    assert list((shop / ".cortex-tui" / "scratch").glob("*")) == []


@WORK
def test_killing_the_runner_leaves_the_workbench(shop: Path, launch: Launch, work: str) -> None:
    workbench, started = run_until_it_misbehaves(launch, work)
    os.kill(runner_of(workbench.terminal.pid), signal.SIGKILL)
    workbench.wait_for_state("DIED: the runner was killed by SIGKILL")
    wait_until_gone(started)
    (shop / "started").unlink(missing_ok=True)
    workbench.press("r")
    workbench.wait_for_state("running")
    workbench.leave()


def test_of_a_killed_workbench_at_most_the_last_second_is_missing(
    shop: Path, launch: Launch
) -> None:
    workbench = launch("launch", "shop.note")
    workbench.press("r")
    workbench.wait_for_row("note", lambda row: row.operations > 0)
    longest_ns = _longest_between_writes_ns(shop, 3)
    workbench.wait_for_row("note", lambda row: row.operations > 900)
    killed_ns = time.perf_counter_ns()
    pid = workbench.terminal.pid
    started = descendants_of(pid)
    os.kill(pid, signal.SIGKILL)
    # It runs as long as its last thread has not ended, which may be after all that it has started.
    wait_until_gone(started | {pid})

    session, state = newest_session(shop)
    assert state == "interrupted"
    (run,) = shown(shop, session)["runs"]
    assert run["state"] == "interrupted"
    ended = (shop / "ended").read_bytes()
    ended_ns = [moment for (moment,) in struct.iter_unpack("<Q", ended)]
    assert run["operations"] <= len(ended_ns)
    # It is written once a second, and a tenth may be under way. A busy machine that was late by
    # some time before may be late by that once more.
    late_ns = max(0, longest_ns - 1_000_000_000)
    due = sum(moment < killed_ns - 1_300_000_000 - 2 * late_ns for moment in ended_ns)
    assert run["operations"] >= due > 100
    # What is interrupted can be named and read like anything else.
    assert call(shop, "save", session, "cut").returncode == 0
    assert shown(shop, "cut")["runs"][0]["operations"] == run["operations"]


def _longest_between_writes_ns(folder: Path, times: int) -> int:
    """Watches that number of times how long it is from one write of the store to the next."""
    log = folder / ".cortex-tui" / "snapshots.db-wal"
    give_up = time.monotonic() + PATIENCE_S
    written: list[int] = []
    while len(written) <= times:
        assert time.monotonic() < give_up
        moment = log.stat().st_mtime_ns if log.exists() else 0
        if moment and moment not in written:
            written.append(moment)
        time.sleep(0.01)
    return max(later - first for first, later in pairwise(written))


def test_scratch_databases_are_gone_after_a_kill(folder: Path, launch: Launch) -> None:
    workbench = launch("launch", "mediator.command-dispatch")
    workbench.press("r")
    workbench.wait_for_row("comman…patch", lambda row: row.operations > 0)
    scratch = folder / ".cortex-tui" / "scratch"
    assert list(scratch.rglob("*.db*"))
    # Neither can clean up after the other. (A workbench that is stopped first would be a stopped
    # job of the shell, which says nothing of its end until the next prompt.)
    pid = workbench.terminal.pid
    started = descendants_of(pid)
    for process in started:
        os.kill(process, signal.SIGSTOP)
    for process in (pid, *started):
        os.kill(process, signal.SIGKILL)
    workbench.terminal.wait_for("Killed")  # the shell has reaped it
    wait_until_gone(started)
    options = "--duration", "100ms", "--fail-on", "errors"  # a busy machine may miss its target
    assert call(folder, "run", "mediator.query-dispatch", *options).returncode == 0
    _wait_until_empty(scratch)


def _wait_until_empty(folder: Path) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while left := list(folder.iterdir()):
        assert time.monotonic() < give_up, left
        time.sleep(0.01)
