"""CPU time that others had: the hypervisor's other guests, and processes that are not ours.

From the first line of Linux's /proc/stat, in ticks of mostly 10 ms. From the time that all
processes used, that of the session's own is taken away: of this one, of those that it has started,
and of the program that shows or reports the session.
"""

from __future__ import annotations

import contextlib
import os
import resource
import time
from collections.abc import Iterator
from typing import NamedTuple

from cortex_tui.runner.clock import CLOCK

SCAN_NS = 1_000_000_000
"""How often it is looked which processes this one has started."""


class OthersTime(NamedTuple):
    """In ns, over all cores."""

    steal_ns: int = 0
    foreign_ns: int = 0
    """Of processes that do not belong to the session."""


class MachineTime:
    """What others had between two calls of `take`, which costs some 15 us."""

    def __init__(
        self, program: int | None = None, *, shared: bool = False, stat: str = "/proc/stat"
    ) -> None:
        """`program` is the process that this one was started by, where that belongs to the session.
        In a session that is `shared` with other runners, foreign time is not known, and 0."""
        self._fd: int | None = None
        with contextlib.suppress(OSError):
            self._fd = os.open(stat, os.O_RDONLY | os.O_CLOEXEC)
        self._tick_ns = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
        self._program = program
        self._shared = shared
        self._started: dict[int, int] = {}
        """By process that this one has started: what it had used before it was ours to count."""
        self._scan_at_ns = 0
        self._steal_ns = 0
        self._begin_ns = 0
        self._most_ns = 0
        self.begin()

    def begin(self) -> None:
        """Counts from now on."""
        used_ns, self._steal_ns = self._read()
        self._started = {} if self._fd is None else {pid: used_by(pid) or 0 for pid in children()}
        self._begin_ns = used_ns - self._own_ns()
        self._most_ns = 0

    def take(self) -> OthersTime:
        """Since the last call, in steps of a tick."""
        if self._fd is None:
            return OthersTime()
        used_ns, steal_ns = self._read()
        stolen_ns, self._steal_ns = max(0, steal_ns - self._steal_ns), steal_ns
        if self._shared:
            return OthersTime(stolen_ns)
        if (now_ns := CLOCK.read_ns()) >= self._scan_at_ns:
            self._scan_at_ns = now_ns + SCAN_NS
            for pid in children():
                self._started.setdefault(pid, 0)
        # Ticks come late, and our own time does not: what is too little now is made up for later.
        so_far_ns = used_ns - self._own_ns() - self._begin_ns
        foreign_ns = max(0, so_far_ns - self._most_ns)
        self._most_ns += foreign_ns
        return OthersTime(stolen_ns, foreign_ns)

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _read(self) -> tuple[int, int]:
        """What processes have used, and what was stolen, since the machine was started."""
        if self._fd is None:
            return 0, 0
        # cpu user nice system idle iowait irq softirq steal … (proc_stat(5))
        fields = os.pread(self._fd, 256, 0).split(b"\n", 1)[0].split()
        if len(fields) < 9:
            return 0, 0
        return sum(map(int, fields[1:4])) * self._tick_ns, int(fields[8]) * self._tick_ns

    def _own_ns(self) -> int:
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        total_ns = CLOCK.process_ns() + round((ended.ru_utime + ended.ru_stime) * 1e9)
        for pid, before_ns in list(self._started.items()):
            found_ns = used_by(pid)
            if found_ns is None:
                del self._started[pid]  # it is among those that have ended
            else:
                total_ns += found_ns - before_ns
        return total_ns + ((used_by(self._program) or 0) if self._program else 0)


def used_by(pid: int) -> int | None:
    """The CPU time in ns of a process; None where it has ended."""
    try:
        # The number of its clock (clock_getcpuclockid(3)), which Linux makes of its own.
        return time.clock_gettime_ns((~pid << 3) | 2)
    except OSError:
        return None


def children(pid: int | None = None) -> Iterator[int]:
    """The processes that this one, or that one, has started, and theirs."""
    # As text: a Path enters the numbers of threads into Python's table of names, which forgets
    # them, but not their places, and doubles when all are taken.
    folder = f"/proc/{'self' if pid is None else pid}/task"
    with contextlib.suppress(OSError, ValueError):
        for thread in os.listdir(folder):
            with open(f"{folder}/{thread}/children", "rb") as listed:
                found = listed.read().split()
            for child in found:
                yield int(child)
                yield from children(int(child))
