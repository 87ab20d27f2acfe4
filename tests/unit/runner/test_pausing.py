"""A pause: nothing is started in it, and it is not measured."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import median

import pytest

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.loads.open import OpenLoad
from cortex_tui.profiles.model import Length
from cortex_tui.protocol.commands import EndPhase, Pause, Resume, Stop
from cortex_tui.protocol.messages import Mark, Samples
from cortex_tui.runner.open import OpenDriver
from cortex_tui.runner.session import Session
from tests.unit.runner.bench import Bench, Event, Paused, PhaseChanged, Recorded
from tests.unit.runner.person import HOUR_NS, LOADS, MS, Person, after_the_first, long_and_short


@pytest.mark.parametrize("load", LOADS)
async def test_a_pause_starts_nothing_and_is_not_measured(
    bench: Bench, person: Person, load: ClosedLoad | OpenLoad
) -> None:
    pauses = person.pause_at(20, 50 * MS)
    recorded = await bench.run(
        bench.profile("subject", load=load, stop=Length(iterations=400)), interval_ns=10 * MS
    )
    ((from_ns, until_ns),) = pauses
    finished = recorded.finished()
    assert finished.state == "finished"
    assert len(recorded.values("service")) == len(person.started) == 400
    assert not [at for at in person.started if from_ns < at < until_ns]
    all_ns = recorded.began_ns("teardown") - recorded.began_ns("measure")
    assert finished.measured_ns <= all_ns - (until_ns - from_ns)
    assert [message.paused for message in recorded.of(Paused)] == [True, False]
    texts = [mark.text.partition(" after")[0] for mark in recorded.of(Mark)]
    assert texts == ["paused", "resumed"]
    assert max(s.interval for s in recorded.measured()) <= finished.measured_ns // (10 * MS)


@pytest.mark.parametrize("arrivals", ["constant", "poisson"])
async def test_a_schedule_moves_on_by_the_pause(
    bench: Bench, person: Person, arrivals: str
) -> None:
    pauses = person.pause_at(10, 100 * MS)
    load = OpenLoad(rate_per_s=1_000.0, arrivals="poisson" if arrivals == "poisson" else "constant")
    recorded = await bench.run(bench.profile("subject", load=load, stop=Length(iterations=400)))
    ((from_ns, until_ns),) = pauses
    # Without a shift, most would have been due in the pause.
    due = [at - by for at, by in zip(person.started, recorded.values("lateness"), strict=True)]
    assert sum(from_ns < at < until_ns for at in due) < 10
    assert min(recorded.values("lateness")) >= 0
    if arrivals == "constant":
        paused, resumed = recorded.of(Paused)
        began_ns = recorded.began_ns("measure")
        moved_ns = began_ns + resumed.at_ns - paused.at_ns
        # What was due before, however late the loop came to it, keeps its moment. Of the others
        # some have lost the processor between two readings of the clock; half of them have not.
        off_ns = [
            abs(at - moved_ns - number * MS)
            for number, at in enumerate(due)
            if began_ns + number * MS > paused.at_ns + 5 * MS
        ]
        assert median(off_ns) < 5 * MS


async def test_a_pause_counts_what_ends_in_it(bench: Bench) -> None:
    release, started = asyncio.Event(), list[int]()
    bench.write(
        """
        async def slow():
            started.append(1)
            await release.wait()
        """,
        release=release,
        started=started,
    )

    def on_message(session: Session, message: Event) -> None:
        loop = asyncio.get_running_loop()
        match message:
            case Samples(phase="measure") if started and not session_paused:
                session_paused.append(True)
                session.execute(Pause())
                loop.call_soon(release.set)
                loop.call_later(0.03, session.execute, Resume())
            case _:
                pass

    session_paused: list[bool] = []
    recorded = await bench.run(
        bench.profile("slow", load=ClosedLoad(4), stop=Length(iterations=4)),
        on_message=on_message,
        interval_ns=5 * MS,
    )
    assert len(recorded.values("service")) == 4
    assert recorded.finished().unfinished_ns == ()
    (paused,) = (message for message in recorded.of(Paused) if message.paused)
    at_ns = paused.at_ns - recorded.began_ns("measure")
    # They ended while the clock stood still: in the interval in which that began.
    assert {s.interval for s in recorded.measured() if s.service} == {at_ns // (5 * MS)}


@pytest.mark.parametrize("load", [ClosedLoad(workers=30), OpenLoad(rate_per_s=2_000.0)])
async def test_in_throughput_a_worker_has_what_it_did_outside_of_pauses(
    bench: Bench, load: ClosedLoad | OpenLoad
) -> None:
    """What it does while the clock stands takes no time of the window. An open load has all of what
    it started: a pause changes nothing about how much that is."""
    spans: list[tuple[int, int]] = []
    bench.write(
        """
        async def slow():
            start_ns = time.perf_counter_ns()
            await asyncio.sleep(0.03)
            spans.append((start_ns, time.perf_counter_ns()))
        """,
        spans=spans,
    )
    recorded = await bench.run(
        bench.profile("slow", load=load, stop=Length(iterations=1_200)),
        on_message=two_pauses(step_s=0.06, begins=lambda: len(spans) >= 400),
        interval_ns=5 * MS,
    )
    assert len(recorded.values("service")) == len(spans) == 1_200
    drained = sum(s.drained for s in recorded.measured())
    # A message is either of operations within the window or of others.
    assert all(s.drained * 8 in (0, len(s.service)) for s in recorded.measured())
    if isinstance(load, OpenLoad):
        assert drained == 0
    else:
        expected = drained_for_pauses(recorded, spans, workers=30)
        assert expected > 0
        assert drained == pytest.approx(expected, rel=0.2, abs=5)


def drained_for_pauses(recorded: Recorded, spans: Sequence[tuple[int, int]], workers: int) -> float:
    """How many operations workers do in the time for which they work in pauses, at the rate of all
    that have ended up to the end of each."""
    began_ns, expected, paused_ns, worked_ns = recorded.began_ns("measure"), 0.0, 0, 0
    for from_ns, until_ns in paused_spans(recorded):
        in_pause = sum(max(0, min(until_ns, end) - max(from_ns, at)) for at, end in spans)
        paused_ns, worked_ns = paused_ns + until_ns - from_ns, worked_ns + in_pause
        outside_ns = workers * (until_ns - began_ns - paused_ns)
        ended = sum(end <= until_ns for _, end in spans)
        expected += in_pause * ended / (outside_ns + worked_ns)
    return expected


async def test_batches_with_failures_are_whole_across_pauses(bench: Bench) -> None:
    bench.write(
        """
        @workload
        async def mixed():
            async def operation(i):
                await (asyncio.sleep(0.001) if i % 3 else released.wait())
                if i % 4 == 1:
                    raise ValueError
            yield operation
        """,
        released=(released := asyncio.Event()),
    )
    recorded = await bench.run(
        bench.profile("mixed", load=ClosedLoad(2), stop=Length(iterations=200), batch=4),
        on_message=two_pauses(released.set),
        interval_ns=5 * MS,
    )
    assert recorded.errors() == {"ValueError": 50}
    assert len(recorded.values("service")) == 50
    # One of each batch, in whichever message the batch is.
    assert all(s.failed_in_batches * 8 == len(s.service) for s in recorded.measured())


@pytest.mark.parametrize("after_s", [0.0, 0.05])
async def test_nobody_thinks_in_a_pause(bench: Bench, person: Person, after_s: float) -> None:
    """Whether the think time begins in the pause or before it."""

    def pause() -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(after_s, person.give, Pause())
        loop.call_later(after_s + 0.1, person.give, Resume())

    person.do_at(1, pause) if after_s else person.pause_at(1, 100 * MS)
    load = ClosedLoad(think_time_ns=200 * MS)
    recorded = await bench.run(bench.profile("subject", load=load, stop=Length(iterations=3)))
    assert len(paused_spans(recorded)) == 1
    assert all(
        after - before - in_pauses_ns(recorded, before, after) >= 200 * MS
        for before, after in pairwise(person.started)
    )


def two_pauses(
    released: Callable[[], None] = lambda: None,
    *,
    step_s: float = 0.02,
    begins: Callable[[], bool] = lambda: True,
) -> Callable[[Session, Event], None]:
    """A person who pauses a run twice once it `begins`, with a step every `step_s`; what is to be
    `released` is that within the second pause."""
    steps = iter((Pause(), Resume(), Pause(), released, Resume()))

    def step(session: Session) -> None:
        for each in steps:
            if callable(each):
                each()
            else:
                session.execute(each)
            asyncio.get_running_loop().call_later(step_s, step, session)
            break

    begun: list[bool] = []

    def on_message(session: Session, message: Event) -> None:
        if isinstance(message, Samples) and message.phase == "measure" and not begun and begins():
            begun.append(True)
            asyncio.get_running_loop().call_later(step_s, step, session)

    return on_message


def in_pauses_ns(recorded: Recorded, start_ns: int, end_ns: int) -> int:
    """How much of that time the run was paused."""
    return sum(
        max(0, min(until_ns, end_ns) - max(from_ns, start_ns))
        for from_ns, until_ns in paused_spans(recorded)
    )


def paused_spans(recorded: Recorded) -> list[tuple[int, int]]:
    """From when until when the run was paused."""
    moments = [(message.paused, message.at_ns) for message in recorded.of(Paused)]
    return [(start, end) for (on, start), (_, end) in pairwise(moments) if on]


async def test_a_pause_between_phases_holds_the_next_one(bench: Bench) -> None:
    started: list[int] = []
    bench.write(
        """
        @workload
        async def subject():
            pause()
            async def operation(i):
                started.append(time.perf_counter_ns())
            yield operation
        """,
        started=started,
        pause=lambda: bench.session.execute(Pause()),
    )

    def resume_later(session: Session, message: Event) -> None:
        if isinstance(message, Mark) and message.text == "paused":
            asyncio.get_running_loop().call_later(0.03, session.execute, Resume())

    recorded = await bench.run(bench.profile("subject"), on_message=resume_later)
    _, resumed = recorded.of(Paused)
    assert len(started) == 50
    assert min(started) >= resumed.at_ns
    kinds = [type(m) for m in recorded.messages if isinstance(m, PhaseChanged | Paused)]
    assert kinds == [PhaseChanged, Paused, PhaseChanged, Paused, PhaseChanged]


async def test_a_run_that_waits_for_others_is_paused_and_resumed_like_any(bench: Bench) -> None:
    recorded = await bench.run(
        *long_and_short(bench), on_message=after_the_first(Pause(), Pause(), Resume(), Resume())
    )
    for run in (0, 1):
        assert [m.paused for m in recorded.of(Paused) if m.run == run] == [True, False]
        assert len(recorded.values("service", run)) == 50
    assert not recorded.of(Mark)


async def test_a_pause_while_the_last_of_warm_up_are_awaited_holds_measure(
    bench: Bench, person: Person
) -> None:
    person.at(0, EndPhase(None, "warmup"), Pause())

    def resume(session: Session, message: Event) -> None:
        if isinstance(message, Mark) and message.text == "paused":
            asyncio.get_running_loop().call_soon(session.execute, Resume())

    recorded = await bench.run(
        bench.profile("subject", warmup=Length(duration_ns=HOUR_NS)), on_message=resume
    )
    assert [message.paused for message in recorded.of(Paused)] == [True, False]
    assert recorded.finished().warmup_iterations == 1
    assert len(recorded.values("service")) == 50


async def test_what_becomes_due_while_a_pause_is_made_is_not_started_after_it(
    bench: Bench, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    pause = OpenDriver.pause

    def interrupted(driver: OpenDriver) -> None:
        pause(driver)
        until_ns = time.perf_counter_ns() + 5 * MS
        while time.perf_counter_ns() < until_ns:
            pass

    monkeypatch.setattr(OpenDriver, "pause", interrupted)
    pauses = person.pause_at(20, 10 * MS, Stop())
    load = OpenLoad(rate_per_s=2_000.0)
    await bench.run(bench.profile("subject", load=load, stop=Length(duration_ns=HOUR_NS)))
    ((from_ns, _),) = pauses
    assert not [at for at in person.started if at > from_ns]


async def test_a_run_that_has_measured_cannot_be_paused(bench: Bench, person: Person) -> None:
    def pause_first(session: Session, message: Event) -> None:
        if isinstance(message, PhaseChanged) and (message.run, message.phase) == (0, "teardown"):
            session.execute(Pause())
            session.execute(Resume())

    recorded = await bench.run(
        bench.profile("neighbour", stop=Length(iterations=1)),
        bench.profile("subject", stop=Length(iterations=5_000)),
        on_message=pause_first,
    )
    assert {message.run for message in recorded.of(Paused)} == {1}


async def test_pausing_one_run_lets_the_others_go_on(bench: Bench, person: Person) -> None:
    person.at(5, Pause(0))

    def resume_first(session: Session, message: Event) -> None:
        if isinstance(message, PhaseChanged) and (message.run, message.phase) == (1, "teardown"):
            session.execute(Resume(0))

    recorded = await bench.run(
        bench.profile("subject"), bench.profile("neighbour"), on_message=resume_first
    )
    assert len(recorded.values("service", 0)) == len(recorded.values("service", 1)) == 50
    assert {message.run for message in recorded.of(Paused)} == {0}


@pytest.mark.parametrize("load", LOADS)
async def test_a_stop_in_a_pause_starts_nothing_and_does_not_measure_it(
    bench: Bench, person: Person, load: ClosedLoad | OpenLoad
) -> None:
    pauses = person.pause_at(20, 50 * MS, Stop())
    recorded = await bench.run(
        bench.profile("subject", load=load, stop=Length(duration_ns=HOUR_NS))
    )
    ((from_ns, until_ns),) = pauses
    finished = recorded.finished()
    assert finished.state == "stopped"
    assert not [at for at in person.started if at > from_ns]
    assert len(recorded.values("service")) == len(person.started)
    all_ns = recorded.began_ns("teardown") - recorded.began_ns("measure")
    assert finished.measured_ns <= all_ns - (until_ns - from_ns)
    assert [message.paused for message in recorded.of(Paused)] == [True, False]


async def test_ending_a_phase_that_is_paused_ends_the_pause_as_well(
    bench: Bench, person: Person
) -> None:
    person.pause_at(10, 20 * MS, EndPhase())
    recorded = await bench.run(
        bench.profile("subject", warmup=Length(duration_ns=HOUR_NS), stop=Length(iterations=20))
    )
    changes = [m for m in recorded.messages if isinstance(m, PhaseChanged | Paused)]
    assert [m.phase if isinstance(m, PhaseChanged) else m.paused for m in changes] == [
        *("setup", "warmup", True, False, "measure", "teardown")
    ]
    assert len(recorded.values("service")) == 20
