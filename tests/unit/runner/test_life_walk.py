"""Random commands at random moments of a real session.

The runs, what the fold knows of them and what the commands were answered agree all the time, and
the session comes to its end.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.loads.open import OpenLoad
from cortex_tui.loads.staged import Stage, StagedLoad
from cortex_tui.profiles.model import Length, Profile
from cortex_tui.protocol.commands import Adjust, Command, EndPhase, Pause, Request, Resume, Stop
from cortex_tui.protocol.lifecycle import TRANSITIONS, RunLife
from cortex_tui.protocol.messages import (
    Answer,
    Answered,
    Message,
    RunFinished,
    RunMeasured,
    Samples,
    StateChanged,
)
from cortex_tui.results.session_fold import SessionFold
from cortex_tui.runner.session import Session
from tests.patience import PATIENCE_S
from tests.unit.runner.bench import Bench

MS = 1_000_000

SUBJECTS = """
@workload
async def steady():
    await turns(3)
    async def operation():
        await asyncio.sleep(0)
    yield operation
    await turns(2)

@workload
async def greedy():
    async def operation():
        pass
    yield operation

@workload
async def failing_in_setup():
    await turns(4)
    raise ConnectionError("no server")
    yield

@workload
async def failing_in_teardown():
    async def operation():
        await asyncio.sleep(0)
    yield operation
    await turns(1)
    raise ConnectionError("server gone")

@workload
async def lost():
    async def dies():
        await turns(30)
        raise ConnectionError("connection lost")
    async def operation():
        await asyncio.sleep(0)
    async with asyncio.TaskGroup() as group:
        child = group.create_task(dies())
        yield operation
        child.cancel()

@workload
async def failing_operations():
    async def operation(i):
        await asyncio.sleep(0)
        if i % 2:
            raise ValueError("odd")
    yield operation

def blocking():
    pass

async def turns(count):
    for _ in range(count):
        await asyncio.sleep(0)
