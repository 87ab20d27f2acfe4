"""What the soak measures: workloads that count by themselves what they did, outside of the tool.

Each process of a workload has a small file that is mapped into its memory, so what it has counted
is there whatever kills it.
"""

from __future__ import annotations

import struct
import textwrap
from dataclasses import dataclass
from pathlib import Path

SESSION_S = 12

_CODE = '''
import asyncio
import mmap
import os
import time

from cortex_tui import workload

LEDGER = {ledger!r}


@workload
async def counted(name, pause=0.004, fails=0, prints=0):
    """Waits; each operation of `fails` fails, each of `prints` prints a line."""
    path = os.path.join(LEDGER, f"{{name}}.{{os.getpid()}}.{{time.monotonic_ns()}}")
    with open(path, "x+b") as file:
        file.truncate(24)
        counts = memoryview(mmap.mmap(file.fileno(), 24)).cast("q")

    async def operation(i):
        counts[0] += 1
        await asyncio.sleep(pause)
        if prints and i % prints == 0:
            print(f"{{name}} is at {{i}}", flush=True)
        if fails and i % fails == 0:
            counts[2] += 1
            raise ValueError("out of stock")
        counts[1] += 1

    yield operation
'''
_SUITES = {
    "quick": f"""
        [defaults]
        workload = "counted:counted"
        warmup = 0
        duration = "{SESSION_S}s"
        [profile.rated]
        params = {{ name = "rated" }}
        load = {{ rate = "150/s" }}
        [profile.closed]
        params = {{ name = "closed", prints = 50 }}
        load = {{ workers = 2 }}
        [profile.failing]
        params = {{ name = "failing", fails = 7 }}
        load = {{ rate = "40/s" }}
        """,
    "shared": f"""
        [defaults]
        workload = "counted:counted"
        warmup = 0
        duration = "{SESSION_S}s"
        [profile.halves]
        params = {{ name = "halves" }}
        load = {{ rate = "100/s", processes = 2 }}
        """,
    "core": f"""
        [defaults]
        warmup = 0
        duration = "{SESSION_S}s"
        [profile.writes]
        workload = "cortex.capture"
        [profile.reads]
        workload = "cortex.get"
        params = {{ conversations = 1 }}
        """,
    "long": """
        [defaults]
        workload = "counted:counted"
        warmup = 0
        duration = "10h"
        [profile.steady]
        params = { name = "steady" }
        load = { rate = "100/s" }
        [profile.calls]
        params = { name = "calls", pause = 0.01 }
        [profile.some-fail]
        params = { name = "some-fail", fails = 10 }
        load = { rate = "20/s" }
        """,
}
_SUITES["cut"] = _SUITES["quick"].replace(f"{SESSION_S}s", "10h")
"""`core` measures the shipped subject, with databases in the folder of the store, and does not
count by itself. `cut` does not end before its workbench does, however busy the machine is."""
PROFILES = {
    "core": ("writes", "reads"),
    "cut": ("rated", "closed", "failing"),
    "quick": ("rated", "closed", "failing"),
    "shared": ("halves",),
    "long": ("steady", "calls", "some-fail"),
}


@dataclass(frozen=True, slots=True)
class Count:
    """What one process did of one profile."""

    profile: str
    pid: int
    started: int
    succeeded: int
    failed: int


class Ledger:
    """The folder of the files in which the workloads count."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def files(self) -> set[str]:
        return {file.name for file in self.folder.iterdir()}

    def counts(self, files: set[str]) -> list[Count]:
        found = []
        for name in sorted(files):
            profile, pid, _ = name.rsplit(".", 2)
            data = (self.folder / name).read_bytes()
            # Killed between making the file and giving it its length: nothing was done yet.
            numbers = struct.unpack("=3q", data) if len(data) == 24 else (0, 0, 0)
            found.append(Count(profile, int(pid), *numbers))
        return found


def write_suites(folder: Path, ledger: Ledger) -> None:
    suites = folder / "profiles"
    suites.mkdir()
    (suites / "counted.py").write_text(_CODE.format(ledger=str(ledger.folder)), encoding="utf-8")
    for name, text in _SUITES.items():
        (suites / f"{name}.toml").write_text(textwrap.dedent(text), encoding="utf-8")
