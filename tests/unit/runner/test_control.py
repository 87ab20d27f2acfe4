"""What a person does to a run while it goes on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from statistics import median

import pytest

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.loads.open import OpenLoad
from cortex_tui.loads.staged import Stage, StagedLoad
from cortex_tui.profiles.model import Length, Profile
from cortex_tui.protocol.commands import Adjust, Command, EndPhase, Pause, Request, Resume, Stop
from cortex_tui.protocol.messages import Answer, LevelChanged, Mark, Samples
from cortex_tui.runner.open import OpenDriver
from cortex_tui.runner.session import Session
from tests.unit.runner.bench import Bench, Event, Paused, PhaseChanged, Stopping, Waiting

MS = 1_000_000
HOUR_NS = 3_600_000_000_000

SUBJECT = """
@workload
async def subject():
    async def operation(i):
        await reached(i)
    yield operation

async def neighbour():
    await asyncio.sleep(0)
"""

LOADS = [ClosedLoad(workers=3), OpenLoad(rate_per_s=2_000.0)]


class Person:
    """Gives commands when operations of certain numbers are reached, and looks at what happens."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._plans: dict[int, Callable[[], None]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.started: list[int] = []
        """When each operation began."""
        bench.write(SUBJECT, reached=self.reached)

    async def reached(self, i: int) -> None:
        self.started.append(time.perf_counter_ns())
        if i in self._plans:
            self._plans.pop(i)()
        await asyncio.sleep(0)

    def at(self, i: int, *commands: Command) -> None:
        self.do_at(i, lambda: self.give(*commands))

    def do_at(self, i: int, action: Callable[[], None]) -> None:
        self._plans[i] = action

    def give(self, *commands: Command) -> None:
        for command in commands:
            self._bench.session.execute(command)

    def pause_at(self, i: int, for_ns: int, then: Command | None = None) -> list[tuple[int, int]]:
        """Pauses, and resumes after that time, or does what is to be done `then`; when that was."""
        return self.wait_at(i, Pause(), for_ns, then or Resume())

    def wait_at(self, i: int, first: Command, for_ns: int, then: Command) -> list[tuple[int, int]]:
        """Gives a command, and another after that time; when that was is in what is returned."""
        waits: list[tuple[int, int]] = []

        async def wait() -> None:
            from_ns = time.perf_counter_ns()
            while time.perf_counter_ns() < from_ns + for_ns:  # noqa: ASYNC110
                await asyncio.sleep(0)
            waits.append((from_ns, time.perf_counter_ns()))
            self.give(then)

        def begin() -> None:
            self.give(first)
            self._tasks.append(asyncio.ensure_future(wait()))

        self._plans[i] = begin
        return waits


@pytest.fixture
def person(bench: Bench) -> Person:
    return Person(bench)


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


def after_the_first(*commands: Command) -> Callable[[Session, Event], None]:
    """Gives the commands when run 1 has warmed up and waits for run 0; then ends its warm-up."""

    def on_message(session: Session, message: Event) -> None:
        if isinstance(message, Waiting) and message.run == 1:
            for command in (*commands, EndPhase(0, "warmup")):
                session.execute(command)

    return on_message


def long_and_short(bench: Bench) -> list[Profile]:
    """Run 0 warms up until it is told to end that, run 1 for a few operations."""
    bench.write("async def subject(): await asyncio.sleep(0)")
    return [
        bench.profile("subject", warmup=Length(duration_ns=HOUR_NS)),
        bench.profile("subject", warmup=Length(iterations=5)),
    ]


async def test_a_run_that_waits_for_others_says_so(bench: Bench) -> None:
    recorded = await bench.run(*long_and_short(bench), on_message=after_the_first())
    said = [
        type(m) for m in recorded.messages if isinstance(m, PhaseChanged | Waiting) and m.run == 1
    ]
    assert said == [PhaseChanged, PhaseChanged, Waiting, PhaseChanged, PhaseChanged]


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


async def test_ending_a_phase_that_is_paused_ends_the_pause_as_well(
    bench: Bench, person: Person
) -> None:
    person.pause_at(10, 20 * MS, EndPhase())
    recorded = await bench.run(
        bench.profile("subject", warmup=Length(duration_ns=HOUR_NS), stop=Length(iterations=20))
    )
    said = [m for m in recorded.messages if isinstance(m, PhaseChanged | Paused)]
    assert [m.phase if isinstance(m, PhaseChanged) else m.paused for m in said] == [
        *("setup", "warmup", True, False, "measure", "teardown")
    ]
    assert len(recorded.values("service")) == 20


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