"""
NAMES = (
    *("steady", "greedy", "failing_in_setup", "failing_in_teardown", "lost"),
    *("failing_operations", "blocking"),
)

LOADS = st.sampled_from(
    [
        ClosedLoad(1),
        ClosedLoad(3),
        OpenLoad(5_000.0),
        StagedLoad(
            "workers", (Stage(level=2, duration_ns=3 * MS), Stage(level=1, duration_ns=2 * MS))
        ),
    ]
)
WARMUPS = st.sampled_from([None, Length(iterations=5), Length(duration_ns=3 * MS)])
RUNS = st.sampled_from([None, 0, 1, 2])
COMMANDS = st.one_of(
    st.builds(Stop, RUNS),
    st.builds(Pause, RUNS),
    st.builds(Resume, RUNS),
    st.builds(EndPhase, RUNS, st.sampled_from([None, "warmup", "measure"]), st.just("skipped")),
    st.builds(Adjust, RUNS, st.sampled_from([0.0, 0.5, 2.0])),
)


class Step(NamedTuple):
    """A command, when the event loop has turned so often since the one before."""

    turns: int
    command: Command


STEPS = st.lists(st.builds(Step, st.integers(0, 40), COMMANDS), max_size=8)


@st.composite
def profiles(draw: st.DrawFn) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "function": draw(st.sampled_from(NAMES)),
        "load": draw(LOADS),
        "stop": Length(iterations=draw(st.sampled_from([1, 30]))),
        "batch": draw(st.sampled_from([1, 1, 0])),
    }
    if (warmup := draw(WARMUPS)) is not None:
        fields["warmup"] = warmup
    return fields


class Watch:
    """Folds what a session emits, and looks whether it can be true."""

    def __init__(self, fold: SessionFold) -> None:
        self.fold = fold
        self.lives = dict.fromkeys(fold.runs, RunLife())
        self.measured: dict[int, RunFinished] = {}
        self.finished: dict[int, RunFinished] = {}
        self.answers: dict[int, Answered] = {}

    def take(self, batch: list[Message]) -> None:
        for message in batch:
            self._check(message)
            self.fold.apply(message)
            for number, life in self.lives.items():
                assert self.agrees(number, life)

    def agrees(self, number: int, life: RunLife) -> bool:
        """Whether the fold knows the run to be there. What a run measured is in the fold only: one
        that measured nothing has failed."""
        run = self.fold.runs[number]
        if life.outcome == "finished" and not run.operations:
            life = msgspec.structs.replace(life, outcome="failed")
        return run.life == life

    def _check(self, message: Message) -> None:
        match message:
            case StateChanged():
                self._follow(message.run, message.life)
            case Samples():
                assert self.lives[message.run].phase in (message.phase, "teardown")
            case Answer():
                assert message.id not in self.answers
                self.answers[message.id] = message.answered
            case RunMeasured():
                self.measured[message.outcome.run] = message.outcome
            case RunFinished():
                assert message.run not in self.finished
                self.finished[message.run] = message
                assert self.lives[message.run].outcome == message.state
            case _:
                pass

    def _follow(self, run: int, life: RunLife) -> None:
        before, self.lives[run] = self.lives[run], life
        assert life != before
        if life.stage != before.stage:
            assert life.stage in TRANSITIONS[before.stage]
            assert life.stopping == before.stopping
        if before.outcome is not None and life.outcome != before.outcome:
            assert (before.stage, life.outcome) == ("teardown", "failed")


def is_answered(
    watch: Watch, command: Command, before: dict[int, RunLife], answer: Answered
) -> None:
    """What was answered is what one sees."""
    assert answer.text
    named = [n for n in watch.lives if command.run in (None, n)]
    if not answer.done:
        assert watch.lives == before
        return
    assert named
    for number in named:
        life, was = watch.lives[number], before[number]
        assert life.stage == was.stage
        match command:
            case Stop():
                assert life.stopping or life.outcome is not None
            case Pause():
                assert life.paused or life.stopping or life.outcome or life.stage == "measure"
            case Resume() | EndPhase():
                assert not life.paused or isinstance(command, EndPhase)
            case _:
                assert life == was


async def walk(bench: Bench, chosen: list[Profile], steps: list[Step], one_by_one: bool) -> Watch:
    plan = bench.plan(*chosen, one_by_one=one_by_one, interval_ns=2 * MS)
    watch = Watch(SessionFold(plan, placement="process", started_at=""))
    session = Session(plan, watch.take)

    async def steer() -> None:
        for step in [*steps, Step(5, Resume())]:
            for _ in range(step.turns):
                await asyncio.sleep(0)
            before = dict(watch.lives)
            number = len(watch.answers)
            session.receive(Request(number, step.command))
            assert len(watch.answers) == number + 1
            is_answered(watch, step.command, before, watch.answers[number])

    steering = asyncio.ensure_future(steer())
    async with asyncio.timeout(PATIENCE_S):
        await session.run()
        await steering
    return watch


@pytest.fixture(scope="module")
def subjects(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    path = list(sys.path)
    bench = Bench(Path(tmp_path_factory.mktemp("walk")), "workloads_of_the_walk")
    bench.write(SUBJECTS)
    yield bench
    sys.path[:] = path


@given(
    chosen=st.lists(profiles(), min_size=1, max_size=3),
    steps=STEPS,
    one_by_one=st.booleans(),
)
@example(  # nothing is asked for
    chosen=[
        {"function": name, "load": ClosedLoad(1), "stop": Length(iterations=30)} for name in NAMES
    ],
    steps=[],
    one_by_one=False,
)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_runs_and_what_is_known_of_them_agree_whatever_is_asked_for(
    subjects: Bench, chosen: list[dict[str, Any]], steps: list[Step], one_by_one: bool
) -> None:
    runs = [subjects.profile(**fields) for fields in chosen]
    watch = asyncio.run(walk(subjects, runs, steps, one_by_one))
    fold = watch.fold
    assert fold.state == "finished"
    assert set(watch.finished) == set(watch.lives)
    for number, life in watch.lives.items():
        assert life.has_ended
        assert not life.paused
        assert watch.agrees(number, life)
        if watch.finished[number].state != watch.measured[number].state:
            assert watch.finished[number].reason.startswith("teardown: ")
