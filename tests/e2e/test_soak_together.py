"""The reference profiles together for a minute: nothing fails, leaks or grows."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from cortex_tui.paths import shipped_suites
from tests.e2e.conftest import OpenTerminal
from tests.e2e.processes import (
    descendants_of,
    descriptors_of,
    resident_bytes_of,
    runner_of,
    threads_of,
    wait_until_gone,
)
from tests.e2e.program import PROGRAM, shown
from tests.e2e.workbench import Workbench

SECONDS = 60
SUITES = ("mediator", "repository", "search")
ALLOWED_GROWTH = 32 * 1024 * 1024
"""Of the resident memory over three quarters of the run: the intervals themselves, and noise."""

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc"),
]


class Usage(NamedTuple):
    """What a process holds."""

    threads: int
    descriptors: int
    resident_bytes: int


def usage_of(pid: int) -> Usage:
    return Usage(threads_of(pid), descriptors_of(pid), resident_bytes_of(pid))


def check_usage(early: Sequence[Usage], late: Sequence[Usage]) -> None:
    """Of the same processes at two moments of one session."""
    for before, after in zip(early, late, strict=True):
        assert after.threads == before.threads
        assert after.descriptors == before.descriptors
        assert after.resident_bytes - before.resident_bytes < ALLOWED_GROWTH


def check_runs(runs: list[dict[str, object]]) -> None:
    assert len(runs) == 20
    for run in runs:
        assert run["state"] == "finished", run["reason"]
        assert run["errors"] == {}
        assert run["unfinished"] == run["unstarted"] == 0
        assert isinstance(run["operations"], int)
        assert run["operations"] > SECONDS


def test_headless(folder: Path) -> None:
    command: list[str | Path] = [PROGRAM, "run", *SUITES, "--duration", f"{SECONDS}s"]
    command += ["--json", "-"]
    seen: dict[int, list[Usage]] = {}
    with (
        (folder / "out.json").open("w", encoding="utf-8") as out,
        subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stderr is not None
        started: set[int] = set()
        for line in process.stderr:
            found = re.search(r" \d+ measure (\d+)%", line)
            # Neither while all begin nor while the first may have ended.
            if found and 20 <= int(found[1]) <= 90:
                started |= descendants_of(process.pid)
                both = [usage_of(process.pid), usage_of(runner_of(process.pid))]
                seen[int(found[1])] = both
    wait_until_gone(started)
    check_usage(seen[min(seen)], seen[max(seen)])
    check_runs(json.loads((folder / "out.json").read_text(encoding="utf-8"))["runs"])


def test_in_the_workbench(folder: Path, open_terminal: OpenTerminal) -> None:
    (folder / "profiles").mkdir()
    for file in shipped_suites().glob("*.toml"):
        text = re.sub(r'^duration = ".*"', f'duration = "{SECONDS}s"', file.read_text(), flags=re.M)
        (folder / "profiles" / file.name).write_text(text)
    terminal = open_terminal(width=120, height=40)
    workbench = Workbench(terminal, "launch", *SUITES)
    for session in ("first", "second"):
        idle = usage_of(terminal.pid) if session == "second" else None
        workbench.press("r")
        wait_for_share(workbench, 25)
        runner = runner_of(terminal.pid)
        early = [usage_of(terminal.pid), usage_of(runner)]
        wait_for_share(workbench, 95)
        check_usage(early, [usage_of(terminal.pid), usage_of(runner)])
        terminal.wait_until(lambda screen: screen.startswith(" finished"), deadline_s=60)
        workbench.save_as(session)
        terminal.wait_for(f"Saved as {session}")
        check_runs(shown(folder, session)["runs"])
        if idle is not None:
            check_usage([idle], [usage_of(terminal.pid)])
    started = descendants_of(terminal.pid)
    workbench.leave()
    wait_until_gone(started)


def wait_for_share(workbench: Workbench, share: int) -> None:
    """Until the row under the cursor says that so much of measure is over, in percent."""
    workbench.terminal.wait_until(
        lambda screen: any(
            int(found[1]) >= share
            for found in re.finditer(r"^▸.* (?:m|measure) (\d+)%", screen, re.M)
        ),
        deadline_s=2 * SECONDS + 60,
    )
