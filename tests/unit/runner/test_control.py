"""What a person does to a run while it is running."""

from __future__ import annotations

import asyncio
import time

import pytest

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.loads.open import OpenLoad
from cortex_tui.loads.staged import Stage, StagedLoad
from cortex_tui.profiles.model import Length
from cortex_tui.protocol.commands import Adjust, Command, EndPhase, Pause, Request, Resume, Stop
from cortex_tui.protocol.messages import Answer, LevelChanged, Mark
from cortex_tui.runner.session import Session
from tests.unit.runner.bench import Bench, Event, Paused, PhaseChanged, Stopping, Waiting
from tests.unit.runner.person import HOUR_NS, LOADS, MS, Person, after_the_first, long_and_short


async def test_a_run_that_waits_for_others_says_so(bench: Bench) -> None:
    recorded = await bench.run(*long_and_short(bench), on_message=after_the_first())
    kinds = [
        type(m) for m in recorded.messages if isinstance(m, PhaseChanged | Waiting) and m.run == 1
    ]
    assert kinds == [PhaseChanged, PhaseChanged, Waiting, PhaseChanged, PhaseChanged]


@pytest.mark.parametrize("one_by_one", [False, True])
async def test_a_run_with_nothing_to_do_says_at_once_that_it_stops(
    bench: Bench, one_by_one: bool
) -> None:
    def stop_second(session: Session, message: Event) -> None:
        if isinstance(message, LevelChanged) and message.run == 0:
            session.execute(Stop(1))
            session.execute(Stop(1))
            session.execute(EndPhase(0, "warmup"))

    recorded = await bench.run(
        *long_and_short(bench), on_message=stop_second, one_by_one=one_by_one
    )
    assert [message.run for message in recorded.of(Stopping)] == [1]
    assert recorded.finished(0).state == "finished"
    assert recorded.finished(1).state == "stopped"
    assert recorded.values("service", 1) == []


async def test_ending_the_warm_up_begins_to_measure(bench: Bench, person: Person) -> None:
    person.at(30, EndPhase(None, "warmup", "phase skipped"))
    person.at(60, EndPhase(None, "warmup", "phase skipped"))  # it came too late
    recorded = await bench.run(
        bench.profile("subject", warmup=Length(duration_ns=HOUR_NS), stop=Length(iterations=100))
    )
    finished = recorded.finished()
    assert finished.state == "finished"
    assert finished.warmup_iterations == 31
    assert finished.warmup_ns < HOUR_NS
    assert len(recorded.values("service")) == 100
    assert recorded.of(Mark) == []


@pytest.mark.parametrize("load", LOADS)
async def test_ending_measure_finishes_the_run_and_is_noted(
    bench: Bench, person: Person, load: ClosedLoad | OpenLoad
) -> None:
    person.at(30, EndPhase(0, None, "phase skipped"))
    recorded = await bench.run(
        bench.profile("subject", load=load, stop=Length(duration_ns=HOUR_NS))
    )
    finished = recorded.finished()
    assert finished.state == "finished"
    # Nothing began after it, and on a busy machine many may have begun in the same turn.
    assert 31 <= len(recorded.values("service")) == len(person.started)
    (mark,) = recorded.of(Mark)
    assert mark.text == "phase skipped"
    assert 0 < mark.offset_ns <= finished.measured_ns


async def test_workers_are_added_and_sent_home(bench: Bench) -> None:
    together: list[int] = []
    bench.write(
        """
        at_work = 0

        @workload
        async def crowd():
            async def operation(i):
                global at_work
                at_work += 1
                together.append(at_work)
                if i in plans:
                    adjust(plans[i])
                await asyncio.sleep(0)
                at_work -= 1
            yield operation
        """,
        together=together,
        plans={50: 4.0, 150: 0.5, 250: 0.1, 350: 0.1},
        adjust=lambda factor: bench.session.execute(Adjust(None, factor)),
    )
    recorded = await bench.run(bench.profile("crowd", stop=Length(iterations=500)))
    assert [message.level for message in recorded.of(LevelChanged)] == [1, 4, 2, 1]
    assert [mark.text for mark in recorded.of(Mark)] == [
        *("1 → 4 workers", "4 → 2 workers", "2 → 1 workers")
    ]
    assert max(together[:50]) == 1
    assert max(together[100:150]) == 4
    assert max(together[160:250]) == 2
    assert max(together[260:]) == 1
    assert len(recorded.values("service")) == 500


