"""Runs that measure together: begun, torn down and stopped with regard to each other."""

from __future__ import annotations

import asyncio

import pytest

from cortex_tui.profiles.model import Length
from cortex_tui.protocol.commands import Pause, Resume, Stop
from cortex_tui.protocol.messages import RunPlanned, Samples, SessionFinished
from cortex_tui.runner.session import Session
from tests.unit.runner.bench import NOOP, Bench, Event, PhaseChanged
from tests.unit.runner.person import HOUR_NS


async def test_measure_begins_for_all_at_one_moment(bench: Bench) -> None:
    bench.write(
        """
        @workload
        async def slow_to_start():
            for _ in range(50):
                await asyncio.sleep(0)
            async def operation(i): pass
            yield operation

        async def noop(): pass
        """
    )
    recorded = await bench.run(bench.profile("slow_to_start"), bench.profile("noop"))
    starts = {m.run: m.at_ns for m in recorded.of(PhaseChanged) if m.phase == "measure"}
    assert len(starts) == 2
    assert len(set(starts.values())) == 1


async def test_a_set_up_that_fails_leaves_the_neighbours_alone(bench: Bench) -> None:
    bench.write(
        """
        @workload
        async def broken():
            raise ConnectionError("no server at 127.0.0.1:1")
            yield

        async def noop(): pass
        """
    )
    recorded = await bench.run(bench.profile("broken"), bench.profile("noop"))
    assert recorded.finished(0).state == "failed"
    assert recorded.finished(0).reason == "setup: ConnectionError: no server at 127.0.0.1:1"
    assert "broken" in recorded.finished(0).traceback
    assert recorded.finished(1).state == "finished"
    assert len(recorded.values("service", 1)) == 50


async def test_tears_down_after_the_last_has_measured_and_reports_when_that_fails(
    bench: Bench,
) -> None:
    bench.write(
        """
        measured = []

        @workload
        async def quick():
            async def operation(i): pass
            yield operation
            assert len(measured) == 40, len(measured)
            raise RuntimeError("cannot close")

        @workload
        async def slow():
            async def operation(i):
                await asyncio.sleep(0)
                measured.append(i)
            yield operation
        """
    )
    recorded = await bench.run(
        bench.profile("quick", stop=Length(iterations=1)),
        bench.profile("slow", stop=Length(iterations=40)),
    )
    assert recorded.finished(0).state == "failed"
    assert recorded.finished(0).reason == "teardown: RuntimeError: cannot close"
    assert recorded.finished(1).state == "finished"


