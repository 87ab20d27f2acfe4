"""What is recorded, on its way out of the runner: in pieces, in order, and all of it."""

from __future__ import annotations

import asyncio
from array import array

import pytest

from cortex_tui.limits import MAX_PIECE_BYTES
from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.loads.open import OpenLoad
from cortex_tui.profiles.model import Length
from cortex_tui.protocol.messages import Message, Pulse, Samples, SessionFinished
from cortex_tui.runner.handover import Outbox
from cortex_tui.runner.session import Session
from tests.unit.runner.bench import Bench, Event


def samples(count: int, *, failures: int = 0, open_load: bool = False, run: int = 0) -> Samples:
    values = array("q", range(count)).tobytes()
    return Samples(
        run=run,
        phase="measure",
        interval=7,
        service=values,
        response=values if open_load else b"",
        lateness=values if open_load else b"",
        failures=array("q", range(failures)).tobytes(),
        errors={"KeyError": failures} if failures else {},
        tracebacks={"KeyError": "…"} if failures else {},
        unstarted=3,
    )


@pytest.mark.parametrize(
    "whole",
    [
        samples(0),
        samples(5),
        samples(50_000),
        samples(20_000, open_load=True),
        samples(10, failures=30_000),
        samples(20_000, failures=20_000, open_load=True),
    ],
)
async def test_pieces_add_up_to_the_whole_and_fit_into_frames(whole: Samples) -> None:
    frames: list[list[Message]] = []
    outbox = Outbox(frames.append)
    outbox.put([whole])
    await outbox.send()
    pieces = [message for frame in frames for message in frame if isinstance(message, Samples)]
    for which in ("service", "response", "lateness", "failures"):
        assert b"".join(getattr(piece, which) for piece in pieces) == getattr(whole, which)
    assert sum(piece.unstarted for piece in pieces) == 3
    assert sum(sum(piece.errors.values()) for piece in pieces) == sum(whole.errors.values())
    assert {(piece.run, piece.phase, piece.interval) for piece in pieces} == {(0, "measure", 7)}
    for piece in pieces:
        # An open operation has all its three times in one piece.
        assert len(piece.response) == len(piece.lateness) in (0, len(piece.service))
    for frame in frames:
        sizes = [
            len(m.service) + len(m.response) + len(m.lateness) + len(m.failures)
            for m in frame
            if isinstance(m, Samples)
        ]
        assert sum(sizes) <= MAX_PIECE_BYTES


async def test_others_have_their_turn_between_two_frames() -> None:
    happened: list[object] = []
    outbox = Outbox(lambda batch: happened.append("frame"))
    outbox.put([samples(30_000)])

    async def other() -> None:
        while len(happened) < 9:
            happened.append("other")
            await asyncio.sleep(0)

    await asyncio.gather(outbox.send(), other())
    assert happened[:8] == ["other", "frame"] * 4


async def test_what_is_said_comes_after_what_waits() -> None:
    sent: list[Message] = []
    outbox = Outbox(sent.extend)
    outbox.put([samples(20_000, run=1), samples(5, run=2)])
    sending = asyncio.ensure_future(outbox.send())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    outbox.report([SessionFinished(1)])
    outbox.put([Pulse(2)])
    await sending
    assert [getattr(message, "run", None) for message in sent] == [1, 1, 1, 1, 2, None, None]
    assert isinstance(sent[-2], SessionFinished)
    assert isinstance(sent[-1], Pulse)


async def test_who_receives_a_batch_may_have_more_sent_at_once() -> None:
    received: list[Message] = []

    def receive(batch: list[Message]) -> None:
        received.extend(batch)
        if len(received) < 9 and any(isinstance(message, Pulse) for message in batch):
            outbox.report([SessionFinished(2)])

    outbox = Outbox(receive)
    outbox.put([Pulse(1)])
    outbox.report([])
    assert received == [Pulse(1), SessionFinished(2)]


async def test_a_session_says_its_last_word_last_however_much_there_is(bench: Bench) -> None:
    bench.write("async def noop(): pass")
    profiles = [
        bench.profile("noop", load=ClosedLoad(workers), stop=Length(iterations=40_000))
        for workers in (1, 2, 3)
    ]
    recorded = await bench.run(*profiles, interval_ns=20_000_000)
    assert isinstance(recorded.messages[-1], SessionFinished)
    for run in range(3):
        assert len(recorded.values("service", run)) == 40_000
        about = [m for m in recorded.messages if getattr(m, "run", None) == run]
        assert about[-1] == recorded.finished(run)


AT_WORK = """
    @workload
    async def working(seconds: float):
        async def operation(i):
            at_work.append(i)
            await asyncio.sleep(seconds)
            at_work.remove(i)
        yield operation
"""


async def test_values_are_handed_on_while_no_operation_is_under_way(bench: Bench) -> None:
    """An operation that ends meanwhile, or is to start, would seem to take longer."""
    at_work: list[int] = []
    disturbed: list[bool] = []
    bench.write(AT_WORK, at_work=at_work)

    def on_message(session: Session, message: Event) -> None:
        if isinstance(message, Pulse):
            disturbed.append(bool(at_work))

    # Every interval begins with an arrival, and another one comes in its middle.
    profile = bench.profile(
        "working",
        params={"seconds": 0.002},
        load=OpenLoad(rate_per_s=20.0),
        stop=Length(duration_ns=2_000_000_000),
    )
    await bench.run(profile, on_message=on_message)
    assert len(disturbed) >= 10
    # Some on a machine that is so busy that an operation is not done in the time that is waited.
    assert sum(disturbed) <= len(disturbed) // 3


async def test_operations_are_looked_at_at_any_moment(bench: Bench) -> None:
    """Although values are handed on when there is none, and intervals begin with an arrival."""
    at_work: list[int] = []
    bench.write(AT_WORK, at_work=at_work)
    profile = bench.profile(
        "working",
        params={"seconds": 0.05},
        load=OpenLoad(rate_per_s=10.0),
        stop=Length(duration_ns=4_000_000_000),
    )
    recorded = await bench.run(profile)
    # Half of the time there is one; 40 looks miss one side by chance in 1 of 10^12 runs.
    seen = {message.in_flight for message in recorded.measured()[:-1]}
    assert seen >= {0, 1}
    waits = [message.waits for message in recorded.measured() if message.waits]
    assert waits