async def test_a_rate_is_raised(bench: Bench, person: Person) -> None:
    person.at(0, Adjust(0, 10_000.0))
    recorded = await bench.run(
        bench.profile("subject", load=OpenLoad(rate_per_s=1.0), stop=Length(iterations=60))
    )
    assert [message.level for message in recorded.of(LevelChanged)] == [1, 10_000]
    assert [mark.text for mark in recorded.of(Mark)] == ["1 → 10000/s"]
    # At the old rate it takes a minute all but a second.
    assert recorded.finished().measured_ns < 59_000 * MS
    began = recorded.began_ns("measure")
    intended = [at - by for at, by in zip(person.started, recorded.values("lateness"), strict=True)]
    assert began <= intended[0] < intended[-1]


async def test_a_rate_is_lowered(bench: Bench, person: Person) -> None:
    load = StagedLoad(of="rate", stages=(Stage(10_000, HOUR_NS),))
    waits = person.wait_at(100, Adjust(None, 0.001), 50 * MS, Stop())
    recorded = await bench.run(
        bench.profile("subject", load=load, stop=Length(duration_ns=HOUR_NS))
    )
    assert [message.level for message in recorded.of(LevelChanged)] == [10_000, 10]
    # What was due by then is started all the same. At the old rate there would be 500 more.
    ((from_ns, until_ns),) = waits
    due_before = (from_ns - recorded.began_ns("measure")) * 10_000 // (1_000 * MS)
    due_after = (until_ns - from_ns) * 10 // (1_000 * MS)
    assert 101 <= len(person.started) <= due_before + due_after + 2


@pytest.mark.parametrize("command", [Pause(7), Adjust(7, 2.0), Adjust(0, 0.0), Stop(7), Resume(0)])
async def test_a_command_for_nobody_changes_nothing(
    bench: Bench, person: Person, command: Command
) -> None:
    person.at(5, command)
    recorded = await bench.run(bench.profile("subject"))
    assert recorded.finished().state == "finished"
    assert len(recorded.values("service")) == 50
    assert not recorded.of(Mark)
    assert not recorded.of(Paused)


async def test_a_session_that_is_cancelled_leaves_no_operation_running(bench: Bench) -> None:
    bench.write("async def endless(): await asyncio.sleep(0)")
    profile = bench.profile("endless", load=ClosedLoad(3), stop=Length(duration_ns=HOUR_NS))
    before = asyncio.all_tasks()

    def cancel(session: Session, message: Event) -> None:
        if isinstance(message, PhaseChanged) and message.phase == "measure":
            asyncio.get_running_loop().call_soon(running.cancel)

    running = asyncio.ensure_future(bench.run(profile, on_message=cancel))
    with pytest.raises(asyncio.CancelledError):
        await running
    while asyncio.all_tasks() - before:  # noqa: ASYNC110
        await asyncio.sleep(0)


@pytest.mark.parametrize("load", LOADS)
async def test_what_is_carried_out_late_is_as_of_its_moment(
    bench: Bench, person: Person, load: ClosedLoad | OpenLoad
) -> None:
    """A runner whose event loop is blocked, too: its intervals stay those of the other runners."""
    begun: list[int] = []

    def block() -> None:
        begun.append(now_ns := time.perf_counter_ns())
        commands: tuple[Command, ...] = (Pause(), Resume(), Adjust(None, 2.0), EndPhase())
        for number, command in enumerate(commands, 1):
            bench.session.receive(Request(number, command, now_ns + number * 5 * MS))
        time.sleep(0.03)

    person.do_at(20, block)
    recorded = await bench.run(bench.profile("subject", load=load, stop=Length(HOUR_NS)))
    assert all(answer.answered.done for answer in recorded.of(Answer))
    (asked_ns,) = begun
    assert [paused.at_ns - asked_ns for paused in recorded.of(Paused)] == [5 * MS, 10 * MS]
    first_ns = asked_ns - recorded.began_ns("measure")
    # The pause of 5 ms is left out.
    assert [mark.offset_ns - first_ns for mark in recorded.of(Mark)] == [5 * MS, 5 * MS, 10 * MS]
    assert recorded.finished().measured_ns - first_ns == 15 * MS
