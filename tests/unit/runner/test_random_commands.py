"""Whatever is asked of a session, and whenever: every command is answered, and it ends."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.loads.open import OpenLoad
from cortex_tui.loads.port import Load
from cortex_tui.profiles.model import Length
from cortex_tui.protocol.commands import (
    Adjust,
    Command,
    EndPhase,
    Pause,
    Request,
    Resume,
    Stop,
)
from cortex_tui.protocol.messages import Answer, Message, RunFinished, SessionFinished
from cortex_tui.results.session_fold import SessionFold
from cortex_tui.runner.session import Session
from tests.patience import PATIENCE_S
from tests.unit.runner.bench import Bench

SUBJECTS = """
@workload
async def quick():
    await asyncio.sleep(0)
    yield lambda_of(0)
    await asyncio.sleep(0)

@workload
async def slow():
    await asyncio.sleep(0.003)
    yield lambda_of(0.002)

@workload
async def broken():
    yield lambda_of(0.001)
    raise ValueError("in its teardown")

async def failing():
    await asyncio.sleep(0.001)
    raise OSError("no server")

def lambda_of(seconds):
    async def operation():
        await asyncio.sleep(seconds)
    return operation
"""


def anything(choose: random.Random) -> Command:
    run = choose.choice([None, 0, 1, 2])
    commands: list[Command] = [
        Stop(run),
        Pause(run),
        Resume(run),
        Resume(None),
        EndPhase(run),
        EndPhase(run, "warmup"),
        EndPhase(run, "measure", "skipped"),
        Adjust(run, choose.choice([0.5, 2.0])),
    ]
    return choose.choice(commands)


@pytest.mark.parametrize("seed", range(25))
async def test_every_command_is_answered_once_and_the_fold_agrees(bench: Bench, seed: int) -> None:
    choose = random.Random(seed)
    bench.write(SUBJECTS)
    loads: list[Load] = [ClosedLoad(), ClosedLoad(2), OpenLoad(300.0)]
    profiles = [
        bench.profile(
            choose.choice(["quick", "slow", "broken", "failing"]),
            load=choose.choice(loads),
            warmup=choose.choice([Length(), Length(iterations=5), Length(duration_ns=10_000_000)]),
            stop=Length(duration_ns=30_000_000),
        )
        for _ in range(3)
    ]
    plan = bench.plan(*profiles, one_by_one=choose.random() < 0.3, interval_ns=5_000_000)
    fold = SessionFold(plan, "process", "2026-01-01T00:00:00.000Z")
    answers: Counter[int] = Counter()
    finished: list[Message] = []
    asked = 0

    def emit(batch: list[Message]) -> None:
        for message in batch:
            fold.apply(message)
            if isinstance(message, Answer):
                assert message.answered.text
                answers[message.id] += 1
            elif isinstance(message, RunFinished | SessionFinished):
                finished.append(message)
        for number, run in fold.runs.items():
            known = session._members[number].run.life
            # A run that measured nothing has failed by what the fold alone knows.
            assert run.life.stage == known.stage or run.life.has_ended
            assert (run.life.paused, run.life.stopping) == (known.paused, known.stopping) or (
                run.life.has_ended
            )

    session = Session(plan, emit)

    async def ask() -> None:
        nonlocal asked
        for _ in range(choose.randrange(3, 12)):
            await asyncio.sleep(choose.choice([0, 0, 0.001, 0.004]))
            asked += 1
            session.receive(Request(asked, anything(choose)))
        # Nothing stays paused for ever.
        while not any(isinstance(message, SessionFinished) for message in finished):
            await asyncio.sleep(0.01)
            asked += 1
            session.receive(Request(asked, Resume()))

    asking = asyncio.create_task(ask())
    async with asyncio.timeout(PATIENCE_S):
        await session.run()
        await asking
    assert answers == Counter(range(1, asked + 1))
    assert sorted(m.run for m in finished if isinstance(m, RunFinished)) == [0, 1, 2]
    assert all(run.life.has_ended for run in fold.runs.values())
