"""Sessions on the agents of a cluster: the same results as locally, and nothing is left."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.placement.cluster.plain import PlainAgents
from cortex_tui.placement.cluster.port import ClusterError
from cortex_tui.placement.local_process import InRunnerProcess
from cortex_tui.placement.port import Stream
from cortex_tui.profiles.model import Length, Profile
from cortex_tui.protocol.messages import (
    MachineChanged,
    Message,
    RunnerPlaced,
)
from cortex_tui.protocol.plan import RunPlan
from tests.lives import begins_to_measure
from tests.patience import PATIENCE_S
from tests.policies import WHY_NOT
from tests.unit.placement.cluster.desk import HOUR, ClusterDesk, Kind, cluster_desk, measured, stop

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")

TWO = ClosedLoad(workers=2, processes=2)


SUITE = """
[profile.nap]
workload = "fleeting:napping"
load = { workers = 2 }
duration = "1h"
"""


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ClusterDesk]:
    async with cluster_desk(tmp_path, monkeypatch) as desk:
        yield desk


def napping(desk: ClusterDesk, stop_at: Length, function: str = "napping") -> Profile:
    return desk.profile(function, load=TWO, stop=stop_at)


async def test_two_agents_measure_what_two_local_processes_measure(desk: ClusterDesk) -> None:
    plan = RunPlan(0, napping(desk, Length(iterations=101)), 1, (0, 1))
    there = (await desk.run(plan)).runs[0]
    placed = [(each.runner, each.machine) for each in desk.of(RunnerPlaced)]
    assert sorted(placed) == [(0, "agent-1"), (1, "agent-2")]
    desk.placement = InRunnerProcess()
    here = (await desk.run(plan)).runs[0]
    assert (measured(there), there.life) == (measured(here), here.life)
    assert there.operations == 101


async def test_sessions_follow_one_another_on_the_same_agents(desk: ClusterDesk) -> None:
    plan = RunPlan(0, napping(desk, Length(iterations=20)), 1, (0, 1))
    await desk.run(plan)
    agents, printed = desk.members(), desk.printed("process ")
    await desk.run(plan)
    assert desk.members() == agents
    assert len({*printed, *desk.printed("process ")}) == 4  # a fresh runner each time
    for folder in desk.agent_folders:
        assert {each.name for each in folder.iterdir()} <= {"cache", "code"}


async def test_one_runner_is_enough(desk: ClusterDesk) -> None:
    fold = await desk.run(RunPlan(0, desk.profile("napping", stop=Length(iterations=20))))
    assert (fold.runs[0].operations, fold.finished) == (20, True)
    assert [each.machine for each in desk.of(RunnerPlaced)] == ["agent-1"]


@pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)
async def test_an_agent_waits_for_a_processor_and_its_runner_does_not(desk: ClusterDesk) -> None:
    policies: dict[Kind, set[int]] = {}

    def react(stream: Stream, message: Message) -> None:
        if not policies and desk.fold.runs[0].operations:
            kinds: tuple[Kind, ...] = ("agent", "runner")
            for kind in kinds:
                found = desk.members(kind, "agent-1")
                policies[kind] = {os.sched_getscheduler(each.pid) for each in found}
            stop(stream)

    await desk.run(RunPlan(0, desk.profile("napping", stop=HOUR)), react=react)
    assert policies == {"agent": {os.SCHED_BATCH}, "runner": {os.sched_getscheduler(0)}}


async def test_variants_are_measured_on_the_same_machines(desk: ClusterDesk) -> None:
    profile = napping(desk, Length(iterations=10))
    runs = [
        RunPlan(number, profile, number // 2 + 1, (2 * number, 2 * number + 1), "ab"[number % 2])
        for number in range(4)
    ]
    fold = await desk.run(*runs)
    assert [run.operations for run in fold.runs.values()] == [10] * 4
    placed = {each.runner: each.machine for each in desk.of(RunnerPlaced)}
    assert placed == {runner: f"agent-{runner % 2 + 1}" for runner in range(8)}


async def test_workloads_over_the_core_have_databases_on_the_agents(desk: ClusterDesk) -> None:
    profile = Profile(
        suite="fleet", name="search", workload="cortex.search", load=TWO,
        params={"conversations": 20}, stop=HOUR, source="",
    )  # fmt: skip
    found: set[str] = set()

    def react(stream: Stream, message: Message) -> None:
        found.update(file.name for folder in desk.agent_folders for file in folder.rglob("*.db"))
        if found and desk.fold.runs[0].operations:
            stop(stream)

    fold = await desk.run(RunPlan(0, profile, 1, (0, 1)), react=react)
    assert fold.runs[0].life.outcome == "stopped", fold.runs[0].reason
    assert found
    assert list((desk.folder / "scratch").iterdir()) == []


# --- loss --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["runner", "agent", "guard"])
async def test_whatever_is_killed_on_a_machine_its_runs_are_partial_and_others_continue(
    desk: ClusterDesk, kind: Kind
) -> None:
    before: list[int] = []

    def react(stream: Stream, message: Message) -> None:
        operations = measured(desk.fold.runs[0])
        if not before and min(operations.get(0, 0), operations.get(1, 0)) > 20:
            before.extend((operations[0], operations[1]))
            desk.members.signal(desk.members(kind, "agent-2"))
        elif "was lost" in "".join(desk.log()) and operations[0] > before[0]:
            stop(stream)

    fold = await desk.run(RunPlan(0, napping(desk, HOUR), 1, (0, 1)), react=react)
    run = fold.runs[0]
    assert run.partial.startswith("process 2 of 2 on agent-2 was lost at ")
    killed = "the runner was killed by SIGKILL"
    if kind != "runner":
        killed = "machine agent-2 was lost: its agent was killed by SIGKILL"
    # Without its guard an agent ends, and it may be the first to report that.
    ended = "its agent has ended with what had started it"
    assert run.partial.endswith(killed) or (kind == "guard" and run.partial.endswith(ended))
    assert run.life.outcome == "stopped"
    assert measured(run)[0] > before[0]
    assert measured(run)[1] >= before[1]  # all that it had sent is kept
    lost = [each.machine for each in desk.of(MachineChanged) if each.state == "lost"]
    assert lost == ([] if kind == "runner" else ["agent-2"])


async def test_the_session_after_a_loss_has_all_its_machines(desk: ClusterDesk) -> None:
    def react(stream: Stream, message: Message) -> None:
        if begins_to_measure(message):
            desk.members.signal(desk.members("agent"))

    fold = await desk.run(RunPlan(0, napping(desk, HOUR), 1, (0, 1)), react=react)
    assert "was lost: its agent was killed by SIGKILL" in fold.died
    fold = await desk.run(RunPlan(0, napping(desk, Length(iterations=20)), 1, (0, 1)))
    assert (fold.runs[0].operations, fold.runs[0].partial) == (20, "")


def changes(desk: ClusterDesk, machine: str) -> list[MachineChanged]:
    """Of that machine: on a busy one, others may be silent for a moment, too."""
    return [each for each in desk.of(MachineChanged) if each.machine == machine]


async def test_a_machine_that_was_silent_has_lost_nothing(
    desk: ClusterDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = desk.folder / "truth"
    truth.mkdir()
    monkeypatch.setenv("CORTEX_TUI_TEST_TRUTH", str(truth))

    def react(stream: Stream, message: Message) -> None:
        states = [each.state for each in changes(desk, "agent-2")]
        if begins_to_measure(message):
            desk.members.signal(desk.members(machine="agent-2"), signal.SIGSTOP)
        elif isinstance(message, MachineChanged) and states == ["silent"]:
            desk.members.signal(desk.members(machine="agent-2"), signal.SIGCONT)
        elif isinstance(message, MachineChanged) and states == ["silent", "connected"]:
            stop(stream)

    # It is stopped by what it reports, not by a number of operations, which could be over by then.
    fold = await desk.run(RunPlan(0, napping(desk, HOUR, "counted"), 1, (0, 1)), react=react)
    run = fold.runs[0]
    assert (run.partial, run.life.outcome) == ("", "stopped")
    written = {name: (truth / name).stat().st_size for name in ("agent-1", "agent-2")}
    assert written == {"agent-1": measured(run)[0], "agent-2": measured(run)[1]}
    assert min(written.values()) > 0
    silent, back = changes(desk, "agent-2")[:2]
    assert [silent.state, back.state] == ["silent", "connected"]
    assert silent.since_ns == back.since_ns < silent.at_ns < back.at_ns
    marks = [mark.text for mark in run.marks if "agent-2" in mark.text]
    assert marks[:2] == ["machine agent-2 is silent", "machine agent-2 answers again"]
    assert "machine agent-2 is silent: it has sent nothing for" in "".join(desk.log())


async def test_a_machine_that_is_silent_for_too_long_is_lost_and_refused_when_it_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with cluster_desk(tmp_path, monkeypatch, lost_after_s=1.0) as desk:

        def react(stream: Stream, message: Message) -> None:
            if begins_to_measure(message):
                desk.members.signal(desk.members(machine="agent-2"), signal.SIGSTOP)
            elif isinstance(message, MachineChanged) and message.state == "lost":
                stop(stream)

        fold = await desk.run(RunPlan(0, napping(desk, HOUR), 1, (0, 1)), react=react)
        why = "machine agent-2 was lost: it sent nothing for 1 s"
        assert fold.runs[0].partial.endswith(why)
        assert [each.state for each in changes(desk, "agent-2")][-2:] == ["silent", "lost"]
        desk.members.signal(desk.members(machine="agent-2"), signal.SIGCONT)
        # It finds out that nothing of it is wanted, and leaves nothing.
        await desk.members.changed(lambda members: not desk.members(machine="agent-2"))
        assert len(desk.agent_folders) == 1


async def test_a_session_that_is_stopped_does_not_wait_for_a_silent_machine(
    desk: ClusterDesk,
) -> None:
    def react(stream: Stream, message: Message) -> None:
        if begins_to_measure(message):
            desk.members.signal(desk.members(machine="agent-2"), signal.SIGSTOP)
        elif isinstance(message, MachineChanged) and message.state == "silent":
            stream.kill("it was asked to stop")

    fold = await desk.run(RunPlan(0, napping(desk, HOUR), 1, (0, 1)), react=react)
    assert fold.over
    assert fold.died or fold.runs[0].life.is_over


@pytest.mark.parametrize("kind", ["agent", "guard"])
async def test_nothing_that_a_workload_has_started_outlives_an_agent(
    desk: ClusterDesk, kind: Kind
) -> None:
    def react(stream: Stream, message: Message) -> None:
        if begins_to_measure(message):
            assert len(desk.members("other")) == 2
            desk.members.signal(desk.members(kind))

    fold = await desk.run(RunPlan(0, napping(desk, HOUR, "daemon"), 1, (0, 1)), react=react)
    assert fold.died
    if kind == "agent":  # without its guard, an agent ends what it knows
        await desk.members.none_left()
    desk.members.signal(desk.members("other"))


async def test_a_runner_that_never_gives_up_the_interpreter_lock_ends_with_its_agent(
    desk: ClusterDesk,
) -> None:
    def react(stream: Stream, message: Message) -> None:
        if len(desk.printed("stuck")) == 2:
            desk.members.signal(desk.members("agent"))

    fold = await desk.run(RunPlan(0, napping(desk, HOUR, "stuck"), 1, (0, 1)), react=react)
    assert fold.died


# --- the program ends --------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
async def test_nothing_is_left_on_any_machine_when_the_program_ends(
    desk: ClusterDesk, number: signal.Signals
) -> None:
    suite = (
        '[profile.nap]\nworkload = "fleeting:napping"\nload = { workers = 2 }\nduration = "1h"\n'
    )
    (desk.folder / "fleet.toml").write_text(suite, encoding="utf-8")
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cortex_tui", "run", "fleet", "--profiles", "fleet.toml",
        "--cluster", "agents:2", "--loose-clock", cwd=desk.folder,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    await desk.members.changed(lambda members: len(desk.members("runner")) == 2)
    program.send_signal(number)
    await asyncio.wait_for(program.communicate(), PATIENCE_S)
    await desk.members.none_left()
    assert desk.agent_folders == []


# --- the start ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prefix", "reason"),
    [
        (("/nowhere/run",), "/nowhere/run could not be started"),
        (("false",), "machine agent-1 was lost: its agent exited with code 1"),
        (("sh", "-c", "echo no room >&2; exit 3"), "its agent exited with code 3: no room"),
    ],
)
async def test_an_agent_that_cannot_be_started_is_named_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefix: tuple[str, ...], reason: str
) -> None:
    (tmp_path / "caches" / "cortex-tui" / "agents").mkdir(parents=True)
    adapter = PlainAgents(2, [prefix, ()])
    async with cluster_desk(tmp_path, monkeypatch, adapter=adapter) as desk:
        with pytest.raises(ClusterError, match=reason):
            await desk.run(RunPlan(0, napping(desk, HOUR), 1, (0, 1)))
