"""How soon the loss of a part of a fleet is seen, and what is lost with it."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import struct
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.placement.cluster.adapters import adapter_of
from cortex_tui.placement.cluster.placement import OnCluster
from cortex_tui.placement.cluster.settings import ClusterSettings
from cortex_tui.placement.port import Stream
from cortex_tui.protocol.commands import Request, Stop
from cortex_tui.protocol.messages import MachineChanged, Message, Samples, ShardChanged
from cortex_tui.results.session_fold import SessionFold
from tests.performance._measure import Measurements
from tests.performance._sessions import React, Subjects, folded

HOUR_NS = 3_600_000_000_000
MARK = "CORTEX_TUI_MEASURED_FLEET"
SETTLED_NS = 1_000_000_000
"""What ended that long before a kill must have arrived: ten messages were sent since."""

JOURNAL = """
import asyncio, os, struct, time
from cortex_tui import workload

@workload
async def noted():
    journal = os.open(f"{folder}/{{os.getpid()}}", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    async def operation(i):
        await asyncio.sleep(0.001)
        os.write(journal, struct.pack("=qq", i, time.perf_counter_ns()))
    yield operation
"""
"""Keeps an account of its own of each operation: its number, and when it ended."""


def add_rows(measurements: Measurements) -> None:
    if not Path("/proc").is_dir():
        return
    rounds = measurements.rounds(quick=3, full=15)
    what = "kill -9 of a runner, until the session knows"
    if measurements.wants(what):
        seen_ms = [_killed_runner_seen_ms() for _ in range(rounds)]
        measurements.absolute(what, median(seen_ms), unit="ms", goal=100.0)
    what = "SIGSTOP of all of a machine, until the session knows"
    if measurements.wants(what):
        seen_ms = [_silent_machine_seen_ms() for _ in range(rounds)]
        measurements.absolute(what, median(seen_ms), unit="ms", goal=1_000.0)
    kills = measurements.rounds(quick=6, full=50)
    what = f"{kills} kills of random members: operations lost or counted twice"
    if measurements.wants(what):
        found = Counter[str]()
        for seed in range(kills):
            found.update(_random_kill(random.Random(seed)))
        measurements.absolute(what, found["lost"] + found["twice"], unit="operations", goal=0.0)
        measurements.absolute(
            f"{kills} kills of random members: processes left", found["left"], unit="processes",
            goal=0.0,
        )  # fmt: skip
        measurements.line(
            f"{kills} kills of random members: operations received, and done", found["received"],
            found["done"], found["received"] / found["done"], None, met=True, unit="operations",
        )  # fmt: skip


def _killed_runner_seen_ms() -> float:
    with _fleet(2) as fleet:
        began_ns = 0

        def react(stream: Stream, message: Message) -> None:
            nonlocal began_ns
            if isinstance(message, Samples) and message.interval == 3 and not began_ns:
                began_ns = time.perf_counter_ns()
                os.kill(fleet.runners()[1], signal.SIGKILL)
            if isinstance(message, ShardChanged) and message.state == "lost":
                fleet.seen_ns.append(time.perf_counter_ns() - began_ns)
                stream.send(Request(1, Stop()))

        fleet.run(react)
        return fleet.seen_ns[0] / 1e6


def _silent_machine_seen_ms() -> float:
    with _fleet(2) as fleet:
        began_ns = 0
        stopped: list[int] = []

        def react(stream: Stream, message: Message) -> None:
            nonlocal began_ns
            if isinstance(message, Samples) and message.interval == 3 and not began_ns:
                runner = fleet.runners()[1]
                stopped.extend((runner, _parent(runner)))
                began_ns = time.perf_counter_ns()
                for pid in stopped:
                    os.kill(pid, signal.SIGSTOP)
            if isinstance(message, MachineChanged) and message.state == "silent":
                fleet.seen_ns.append(time.perf_counter_ns() - began_ns)
                for pid in stopped:
                    os.kill(pid, signal.SIGCONT)
                stream.send(Request(1, Stop()))

        fleet.run(react)
        return fleet.seen_ns[0] / 1e6


def _random_kill(drawn: random.Random) -> Counter[str]:
    """What became of one session of four runners, a member of which is killed."""
    after = drawn.randrange(11, 25)
    killed_ns = 0
    with _fleet(4) as fleet:

        def react(stream: Stream, message: Message) -> None:
            nonlocal killed_ns
            if isinstance(message, Samples) and message.interval == after and not killed_ns:
                killed_ns = time.perf_counter_ns()
                os.kill(drawn.choice(fleet.members()), signal.SIGKILL)
                asyncio.get_running_loop().call_later(1.0, stream.send, Request(1, Stop()))

        run = fleet.run(react).runs[0]
        found = Counter(received=run.operations)
        for runner, ends_ns in fleet.journals().items():
            received = run.shards.each[runner].succeeded
            settled = sum(end_ns < killed_ns - SETTLED_NS for end_ns in ends_ns)
            found["done"] += len(ends_ns)
            found["lost"] += max(0, settled - received)
            found["twice"] += max(0, received - len(ends_ns))
    found["left"] = fleet.left
    return found


class _Fleet:
    """Sessions on two agents of this machine, and a look at what they have started."""

    def __init__(self, runners: int, subjects: Subjects, journals: Path, mark: str) -> None:
        self.seen_ns: list[int] = []
        self.left = 0
        """Processes that were there after the end."""
        self._runners = runners
        self._subjects = subjects
        self._journals = journals
        self._mark = mark.encode()

    def run(self, react: React) -> SessionFold:
        return asyncio.run(self._run(react))

    async def _run(self, react: React) -> SessionFold:
        load = ClosedLoad(workers=self._runners, processes=self._runners)
        plan = self._subjects.plan("noted", load, HOUR_NS, self._runners, warmup_ns=0)
        settings = ClusterSettings()
        cluster = OnCluster(adapter_of("agents:2", settings), settings)
        try:
            return await folded(plan, cluster, react)
        finally:
            await cluster.aclose()

    def members(self) -> list[int]:
        """All processes that were started for the fleet and live, in the order of their numbers."""
        return sorted(
            int(entry.name)
            for entry in Path("/proc").iterdir()
            if entry.name.isdecimal() and self._mark in _read(entry / "environ")
        )

    def runners(self) -> list[int]:
        """Those that measure."""
        return [
            pid
            for pid in self.members()
            if b"runner.process" in _read(Path(f"/proc/{pid}/cmdline"))
        ]

    def journals(self) -> dict[int, list[int]]:
        """By runner, when each of its operations ended; its operations have every N-th number."""
        found = {}
        for file in self._journals.iterdir():
            if file.stat().st_size:
                entries = list(struct.iter_unpack("=qq", file.read_bytes()))
                found[entries[0][0] % self._runners] = [end_ns for _, end_ns in entries]
        return found

    def wait_for_end(self) -> None:
        """Notes what has not ended a few seconds after the session."""
        until_s = time.monotonic() + 5.0
        while self.members() and time.monotonic() < until_s:
            time.sleep(0.02)
        self.left = len(self.members())
        for pid in self.members():
            os.kill(pid, signal.SIGKILL)


@contextmanager
def _fleet(runners: int) -> Iterator[_Fleet]:
    mark = uuid.uuid4().hex
    os.environ[MARK] = mark
    with (
        tempfile.TemporaryDirectory() as journals,
        Subjects(JOURNAL.format(folder=journals)) as subjects,
    ):
        fleet = _Fleet(runners, subjects, Path(journals), mark)
        try:
            yield fleet
        finally:
            del os.environ[MARK]
            fleet.wait_for_end()


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:  # it has ended meanwhile
        return b""


def _parent(pid: int) -> int:
    return int(_read(Path(f"/proc/{pid}/stat")).rpartition(b")")[2].split()[1])
