"""Sessions on agents of this machine, and a look at all that they have started."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import uuid
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pytest

from cortex_tui.placement.cluster.placement import OnCluster
from cortex_tui.placement.cluster.plain import PlainAgents
from cortex_tui.placement.cluster.port import Adapter
from cortex_tui.placement.cluster.settings import ClusterSettings
from cortex_tui.placement.port import Placement, Stream
from cortex_tui.profiles.model import Length
from cortex_tui.protocol.commands import Request, Stop
from cortex_tui.protocol.messages import LogLine
from cortex_tui.protocol.plan import RunPlan
from cortex_tui.results.run_fold import RunFold
from cortex_tui.results.session_fold import SessionFold
from tests.patience import PATIENCE_S
from tests.unit.placement.plan_desk import PlanDesk, React

SOURCE = """
import asyncio, os, subprocess, sys
from cortex_tui import workload

@workload
async def napping():
    async def operation(): await asyncio.sleep(0.01)
    print(f"process {os.getpid()}")
    yield operation

@workload
async def counted():
    # Writes down what has ended, in a file of its machine.
    name = os.path.join(*map(os.environ.get, ("CORTEX_TUI_TEST_TRUTH", "CORTEX_TUI_TEST_MACHINE")))
    with open(name, "ab", buffering=0) as truth:
        async def operation():
            await asyncio.sleep(0.001)
            truth.write(b".")
        yield operation

@workload
async def daemon():
    # In a session of its own, so it has left the runner's group.
    sleeping = [sys.executable, "-c", "import time; time.sleep(600)"]
    subprocess.Popen(sleeping, start_new_session=True)
    async def operation(): await asyncio.sleep(0.01)
    yield operation

@workload
async def stuck():
    import ctypes
    async def operation():
        print("stuck", flush=True)
        ctypes.PyDLL(None).sleep(600)  # with the interpreter lock
    yield operation
"""

HOUR = Length(duration_ns=3_600_000_000_000)
_MARK = "CORTEX_TUI_TEST_MARK"
_MACHINE = "CORTEX_TUI_TEST_MACHINE"

Kind = Literal["guard", "agent", "runner", "other"]


class Member(NamedTuple):
    pid: int
    kind: Kind
    machine: str


class Members:
    """All processes that were started with a mark in their environment."""

    def __init__(self) -> None:
        self.mark = uuid.uuid4().hex

    def __call__(self, kind: Kind | None = None, machine: str | None = None) -> list[Member]:
        """Those that live: of that kind and that machine, or of all."""
        found = {
            int(name): environment
            for name in os.listdir("/proc")
            if name.isdecimal() and (environment := _environment(name, self.mark))
        }
        return [
            member
            for pid, environment in found.items()
            for member in [Member(pid, _kind(pid, found), environment.get(_MACHINE, ""))]
            if kind in (None, member.kind) and machine in (None, member.machine)
        ]

    def signal(self, members: Iterable[Member], number: int = signal.SIGKILL) -> None:
        for member in members:
            with contextlib.suppress(ProcessLookupError):
                os.kill(member.pid, number)

    async def none_left(self) -> None:
        """Waits until all have ended; fails when they do not."""
        await self.changed(lambda members: not members)

    async def changed(self, condition: Callable[[list[Member]], bool]) -> None:
        """Waits until that is so of those that live."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition(self()):  # noqa: ASYNC110
                await asyncio.sleep(0.05)


def _environment(pid: str, mark: str) -> dict[str, str]:
    """With what a process was started; nothing of one that has no mark, has ended, or is another
    user's."""
    try:
        with open(f"/proc/{pid}/environ", "rb", buffering=0) as file:
            environment = file.read()
    except OSError:
        return {}
    if f"{_MARK}={mark}".encode() not in environment:  # so are nearly all; to decode takes long
        return {}
    pairs = (word.decode(errors="replace").partition("=") for word in environment.split(b"\0"))
    return {name: value for name, _, value in pairs}


def _kind(pid: int, marked: Collection[int]) -> Kind:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return "other"
    if b"cortex_tui.placement.cluster.agent" in words:
        return "agent" if parent in marked else "guard"
    return "runner" if b"cortex_tui.runner.process" in words else "other"


class ClusterDesk(PlanDesk):
    """Runs plans of these workloads on a cluster."""

    def __init__(self, folder: Path, members: Members, placement: Placement) -> None:
        super().__init__(folder, SOURCE)
        self.members = members
        self.placement = placement

    @property
    def agent_folders(self) -> list[Path]:
        return sorted((self.folder / "caches" / "cortex-tui" / "agents").iterdir())

    async def run(
        self, *runs: RunPlan, react: React = lambda stream, message: None, **fields: Any
    ) -> SessionFold:
        self.messages.clear()
        plan = self.plan(*runs, **fields)
        return await self.take_in(self.placement.open, plan, "cluster", react)

    def log(self) -> list[str]:
        return [line.text for line in self.of(LogLine) if line.stream == "runner"]


def measured(run: RunFold) -> dict[int, int]:
    """How many operations each of its runners has reported."""
    return {runner: shard.succeeded for runner, shard in run.shards.each.items()}


def stop(stream: Stream) -> None:
    stream.send(Request(1, Stop()))


@asynccontextmanager
async def cluster_desk(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    agents: int = 2,
    lost_after_s: float = PATIENCE_S,
    adapter: Adapter | None = None,
) -> AsyncIterator[ClusterDesk]:
    """At its end nothing may be left, neither a process nor a folder."""
    members = Members()
    monkeypatch.setenv(_MARK, members.mark)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "caches"))
    # A busy machine answers too late for its clock to be known within 5 ms.
    settings = ClusterSettings(lost_after_ns=round(lost_after_s * 1e9), loose_clock=True)
    prefixes = [("env", f"{_MACHINE}=agent-{number}") for number in range(1, agents + 1)]
    placement = OnCluster(adapter or PlainAgents(agents, prefixes), settings)
    desk = ClusterDesk(folder, members, placement)
    try:
        yield desk
        await placement.aclose()
        await members.none_left()
        assert desk.agent_folders == []
    finally:
        await placement.aclose()
        members.signal(members())
