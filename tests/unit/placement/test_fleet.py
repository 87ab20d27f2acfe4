"""Several runner processes in one session."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.loads.open import OpenLoad
from cortex_tui.placement import fleet as fleet_module
from cortex_tui.placement import silence as silence_module
from cortex_tui.placement.fleet import open_fleet
from cortex_tui.placement.local_process import InRunnerProcess
from cortex_tui.placement.port import Stream
from cortex_tui.profiles.model import Length
from cortex_tui.protocol.commands import Adjust, Command, Pause, Request, Resume, Stop
from cortex_tui.protocol.lifecycle import RunLife
from cortex_tui.protocol.messages import (
    Answer,
    LevelChanged,
    LogLine,
    Mark,
    Message,
    RunFinished,
    RunnerDied,
    Samples,
    SessionFinished,
    StateChanged,
)
from cortex_tui.protocol.plan import RunnerSpec, RunPlan, SessionPlan
from tests.lives import begins_to_measure
from tests.unit.placement.fleets import HOUR, Fleet


async def test_two_processes_do_what_one_would_have_done_and_each_number_once(fleet: Fleet) -> None:
    load = ClosedLoad(workers=5, processes=2)
    fold = await fleet.run(
        RunPlan(0, fleet.profile("named", load=load, stop=Length(iterations=101)), 1, (0, 1))
    )
    run = fold.runs[0]
    assert (run.life.outcome, run.reason, run.operations) == ("finished", "", 101)
    assert [shard.operations for shard in run.shard_results] == [51, 50]
    assert sorted(map(int, fleet.printed("operation "))) == list(range(101))
    assert len(set(fleet.printed("process "))) == 2
    assert isinstance(fleet.messages[-1], SessionFinished)
    assert len(fleet.of(RunFinished)) == 1
    # To the bit: the histogram of both is that of all values.
    values = [s.service for s in fleet.of(Samples) if s.phase == "measure"]
    assert run.service.total == sum(map(len, values)) // 8


async def test_workers_have_numbers_of_their_own(fleet: Fleet) -> None:
    profile = fleet.profile("clients", load=ClosedLoad(5, processes=2), stop=Length(iterations=50))
    await fleet.run(RunPlan(0, profile, 1, (0, 1)))
    assert sorted(map(int, fleet.printed("worker "))) == [0, 1, 2, 3, 4]


async def test_a_schedule_is_kept_by_all_together_and_begins_at_one_moment(fleet: Fleet) -> None:
    profile = fleet.profile(
        "quick",
        load=OpenLoad(1_000.0, processes=3),
        warmup=Length(duration_ns=50_000_000),
        stop=Length(duration_ns=500_000_000),
    )
    fold = await fleet.run(RunPlan(0, profile, 1, (0, 1, 2)))
    run = fold.runs[0]
    assert run.operations + run.unstarted + len(run.unfinished_ns) == 500
    assert sorted(shard.operations for shard in run.shard_results) == [166, 167, 167]
    stages = [m.life.stage for m in fleet.of(StateChanged)]
    assert stages == [*dict.fromkeys(stages)]
    assert stages[-1] == "ended"


async def test_commands_reach_all_processes_and_are_answered_once(fleet: Fleet) -> None:
    profile = fleet.profile("nap", load=ClosedLoad(4, processes=2), stop=HOUR)
    commands: Iterator[Command] = iter([Adjust(0, 2.0), Pause(0), Resume(0), Pause(7), Stop()])
    number = 0

    def react(stream: Stream, message: Message) -> None:
        nonlocal number
        began = isinstance(message, StateChanged) and message.life.stage == "measure"
        if isinstance(message, Answer) or (began and not number):
            number += 1
            if (command := next(commands, None)) is not None:
                stream.send(Request(number, command))

    fold = await fleet.run(RunPlan(0, profile, 1, (0, 1)), react=react)
    answers = [answer.answered for answer in fleet.of(Answer)]
    assert [answer.done for answer in answers] == [True, True, True, False, True]
    assert "4 → 8 workers" in answers[0].text
    assert answers[3].text == "there is no run 7"
    assert [changed.level for changed in fleet.of(LevelChanged)] == [4, 8]
    assert len(fold.runs[0].marks) >= 2
    assert (fold.runs[0].life.outcome, fold.stopped) == ("stopped", True)


async def test_a_lost_process_leaves_its_runs_partial_and_the_others_come_to_their_end(
    fleet: Fleet,
) -> None:
    shared = fleet.profile(
        "napping", load=ClosedLoad(2, processes=2), stop=HOUR, targets=("p50 < 1h",)
    )
    alone = fleet.profile("nap", stop=Length(iterations=300))
    killed: list[int] = []

    def react(stream: Stream, message: Message) -> None:
        pids = sorted(map(int, fleet.printed("process ")))
        if isinstance(message, Samples) and message.service and len(pids) == 2 and not killed:
            run = fleet.fold.runs[0]
            if all(shard.succeeded for shard in run.shards.each.values()):
                killed.append(pids[1])
                os.kill(pids[1], signal.SIGKILL)
        if isinstance(message, LogLine) and "was lost" in message.text:
            stream.send(Request(1, Stop(0)))

    fold = await fleet.run(RunPlan(0, shared, 1, (0, 1)), RunPlan(1, alone, 1, (0,)), react=react)
    lost, other = fold.runs[0], fold.runs[1]
    assert lost.life.outcome == "stopped"
    when = re.escape(": the runner was killed by SIGKILL")
    assert re.fullmatch(rf"process 2 of 2 was lost at [0-9.]+m?s{when}", lost.partial)
    (target,) = fold.results()[0].targets
    assert target.verdict == "undecided"
    assert any(text.startswith("partial: process 2") for text in fold.results()[0].warnings)
    first, second = lost.shard_results
    assert lost.operations == first.operations + second.operations
    assert (first.state, second.state) == ("stopped", "lost")
    assert second.reason == "the runner was killed by SIGKILL"
    assert 0 < (second.ended_ns or 0) <= lost.measured_ns
    assert not fold.died
    assert other.life.has_ended


@pytest.mark.parametrize("machines", [0, 2])
async def test_a_run_whose_profile_stops_it_ends_everywhere_when_a_part_is_lost(
    fleet: Fleet, machines: int
) -> None:
    shared = fleet.profile(
        "napping", load=ClosedLoad(4, processes=4), stop=HOUR, on_lost="stop", targets=("p50 < 1h",)
    )
    other = fleet.profile("nap", load=ClosedLoad(4, processes=4), stop=Length(iterations=2_000))
    killed: list[int] = []

    def react(stream: Stream, message: Message) -> None:
        pids = list(map(int, fleet.printed("process ")))
        measured = all(shard.succeeded for shard in fleet.fold.runs[0].shards.each.values())
        if measured and len(pids) == 4 and not killed:
            killed.append(pids[1])
            os.kill(pids[1], signal.SIGKILL)

    everywhere = (0, 1, 2, 3)
    fold = await fleet.run(
        RunPlan(0, shared, 1, everywhere),
        RunPlan(1, other, 1, everywhere),
        react=react,
        machines=machines,
    )
    run = fold.runs[0]
    assert run.life.outcome == "stopped"
    assert run.partial.endswith("; the others were stopped, as the profile says (on_lost)")
    assert run.partial.count("on_lost") == 1
    assert sorted(each.state for each in run.shard_results) == [
        "lost", "stopped", "stopped", "stopped",
    ]  # fmt: skip
    assert fold.results()[0].targets[0].verdict == "undecided"
    # What its profile does not stop continues with those that are there.
    assert fold.runs[1].life.outcome == "finished"
    assert "(on_lost)" not in fold.runs[1].partial
    assert not fold.died


async def test_a_process_that_cannot_set_up_fails_the_run_and_says_which(fleet: Fleet) -> None:
    profile = fleet.profile("fragile", load=ClosedLoad(2, processes=2), stop=Length(iterations=10))
    fold = await fleet.run(RunPlan(0, profile, 1, (0, 1)))
    assert fold.runs[0].life.outcome == "failed"
    assert fold.runs[0].reason == "process 2 of 2: setup: OSError: no room"
    assert fold.runs[0].operations == 5


async def test_variants_alternate_in_processes_of_their_own(fleet: Fleet) -> None:
    other = fleet.folder / "other"
    other.mkdir()
    specs = (
        RunnerSpec(variant="a", env={"VARIANT": "a"}),
        RunnerSpec(
            variant="b", env={"VARIANT": "b"}, cwd=str(other), python=sys.executable, loop="asyncio"
        ),
    )
    profile = fleet.profile("named", stop=Length(iterations=3))
    runs = [RunPlan(n, profile, n + 1, (n % 2,), "ab"[n % 2]) for n in range(4)]
    fold = await fleet.run(*runs, runners=specs)
    assert [run.life.outcome for run in fold.runs.values()] == ["finished"] * 4
    assert fleet.printed("variant ") == [
        f"a in {Path.cwd()}", f"b in {other}", f"a in {Path.cwd()}", f"b in {other}",
    ]  # fmt: skip
    # One after the other, over both processes.
    order = [m.run for m in fleet.of(StateChanged) if m.life.stage in ("measure", "ended")]
    assert order == [0, 0, 1, 1, 2, 2, 3, 3]


async def test_a_runner_begins_with_its_first_run_and_ends_with_its_last(fleet: Fleet) -> None:
    profile = fleet.profile("napping", stop=Length(iterations=3))
    runs = [RunPlan(n, profile, n + 1, (n,)) for n in range(4)]
    alive: list[int] = []

    def react(stream: Stream, message: Message) -> None:
        if isinstance(message, StateChanged) and message.life.stage == "measure":
            pids = map(int, fleet.printed("process "))
            alive.append(sum(os.path.exists(f"/proc/{pid}") for pid in pids))

    fold = await fleet.run(*runs, react=react)
    assert [run.life.outcome for run in fold.runs.values()] == ["finished"] * 4
    assert len(set(fleet.printed("process "))) == 4
    # Of those that were known by then; where there is no /proc, none is seen.
    assert max(alive) <= 1


async def test_a_run_that_stops_reports_that_it_still_measures(fleet: Fleet) -> None:
    """Whoever sends a command at each report of that stage sends it twice."""
    profile = fleet.profile("slow", load=ClosedLoad(2, processes=2), stop=HOUR)

    def react(stream: Stream, message: Message) -> None:
        if begins_to_measure(message):
            stream.send(Request(1, Stop()))

    await fleet.run(RunPlan(0, profile, 1, (0, 1)), react=react)
    stages = [m.life for m in fleet.of(StateChanged) if m.life.stage == "measure"]
    assert stages == [RunLife("measure"), RunLife("measure", stopping=True)]
    assert [answer.answered.done for answer in fleet.of(Answer)] == [True]


async def test_a_runner_is_given_only_the_groups_in_which_it_has_a_part(fleet: Fleet) -> None:
    given: dict[int, SessionPlan] = {}

    @asynccontextmanager
    async def open_one(plan: SessionPlan) -> AsyncIterator[Stream]:
        given[plan.runner] = plan
        stream = Stream(lambda request: None, lambda reason: None)
        for run in plan.runs:
            stream.deliver([RunFinished(run=run.run, state="finished", at_ns=1)])
        stream.deliver([SessionFinished(1)])
        yield stream

    specs = (RunnerSpec(variant="a"), RunnerSpec(variant="b"))
    runs = tuple(
        RunPlan(n, fleet.profile("quick", stop=HOUR), n // 4 + 1, (n // 2,), "ab"[n // 2 % 2])
        for n in range(12)
    )
    folder = str(fleet.folder)
    plan = SessionPlan(session="x", runs=runs, runners=specs, scratch=folder, cache=folder)
    async with open_fleet(plan, open_one) as stream:
        async for _ in stream:
            pass
    assert [[run.run for run in each.runs] for each in given.values()] == [
        [n, n + 1] for n in range(0, 12, 2)
    ]
    for each in given.values():
        assert each.fleet
        assert {run.variant for run in each.runs} == {each.spec.variant}
        assert len(each.groups) == 1


async def test_a_stop_starts_no_other_runner(fleet: Fleet) -> None:
    profile = fleet.profile("napping", stop=HOUR)
    runs = [RunPlan(n, profile, n + 1, (n,)) for n in range(4)]

    def react(stream: Stream, message: Message) -> None:
        if begins_to_measure(message):
            stream.send(Request(1, Stop()))

    fold = await fleet.run(*runs, react=react)
    assert [run.life.outcome for run in fold.runs.values()] == ["stopped"] * 4
    assert len(fleet.printed("process ")) == 1
    assert (fold.finished, fold.stopped) == (True, True)
    assert [answer.answered.done for answer in fleet.of(Answer)] == [True]


async def test_a_runner_that_cannot_be_started_fails_its_runs_and_the_others_follow(
    fleet: Fleet,
) -> None:
    specs = (RunnerSpec(), RunnerSpec(python="/nowhere/python"), RunnerSpec())
    profile = fleet.profile("nap", stop=Length(iterations=3))
    fold = await fleet.run(*(RunPlan(n, profile, n + 1, (n,)) for n in range(3)), runners=specs)
    outcomes = [run.life.outcome for run in fold.runs.values()]
    assert outcomes == ["finished", "failed", "finished"]
    assert "could not be started" in fold.runs[1].reason
    assert fold.finished


@pytest.mark.parametrize("blocks_s", ["3", "3600"])
async def test_one_of_several_that_is_blocked_is_reported_at_once_and_killed_if_it_does_not_stop(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch, blocks_s: str
) -> None:
    for module in (fleet_module, silence_module):
        monkeypatch.setattr(module, "SILENT_NS", 1_000_000_000)
    profile = fleet.profile("blocking", load=ClosedLoad(2, processes=2), stop=HOUR)
    specs = (RunnerSpec(), RunnerSpec(env={"BLOCKS_S": blocks_s}))

    def react(stream: Stream, message: Message) -> None:
        if isinstance(message, Mark) and re.search("process 2 .* is blocked", message.text):
            stream.send(Request(1, Stop()))

    fold = await fleet.run(RunPlan(0, profile, 1, (0, 1)), runners=specs, react=react)
    run = fold.runs[0]
    # On a busy machine the other one may be silent for a moment, too.
    log = [line.text for line in fleet.of(LogLine) if line.text.startswith("process 2 ")]
    assert log[0] == "process 2 has sent nothing for 1 s: its event loop is blocked"
    assert any("process 2" in mark.text for mark in run.marks)
    assert run.life.outcome == "stopped"
    if blocks_s == "3600":
        assert "did not answer for 1 s" in run.partial
        assert not any("answers again" in text for text in log)


async def test_nothing_is_left_when_it_is_given_up(fleet: Fleet) -> None:
    profile = fleet.profile("napping", load=ClosedLoad(2, processes=2), stop=HOUR)
    plan = SessionPlan(
        session="x", runs=(RunPlan(0, profile, 1, (0, 1)),),
        scratch=str(fleet.folder / "scratch"), cache=str(fleet.folder / "cache"),
    )  # fmt: skip
    pids: set[int] = set()
    async with InRunnerProcess().open(plan) as stream:
        async for batch in stream:
            pids |= {
                int(m.text.removeprefix("process "))
                for m in batch
                if isinstance(m, LogLine) and m.text.startswith("process ")
            }
            if len(pids) == 2:
                break
    await asyncio.sleep(0)
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_messages_that_cannot_be_merged_end_the_session_with_the_reason(
    fleet: Fleet,
) -> None:
    killed: list[str] = []

    @asynccontextmanager
    async def open_one(plan: SessionPlan) -> AsyncIterator[Stream]:
        stream = Stream(lambda request: None, killed.append)
        if plan.runner == 1:
            # Of a run that was never planned.
            stream.deliver([StateChanged(99, RunLife("setup"), 1)])
        yield stream

    profile = fleet.profile("nap", load=ClosedLoad(2, processes=2), stop=HOUR)
    folder, runs = str(fleet.folder), (RunPlan(0, profile, 1, (0, 1)),)
    plan = SessionPlan(session="x", runs=runs, scratch=folder, cache=folder)
    async with open_fleet(plan, open_one) as stream:
        batches = [batch async for batch in stream]
    (died,) = batches[-1]
    assert isinstance(died, RunnerDied)
    assert died.reason.startswith("the messages of process 2 could not be merged: KeyError")
    assert killed == [died.reason] * 2


async def test_a_process_that_begins_late_is_a_warning_of_its_run(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet_module, "TOGETHER_NS", -100_000_000)
    shared = fleet.profile("nap", load=ClosedLoad(2, processes=2), stop=Length(iterations=4))
    alone = fleet.profile("nap", stop=Length(iterations=4), alone=True)
    fold = await fleet.run(RunPlan(0, shared, 1, (0, 1)), RunPlan(1, alone, 1, (0,)))
    late, other = (run.warnings for run in fold.results())
    assert any(text.endswith("ms later than the others") for text in late)
    assert not any("ms later than the others" in text for text in other)


async def test_runners_that_end_by_themselves_are_let_clear_away(fleet: Fleet) -> None:
    cleared: list[int] = []

    @asynccontextmanager
    async def open_one(plan: SessionPlan) -> AsyncIterator[Stream]:
        stream = Stream(lambda request: None, lambda reason: None)
        stream.deliver(
            [RunFinished(run=0, state="finished", at_ns=1), SessionFinished(1)],
        )
        try:
            yield stream
        finally:
            for _ in range(100):
                await asyncio.sleep(0)
            cleared.append(plan.runner)

    folder = str(fleet.folder)
    run = RunPlan(0, fleet.profile("quick", stop=HOUR), 1, (0, 1, 2))
    plan = SessionPlan(session="x", runs=(run,), scratch=folder, cache=folder)
    async with open_fleet(plan, open_one) as stream:
        async for _ in stream:
            pass
    assert sorted(cleared) == [0, 1, 2]
