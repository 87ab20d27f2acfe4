"""Which process writes a session: shows whether one without an end still runs or was cut short."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec


class Writer(msgspec.Struct, frozen=True):
    """A process. Numbers of processes are used again, so the moment of its start belongs to it."""

    pid: int
    started: str = ""
    """Boot and clock ticks since; "" where the system does not tell."""


def this_process() -> Writer:
    return Writer(os.getpid(), _started(os.getpid()))


def is_alive(writer: Writer) -> bool:
    """Whether that very process is still there, on this machine and since the same boot."""
    if writer.pid <= 0:
        return False
    if writer.started:
        return _started(writer.pid) == writer.started
    try:
        os.kill(writer.pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _started(pid: int) -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    # The second field is the program's name in parentheses, which may hold blanks and more of them.
    fields = stat.rpartition(")")[2].split()
    state, ticks = fields[0], fields[19]
    return "" if state in "ZX" else f"{boot}:{ticks}"
