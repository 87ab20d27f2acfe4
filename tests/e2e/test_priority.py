"""Who gives way to whom when a processor is wanted by the screen and by what is measured."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from cortex_tui.tui.priority import NICENESS
from tests.e2e.conftest import Launch
from tests.e2e.processes import runner_of
from tests.e2e.program import write_suite
from tests.policies import WHY_NOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has it by thread")

LOWEST = 19
NAPS = """
    [profile.first]
    workload = "bench:nap"
    duration = "1h"
    [profile.second]
    workload = "bench:nap"
    duration = "1h"
"""


def niceness_of(pid: int) -> dict[int, int]:
    return by_thread(pid, partial(os.getpriority, os.PRIO_PROCESS))


def policies_of(pid: int) -> dict[int, int]:
    return by_thread(pid, os.sched_getscheduler)


def by_thread(pid: int, asked: Callable[[int], int]) -> dict[int, int]:
    """Of those that are still there when they are asked for it."""
    found: dict[int, int] = {}
    for thread in map(int, os.listdir(f"/proc/{pid}/task")):
        with suppress(ProcessLookupError):
            found[thread] = asked(thread)
    return found


def has_runner_besides(seen: set[int], pid: int) -> bool:
    try:
        return runner_of(pid) not in seen
    except ValueError:  # there is none at the moment
        return False


def test_the_screen_gives_way_to_every_runner(folder: Path, launch: Launch) -> None:
    write_suite(folder, NAPS)
    workbench = launch("launch", "shop")
    pid = workbench.terminal.pid
    seen: set[int] = set()
    for name in ("first", "second"):
        workbench.press("r")
        workbench.wait_for_state("running")  # the rows of the session before may still be there
        workbench.terminal.wait_until(lambda _: has_runner_besides(seen, pid))
        workbench.wait_for_row(name, lambda row: row.operations > 0)
        runner = runner_of(pid)
        seen.add(runner)
        ours = os.getpriority(os.PRIO_PROCESS, 0)
        assert set(niceness_of(runner).values()) == {ours}
        assert niceness_of(pid)[pid] == min(ours + NICENESS, LOWEST)
        # Whoever takes its results in waits for a processor, and it never does.
        assert WHY_NOT or os.SCHED_BATCH in policies_of(pid).values()
        assert set(policies_of(runner).values()) == {os.sched_getscheduler(0)}
        workbench.press("x")
        workbench.wait_for_state("stopped")
    assert len(seen) == 2


def test_a_screen_that_shares_its_thread_with_what_is_measured_gives_way_to_nobody(
    folder: Path, launch: Launch
) -> None:
    write_suite(folder, NAPS)
    workbench = launch("launch", "shop.first", "--in-process")
    workbench.press("r")
    workbench.wait_for_row("first", lambda row: row.operations > 0)
    assert set(niceness_of(workbench.terminal.pid).values()) == {os.getpriority(os.PRIO_PROCESS, 0)}
