"""What else the machine does: other processes, and the hypervisor's other guests.

The load average says what wanted to run over the last minutes; this says who used a processor just
now.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Any, NamedTuple

from cortex_tui.environment.sources import ROOT, output_of, text_of

LEAST_SHARE = 0.05
"""Of a core: what used less is not worth a word."""
_MOST_SHOWN = 8
_PS_LINE = re.compile(r"\s*(\d+)\s+(\d+)\s+(\d+[.,]\d+)\s+(.+)")


class _Process(NamedTuple):
    name: str
    parent: int
    cpu_s: float
    """Since it began."""


class _Moment(NamedTuple):
    at_s: float
    processes: dict[int, _Process]
    steal_s: float | None
    """CPU time given to other guests, over all cores."""


def activity(watch_s: float, root: Path = ROOT) -> dict[str, Any]:
    """`busy`: which processes used how much of a core meanwhile, the busiest first, ours excluded;
    `steal_share`: how much of all cores the hypervisor gave to others."""
    before = _sample(root)
    time.sleep(watch_s)
    after = _sample(root)
    if not before.processes:
        return {"busy": _busy_by_ps()} if os.name == "posix" else {}
    facts: dict[str, Any] = {"busy": _busy(before, after)}
    if before.steal_s is not None and after.steal_s is not None:
        cores = (os.cpu_count() or 1) * (after.at_s - before.at_s)
        facts["steal_share"] = round(max(0.0, after.steal_s - before.steal_s) / cores, 4)
    return facts


def longest_gap_ns(watch_s: float) -> int:
    """The longest time for which a thread that only reads the clock did not get to do so."""
    clock = time.perf_counter_ns
    last_ns = start_ns = clock()
    longest_ns, until_ns = 0, start_ns + round(watch_s * 1e9)
    while last_ns < until_ns:
        now_ns = clock()
        if now_ns - last_ns > longest_ns:
            longest_ns = now_ns - last_ns
        last_ns = now_ns
    return longest_ns


def _sample(root: Path) -> _Moment:
    ticks_per_s = os.sysconf("SC_CLK_TCK")
    processes: dict[int, _Process] = {}
    # Plain text: a Path enters each of its parts into Python's table of names, which forgets those
    # that are gone, but not their places. When all are taken it doubles, for good.
    proc = os.path.join(root, "proc")
    try:
        pids = [int(entry) for entry in os.listdir(proc) if entry.isdigit()]
    except OSError:
        pids = []
    for pid in pids:
        # "pid (name) state ppid … utime stime …"; the name may hold blanks and brackets.
        head, bracket, tail = (text_of(f"{proc}/{pid}/stat") or "").rpartition(")")
        fields = tail.split()
        if bracket and len(fields) > 12:
            name = head.partition("(")[2]
            cpu_s = (int(fields[11]) + int(fields[12])) / ticks_per_s
            processes[pid] = _Process(name, int(fields[1]), cpu_s)
    return _Moment(time.monotonic(), processes, _steal_s(root, ticks_per_s))


def _steal_s(root: Path, ticks_per_s: int) -> float | None:
    fields = (text_of(root / "proc/stat") or "").partition("\n")[0].split()
    return int(fields[8]) / ticks_per_s if len(fields) > 8 else None


def _busy(before: _Moment, after: _Moment) -> list[dict[str, Any]]:
    elapsed_s = max(after.at_s - before.at_s, 1e-9)
    found: list[dict[str, Any]] = []
    for pid, process in after.processes.items():
        # One that is new has used all of its time since.
        used_s = process.cpu_s
        if pid in before.processes:
            used_s -= before.processes[pid].cpu_s
        share = used_s / elapsed_s
        if share >= LEAST_SHARE and not _ours(pid, after.processes):
            found.append({"name": process.name, "pid": pid, "share": round(share, 2)})
    found.sort(key=lambda entry: -entry["share"])
    return found[:_MOST_SHOWN]


def _ours(pid: int, processes: dict[int, _Process]) -> bool:
    """Whether it is this process or one that it has started."""
    seen: set[int] = set()
    while pid in processes and pid not in seen:
        if pid == os.getpid():
            return True
        seen.add(pid)
        pid = processes[pid].parent
    return False


def _busy_by_ps() -> list[dict[str, Any]]:
    """Where there is no /proc (macOS): what `ps` makes of the recent past."""
    found: list[dict[str, Any]] = []
    for line in (output_of("ps", "-A", "-ww", "-o", "pid=,ppid=,%cpu=,comm=") or "").splitlines():
        match = _PS_LINE.fullmatch(line)
        if match is None:
            continue
        pid, parent, share = int(match[1]), int(match[2]), float(match[3].replace(",", ".")) / 100
        if share >= LEAST_SHARE and os.getpid() not in (pid, parent):
            found.append({"name": Path(match[4]).name, "pid": pid, "share": round(share, 2)})
    found.sort(key=lambda entry: -entry["share"])
    return found[:_MOST_SHOWN]