async def test_a_teardown_that_hangs_is_given_up(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cortex_tui.runner.host.TEARDOWN_S", 0.01)
    bench.write(
        """
        @workload
        async def sticky():
            async def operation(i): pass
            yield operation
            await asyncio.Event().wait()
        """
    )
    recorded = await bench.run(bench.profile("sticky"))
    assert recorded.finished().state == "failed"
    assert "teardown did not end" in recorded.finished().reason


async def test_a_worker_that_never_suspends_lets_its_neighbours_run(bench: Bench) -> None:
    bench.write(
        """
        async def greedy(): pass

        async def polite(): await asyncio.sleep(0)
        """
    )

    def stop_when_the_polite_one_is_done(session: Session, message: Event) -> None:
        if message == PhaseChanged(1, "teardown", getattr(message, "at_ns", 0)):
            session.stop(0)

    # Had it to wait for the greedy one to end, this would last for an hour.
    recorded = await bench.run(
        bench.profile("greedy", stop=Length(duration_ns=3_600_000_000_000)),
        bench.profile("polite", stop=Length(iterations=20)),
        on_message=stop_when_the_polite_one_is_done,
    )
    assert [recorded.finished(run).state for run in (0, 1)] == ["stopped", "finished"]


async def test_a_stop_ends_everything_and_keeps_what_was_measured(bench: Bench) -> None:
    bench.write(NOOP)

    def stop_when_measuring(session: Session, message: Event) -> None:
        if isinstance(message, Samples) and message.phase == "measure" and message.service:
            session.stop()

    recorded = await bench.run(
        bench.profile("noop", stop=Length(duration_ns=3_600_000_000_000)),
        on_message=stop_when_measuring,
        interval_ns=5_000_000,
    )
    assert recorded.finished().state == "stopped"
    assert recorded.values("service")
    assert recorded.of(SessionFinished)[0].stopped


async def test_a_run_that_had_measured_to_its_end_is_not_stopped_by_a_later_stop(
    bench: Bench,
) -> None:
    bench.write(NOOP)

    def stop_when_one_is_done(session: Session, message: Event) -> None:
        if isinstance(message, PhaseChanged) and message.phase == "teardown":
            session.stop()

    recorded = await bench.run(
        bench.profile("noop", stop=Length(iterations=5)),
        bench.profile("noop", stop=Length(duration_ns=3_600_000_000_000)),
        on_message=stop_when_one_is_done,
    )
    assert [recorded.finished(run).state for run in (0, 1)] == ["finished", "stopped"]


async def test_a_stop_ends_a_set_up_that_waits_for_ever(bench: Bench) -> None:
    bench.write(
        """
        @workload
        async def waiting():
            await asyncio.Event().wait()
            yield
        """
    )

    def stop(session: Session, message: Event) -> None:
        if isinstance(message, PhaseChanged):
            asyncio.get_running_loop().call_soon(session.stop)

    recorded = await bench.run(bench.profile("waiting"), on_message=stop)
    assert recorded.finished().state == "stopped"


async def test_stopping_one_run_lets_the_others_go_on(bench: Bench) -> None:
    bench.write(NOOP)

    def stop_first(session: Session, message: Event) -> None:
        if isinstance(message, PhaseChanged) and message.phase == "measure":
            session.stop(0)

    recorded = await bench.run(
        bench.profile("noop", stop=Length(duration_ns=3_600_000_000_000)),
        bench.profile("noop"),
        on_message=stop_first,
    )
    assert recorded.finished(0).state == "stopped"
    assert recorded.finished(1).state == "finished"
    assert len(recorded.values("service", 1)) == 50
    assert not recorded.of(SessionFinished)[0].stopped


async def test_a_stop_that_comes_when_all_have_measured_cuts_nothing_short(bench: Bench) -> None:
    bench.write(
        """
        @workload
        async def broken():
            raise ConnectionError("no server")
            yield

        async def noop(): pass
        """
    )

    def stop_in_teardown(session: Session, message: Event) -> None:
        if isinstance(message, PhaseChanged) and message.phase == "teardown":
            session.stop()

    recorded = await bench.run(
        bench.profile("broken"), bench.profile("noop"), on_message=stop_in_teardown
    )
    assert [recorded.finished(run).state for run in (0, 1)] == ["failed", "finished"]
    assert not recorded.of(SessionFinished)[0].stopped


async def test_one_by_one_has_no_neighbours(bench: Bench) -> None:
    bench.write(NOOP)
    recorded = await bench.run(bench.profile("noop"), bench.profile("noop"), one_by_one=True)
    assert [m.neighbours for m in recorded.of(RunPlanned)] == [(), ()]
    order = [(m.run, m.phase) for m in recorded.of(PhaseChanged)]
    assert order.index((0, "teardown")) < order.index((1, "setup"))
    assert {s.neighbours for s in recorded.of(Samples)} == {0}


async def test_a_profile_that_is_alone_has_no_neighbours_in_any_round(bench: Bench) -> None:
    bench.write(NOOP)
    alone, other = bench.profile("noop", alone=True), bench.profile("noop")
    recorded = await bench.run(alone, other, alone, other, rounds=2)
    began = [m.run for m in recorded.of(PhaseChanged) if m.phase == "setup"]
    assert [began[0:2], began[4:6]] == [[1, 3], [5, 7]]
    assert [began[2:4], began[6:8]] == [[0, 2], [4, 6]]
    order = [(m.run, m.phase) for m in recorded.of(PhaseChanged)]
    assert order.index((3, "teardown")) < order.index((0, "setup"))
    assert order.index((0, "teardown")) < order.index((2, "setup"))
    neighbours = {m.run: len(m.neighbours) for m in recorded.of(RunPlanned)}
    assert neighbours == {0: 0, 1: 1, 2: 0, 3: 1, 4: 0, 5: 1, 6: 0, 7: 1}
    assert {s.neighbours for s in recorded.of(Samples) if s.run in (0, 2, 4, 6)} == {0}


async def test_what_is_not_async_runs_alone_when_its_neighbours_are_done(bench: Bench) -> None:
    bench.write(
        """
        def blocking(): pass

        async def noop(): pass
        """
    )
    recorded = await bench.run(bench.profile("blocking"), bench.profile("noop"))
    measured = [(m.run, m.phase) for m in recorded.of(PhaseChanged) if m.phase != "warmup"]
    assert {recorded.finished(run).state for run in (0, 1)} == {"finished"}
    assert measured.index((1, "teardown")) < measured.index((0, "measure"))
    assert recorded.finished(0).warnings == (
        "not async: it blocks the loop, so it ran without neighbours",
    )


async def test_a_neighbour_that_is_paused_is_none(bench: Bench) -> None:
    bench.write("async def subject(): await asyncio.sleep(0)")
    seen, neighbours = 0, list[int]()

    def on_message(session: Session, message: Event) -> None:
        nonlocal seen
        if not (isinstance(message, Samples) and message.run == 1 and message.at_ns):
            return
        neighbours.append(message.neighbours)
        seen += 1
        if seen == 3:
            session.execute(Pause(0))
        elif seen == 6:
            session.execute(Resume(0))
        elif seen == 9:
            session.execute(Stop(None))

    profiles = [bench.profile("subject", stop=Length(duration_ns=HOUR_NS)) for _ in range(2)]
    await bench.run(*profiles, interval_ns=10_000_000, on_message=on_message)
    assert neighbours[:9] == [1] * 3 + [0] * 3 + [1] * 3
