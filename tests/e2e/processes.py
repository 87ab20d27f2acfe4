"""Processes as the system knows them: who started whom, and who is still there."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tests.patience import PATIENCE_S

_POLL_S = 0.05
_PROC = Path("/proc/self/stat")


class Process(NamedTuple):
    """A line of the system's list."""

    pid: int
    parent: int
    state: str
    command: str


def listed() -> list[Process]:
    """All processes but those that have ended and were not reaped yet."""
    if not _PROC.exists():
        return _of_ps()
    return _in_proc(int(name) for name in os.listdir("/proc") if name.isdecimal())


def _in_proc(pids: Iterable[int]) -> list[Process]:
    """Without a process of `ps`, which costs more than what it looks at."""
    found: list[Process] = []
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):
            # Before the last parenthesis stands its name, in which any may be.
            state, parent, *_ = _read(pid, "stat").rpartition(")")[2].split()
            command = _read(pid, "cmdline").replace("\0", " ")
            if state != "Z":
                found.append(Process(pid, int(parent), state, command))
    return found


def _read(pid: int, file: str) -> str:
    return Path(f"/proc/{pid}/{file}").read_text(encoding="utf-8", errors="replace")


def _of_ps() -> list[Process]:
    # -ww: whole command lines, also where COLUMNS is set.
    text = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,ppid=,stat=,args="],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = (Process(int(p), int(q), s, c) for p, q, s, c in map(_fields, text.splitlines()))
    return [process for process in found if not process.state.startswith("Z")]


def _fields(line: str) -> tuple[str, str, str, str]:
    pid, parent, state, *command = line.split(maxsplit=3)
    return pid, parent, state, command[0] if command else ""


def children_of(pid: int) -> list[int]:
    return [process.pid for process in listed() if process.parent == pid]


def descendants_of(pid: int) -> set[int]:
    """Its children, theirs, and so on."""
    processes = listed()
    found: set[int] = set()
    grown = {pid}
    while grown:
        grown = {process.pid for process in processes if process.parent in grown} - found
        found |= grown
    return found


def runner_of(pid: int) -> int:
    """The runner process that the program has started last."""
    return max(
        process.pid
        for process in listed()
        if process.parent == pid and "cortex_tui.runner.process" in process.command
    )


def still_there(pids: Collection[int]) -> list[Process]:
    if _PROC.exists():
        return _in_proc(pids)
    return [process for process in listed() if process.pid in pids]


def wait_until_gone(pids: Collection[int]) -> None:
    """AssertionError names those that are left at the deadline."""
    give_up = time.monotonic() + PATIENCE_S
    while left := still_there(pids):
        assert time.monotonic() < give_up, f"still there: {left}"
        time.sleep(_POLL_S)


def threads_of(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def descriptors_of(pid: int) -> int:
    """Without those of deleted files, which is how SQLite keeps what it needs for a moment."""
    count = 0
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            count += not str(descriptor.readlink()).endswith(" (deleted)")
        except FileNotFoundError:
            continue
    return count


def resident_bytes_of(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1])
    return pages * 4096
