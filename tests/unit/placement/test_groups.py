"""Runners that are merged where they are: a session sees one for each machine."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.loads.open import OpenLoad
from cortex_tui.placement.groups import groups_of
from cortex_tui.placement.port import Stream
from cortex_tui.profiles.model import Length, Profile
from cortex_tui.protocol.commands import Adjust, Command, Pause, Request, Resume, Stop
from cortex_tui.protocol.messages import (
    Answer,
    LevelChanged,
    LogLine,
    Message,
    Pulse,
    RunFinished,
    Samples,
    SessionFinished,
    StateChanged,
)
from cortex_tui.protocol.plan import RunPlan, SessionPlan
from tests.unit.placement.fleets import HOUR, Fleet


def test_runners_of_a_machine_with_the_same_runs_are_a_group() -> None:
    profile = Profile(suite="s", name="p", workload="a:b", stop=Length(1))
    runs = (RunPlan(0, profile, 1, (0, 1, 2, 3, 4)), RunPlan(1, profile, 2, (5, 6, 7)))
    plan = SessionPlan(session="x", runs=runs, scratch="", cache="")
    assert groups_of(plan, lambda runner: runner % 2, 2) == {0: (0, 2, 4), 1: (1, 3), 5: (5, 7)}
    assert groups_of(plan, lambda runner: runner % 2, 3) == {0: (0, 2, 4)}
    assert groups_of(plan, lambda runner: runner, 2) == {}


async def test_a_merged_session_does_what_one_process_would_have_done(fleet: Fleet) -> None:
    load = ClosedLoad(workers=7, processes=5)
    profile = fleet.profile("named", load=load, stop=Length(iterations=101))
    fold = await fleet.run(RunPlan(0, profile, 1, (0, 1, 2, 3, 4)), machines=2)
    run = fold.runs[0]
    assert (run.life.outcome, run.reason, run.operations) == ("finished", "", 101)
    assert {n: each.succeeded for n, each in run.shards.each.items()} == {
        0: 21,
        1: 20,
        2: 20,
        3: 20,
        4: 20,
    }
    assert sorted(map(int, fleet.printed("operation "))) == list(range(101))
    assert isinstance(fleet.messages[-1], SessionFinished)
    assert len(fleet.of(RunFinished)) == 1
    values = [s.service for s in fleet.of(Samples) if s.phase == "measure"]
    assert run.service.total == sum(map(len, values)) // 8 == 101


async def test_all_begin_at_one_moment_and_keep_one_schedule(fleet: Fleet) -> None:
    profile = fleet.profile(
        "quick",
        load=OpenLoad(1_000.0, processes=4),
        warmup=Length(duration_ns=50_000_000),
        stop=Length(duration_ns=500_000_000),
    )
    fold = await fleet.run(RunPlan(0, profile, 1, (0, 1, 2, 3)), machines=2)
    run = fold.runs[0]
    assert run.operations + run.unstarted + len(run.unfinished_ns) == 500
    stages = [m.life.stage for m in fleet.of(StateChanged)]
    assert stages == [*dict.fromkeys(stages)]
    assert stages[-1] == "ended"


async def test_a_machine_sends_no_more_than_a_runner_would(fleet: Fleet) -> None:
    profile = fleet.profile(
        "nap", load=ClosedLoad(8, processes=4), stop=Length(duration_ns=1_000_000_000)
    )
    fold = await fleet.run(RunPlan(0, profile, 1, (0, 1, 2, 3)), machines=1)
    assert fold.runs[0].life.outcome == "finished"
    # Values wait for half an interval at most, so that there are two messages in one.
    intervals = {sample.interval for sample in fleet.of(Samples)}
    assert len(fleet.of(Samples)) <= 3 * len(intervals)
    assert len(fleet.of(Pulse)) <= 3 * len(intervals)


async def test_commands_reach_all_and_are_answered_once(fleet: Fleet) -> None:
    profile = fleet.profile("nap", load=ClosedLoad(4, processes=4), stop=HOUR)
    commands: Iterator[Command] = iter([Adjust(0, 2.0), Pause(0), Resume(0), Stop()])
    number = 0

    def react(stream: Stream, message: Message) -> None:
        nonlocal number
        began = isinstance(message, StateChanged) and message.life.stage == "measure"
        if isinstance(message, Answer) or (began and not number):
            number += 1
            if (command := next(commands, None)) is not None:
                stream.send(Request(number, command))

    fold = await fleet.run(RunPlan(0, profile, 1, (0, 1, 2, 3)), react=react, machines=2)
    answers = [answer.answered for answer in fleet.of(Answer)]
    assert [answer.done for answer in answers] == [True, True, True, True]
    assert [changed.level for changed in fleet.of(LevelChanged)] == [4, 8]
    assert (fold.runs[0].life.outcome, fold.stopped) == ("stopped", True)


async def test_a_process_that_is_lost_on_a_machine_leaves_the_run_partial(fleet: Fleet) -> None:
    profile = fleet.profile("napping", load=ClosedLoad(4, processes=4), stop=HOUR)
    killed: list[int] = []

    def react(stream: Stream, message: Message) -> None:
        pids = sorted(map(int, fleet.printed("process ")))
        if isinstance(message, Samples) and len(pids) == 4 and not killed:
            killed.append(pids[1])
            os.kill(pids[1], signal.SIGKILL)
        if isinstance(message, LogLine) and "was lost" in message.text:
            stream.send(Request(1, Stop(0)))

    fold = await fleet.run(RunPlan(0, profile, 1, (0, 1, 2, 3)), react=react, machines=2)
    run = fold.runs[0]
    assert run.life.outcome == "stopped"
    assert run.partial.startswith("process ")
    assert run.partial.endswith(": the runner was killed by SIGKILL")
    assert sorted(each.state for each in run.shard_results) == [
        "lost", "stopped", "stopped", "stopped",
    ]  # fmt: skip
    assert run.operations == sum(each.succeeded for each in run.shards.each.values()) > 0
