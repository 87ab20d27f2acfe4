"""Random members of a cluster are killed at random moments: nothing that was acknowledged is lost,
nothing is counted twice, nothing is left."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from random import Random

import pytest

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.placement.port import Stream
from cortex_tui.profiles.model import Length
from cortex_tui.protocol.messages import Message
from cortex_tui.protocol.plan import RunPlan
from tests.unit.placement.cluster.desk import ClusterDesk, Member, cluster_desk, measured

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")

MACHINES = ["agent-1", "agent-2", "agent-3"]
EACH = 300
"""Operations of a runner, each of at least a millisecond."""
LATEST_S = 0.8
"""After the runners were started: some kills come when all has been measured."""


class Attack:
    """One session, and what is done to it."""

    def __init__(self, desk: ClusterDesk, random: Random) -> None:
        self.desk = desk
        self.random = random
        self.machine = random.choice(MACHINES)
        self.freezes = random.random() < 0.25
        self.before = 0
        """What the victim had reported by then."""
        self.killed: Member | None = None
        self._striking: asyncio.Task[None] | None = None

    async def run(self) -> None:
        desk = self.desk
        profile = desk.profile(
            "counted", load=ClosedLoad(workers=3, processes=3), stop=Length(iterations=3 * EACH)
        )
        await desk.run(RunPlan(0, profile, 1, (0, 1, 2)), react=self._react)
        assert self._striking is not None
        await self._striking

    def _react(self, stream: Stream, message: Message) -> None:
        if self._striking is None:
            self._striking = asyncio.ensure_future(self._strike())

    async def _strike(self) -> None:
        members = self.desk.members
        await asyncio.sleep(self.random.uniform(0, LATEST_S))
        there = members(machine=self.machine)
        if self.freezes:
            members.signal(there, signal.SIGSTOP)
            await asyncio.sleep(self.random.uniform(0, LATEST_S))
            members.signal(there, signal.SIGCONT)
        elif there:
            self.before = measured(self.desk.fold.runs[0]).get(self._runner, 0)
            self.killed = self.random.choice(there)
            members.signal([self.killed])

    @property
    def _runner(self) -> int:
        return MACHINES.index(self.machine)

    def check(self, truth: dict[int, int]) -> None:
        """`truth` is what the operations have written down themselves."""
        run = self.desk.fold.runs[0]
        reported = measured(run)
        for runner in range(len(MACHINES)):
            if runner != self._runner or not run.partial:
                assert reported[runner] == truth[runner] == EACH
        if run.partial:
            assert self.killed is not None, run.partial
            assert f"process {self._runner + 1} of 3 on {self.machine} was lost" in run.partial
            assert self.before <= reported.get(self._runner, 0) <= truth.get(self._runner, 0)


async def attack(desk: ClusterDesk, kills: int, seed: int) -> None:
    random, folder = Random(seed), desk.folder / "truth"
    folder.mkdir()
    for number in range(kills):
        for file in folder.iterdir():
            file.unlink()
        attack = Attack(desk, random)
        await attack.run()
        sizes = {MACHINES.index(file.name): file.stat().st_size for file in folder.iterdir()}
        what = f"seed {seed}, kill {number}: {attack.killed or attack.machine}"
        try:
            attack.check(sizes)
            assert desk.members("runner") == []
        except AssertionError as error:
            raise AssertionError(what) from error


async def test_some_random_kills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORTEX_TUI_TEST_TRUTH", str(tmp_path / "truth"))
    async with cluster_desk(tmp_path, monkeypatch, agents=3) as desk:
        await attack(desk, kills=2, seed=Random().getrandbits(32))


@pytest.mark.soak
async def test_many_random_kills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORTEX_TUI_TEST_TRUTH", str(tmp_path / "truth"))
    async with cluster_desk(tmp_path, monkeypatch, agents=3) as desk:
        await attack(desk, kills=60, seed=Random().getrandbits(32))
