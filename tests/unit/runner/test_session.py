"""A session on the measuring loop, seen through its messages."""

from __future__ import annotations

import asyncio
import gc
import threading

import pytest

from cortex_tui.loads.closed import ClosedLoad
from cortex_tui.loads.open import OpenLoad
from cortex_tui.profiles.model import Length
from cortex_tui.protocol.messages import (
    RunFinished,
    RunPlanned,
    Samples,
    SessionFinished,
    SessionStarted,
)
from cortex_tui.runner import members as members_module
from cortex_tui.runner import phase as phase_module
from cortex_tui.runner import run as run_module
from tests.unit.runner.bench import NOOP, Bench, PhaseChanged


async def test_runs_exactly_the_iterations_it_was_asked_for(bench: Bench) -> None:
    bench.write(NOOP)
    recorded = await bench.run(bench.profile("noop", stop=Length(iterations=1_234)))
    assert len(recorded.values("service")) == 1_234
    assert recorded.finished().state == "finished"


async def test_reports_the_session_from_its_start_to_its_end(bench: Bench) -> None:
    bench.write(NOOP)
    recorded = await bench.run(bench.profile("noop", warmup=Length(iterations=5)))
    kinds = [type(m) for m in recorded.messages if not isinstance(m, Samples)]
    phases = [m.phase for m in recorded.of(PhaseChanged)]
    assert kinds[:2] == [SessionStarted, RunPlanned]
    assert phases == ["setup", "warmup", "measure", "teardown"]
    assert kinds[-2:] == [RunFinished, SessionFinished]


async def test_the_index_counts_up_and_the_warm_up_is_not_measured(bench: Bench) -> None:
    bench.write(
        """
        seen = []

        @workload
        async def indexed():
            async def operation(i):
                seen.append(i)
            yield operation
            assert seen == list(range(30)), seen
        """
    )
    profile = bench.profile("indexed", warmup=Length(iterations=10), stop=Length(iterations=20))
    recorded = await bench.run(profile)
    assert recorded.finished().reason == ""
    assert len(recorded.values("service")) == 20


@pytest.mark.parametrize(
    "source",
    [
        "async def shape(): pass",
        "def shape(): pass",
        "@workload\nasync def shape():\n    async def operation(): pass\n    yield operation",
        "@workload\nasync def shape():\n    def operation(i): assert i >= 0\n    yield operation",
        "@workload\nasync def shape():\n    def operation(i=0): pass\n    yield operation",
    ],
)
@pytest.mark.parametrize("load", [ClosedLoad(), OpenLoad(rate_per_s=100_000.0)])
async def test_takes_operations_of_every_shape(
    bench: Bench, source: str, load: ClosedLoad | OpenLoad
) -> None:
    bench.write(source)
    recorded = await bench.run(bench.profile("shape", load=load))
    assert recorded.finished().reason == ""
    assert len(recorded.values("service")) == 50


async def test_refuses_a_function_whose_awaitable_nobody_awaits(bench: Bench) -> None:
    bench.write(
        """
        async def inner(): pass

        def outer(): return inner()
        """
    )
    recorded = await bench.run(bench.profile("outer"))
    assert recorded.finished().state == "failed"
    assert "returned an awaitable that nothing awaits" in recorded.finished().reason


async def test_counts_failures_by_type_apart_from_successes(bench: Bench) -> None:
    bench.write(
        """
        @workload
        async def flaky():
            async def operation(i):
                if i % 5 == 0:
                    raise ValueError(f"number {i}")
                if i % 5 == 1:
                    raise KeyError(i)
            yield operation
        """
    )
    recorded = await bench.run(bench.profile("flaky"))
    errors: dict[str, int] = {}
    tracebacks: dict[str, str] = {}
    for samples in recorded.measured():
        tracebacks |= samples.tracebacks
        for name, count in samples.errors.items():
            errors[name] = errors.get(name, 0) + count
    assert errors == {"ValueError": 10, "KeyError": 10}
    assert len(recorded.values("service")) == 30
    assert len(recorded.values("failures")) == 20
    assert "number 0" in tracebacks["ValueError"]
    assert recorded.finished().state == "finished"


async def test_an_operation_that_exits_is_a_failure_not_the_end(bench: Bench) -> None:
    bench.write(
        """
        async def leaving():
            raise SystemExit(3)
        """
    )
    recorded = await bench.run(bench.profile("leaving"))
    assert len(recorded.values("failures")) == 50


@pytest.mark.parametrize("kept", [2, 4])
async def test_what_never_ends_is_counted_with_its_age(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, kept: int
) -> None:
    drain_ns = 20_000_000
    monkeypatch.setattr(phase_module, "DRAIN_NS", drain_ns)
    monkeypatch.setattr(members_module, "MAX_UNFINISHED", kept)
    bench.write(
        """
        @workload
        async def stuck():
            async def operation(i):
                if i >= 3:
                    await asyncio.Event().wait()
            yield operation
        """
    )
    duration_ns = 500_000_000  # in which three operations end on any machine
    recorded = await bench.run(
        bench.profile("stuck", load=ClosedLoad(4), stop=Length(duration_ns=duration_ns))
    )
    finished = recorded.finished()
    assert len(recorded.values("service")) == 3
    assert len(finished.unfinished_ns) == kept
    assert finished.unfinished_more == 4 - kept
    # They began within the window, and were awaited for the time of the drain after it.
    assert all(age >= drain_ns for age in finished.unfinished_ns)


async def test_an_operation_that_swallows_its_cancellation_is_unfinished_all_the_same(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phase_module, "DRAIN_NS", 10_000_000)
    bench.write(
        """
        async def stubborn():
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                pass
        """
    )
    recorded = await bench.run(bench.profile("stubborn", stop=Length(duration_ns=500_000_000)))
    assert len(recorded.finished().unfinished_ns) == 1
    assert recorded.values("service") == []


@pytest.mark.parametrize(
    ("function", "params", "expected"),
    [
        ("nop", {}, "has no 'nop' (did you mean \"noop\"?)"),
        ("Generator", {}, "has no 'Generator' (did you mean \"plain_generator\"?)"),
        ("sized", {"SIZE": 3}, "it has no parameter 'SIZE' (did you mean \"size\"?)"),
        ("sized", {"workers": 3}, "it has no parameter 'workers' (expected size)"),
        ("noop", {"size": 3}, "a bare function takes none"),
        ("sized", {"siez": 3}, "it has no parameter 'siez' (did you mean \"size\"?)"),
        ("needy", {}, "its parameter 'size' has no default"),
        ("plain_generator", {}, "needs the @workload decorator"),
        ("NUMBER", {}, "expected a function or a @workload generator, got int"),
        ("takes_one", {}, "a bare function must take nothing, but it needs x"),
        ("yields_a_number", {}, "expected it to yield a function, got int"),
        ("yields_nothing", {}, "it yields nothing"),
        ("takes_two", {}, "expected the operation to take its index, or nothing"),
        ("yields_twice", {}, "expected one yield, but it yields a second time"),
    ],
)
async def test_says_what_is_wrong_with_a_workload(
    bench: Bench, function: str, params: dict[str, int], expected: str
) -> None:
    bench.write(
        """
        NUMBER = 3

        async def noop(): pass

        async def takes_one(x): pass

        async def plain_generator(): yield noop

        @workload
        async def sized(size: int = 1): yield noop

        @workload
        async def needy(size): yield noop

        @workload
        async def yields_a_number(): yield 3

        @workload
        async def yields_nothing():
            if False:
                yield

        @workload
        async def takes_two():
            async def operation(a, b): pass
            yield operation

        @workload
        async def yields_twice():
            yield noop
            yield noop
        """
    )
    recorded = await bench.run(bench.profile(function, params=params))
    assert recorded.finished().state == "failed"
    assert expected in recorded.finished().reason


async def test_an_open_load_starts_every_arrival_and_times_it_from_its_moment(
    bench: Bench,
) -> None:
    bench.write(
        """
        @workload
        async def stalling():
            async def operation(i):
                if i == 0:
                    time.sleep(0.05)
            yield operation
        """
    )
    load, stop = OpenLoad(rate_per_s=1_000.0), Length(duration_ns=100_000_000)
    recorded = await bench.run(bench.profile("stalling", load=load, stop=stop))
    service, response = recorded.values("service"), recorded.values("response")
    lateness = recorded.values("lateness")
    assert len(service) == len(response) == len(lateness) == 100
    assert response == [s + late for s, late in zip(service, lateness, strict=True)]
    # The stall delayed the arrivals behind it: only response time shows that.
    assert sum(r > 10_000_000 for r in response) > 30
    assert sum(s > 10_000_000 for s in service) < 5


async def test_arrivals_beyond_the_limit_in_flight_are_counted_as_unstarted(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phase_module, "DRAIN_NS", 1_000_000)
    bench.write(
        """
        async def stuck(): await asyncio.Event().wait()
        """
    )
    load = OpenLoad(rate_per_s=100_000.0, max_in_flight=7)
    recorded = await bench.run(bench.profile("stuck", load=load))
    assert sum(s.unstarted for s in recorded.measured()) == 43
    assert len(recorded.finished().unfinished_ns) == 7


@pytest.mark.parametrize("timeout_ns", [None, 20_000_000])
async def test_a_run_by_a_number_of_operations_ends_though_the_rest_of_them_never_do(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, timeout_ns: int | None
) -> None:
    for module in (phase_module, run_module):
        monkeypatch.setattr(module, "DRAIN_NS", 50_000_000)
    monkeypatch.setattr(run_module, "MEASURE_STALL_NS", 70_000_000)
    bench.write(
        """
        @workload
        async def hanging():
            async def operation(i: int):
                if i >= 5:
                    try:
                        await asyncio.Event().wait()
                    except asyncio.CancelledError:  # will not end at its timeout
                        await asyncio.Event().wait()
            yield operation
        """
    )
    profile = bench.profile(
        "hanging", load=ClosedLoad(workers=3), stop=Length(iterations=40), timeout_ns=timeout_ns
    )
    recorded = await bench.run(profile)
    assert len(recorded.values("service")) == 5
    assert len(recorded.finished().unfinished_ns) == 3
    assert recorded.finished().warnings == (
        "measure ended after 5 of 40 operations: none had ended for 0.07 s",
    )


async def test_leaves_nothing_behind(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.write(NOOP)
    tasks, threads = asyncio.all_tasks(), threading.active_count()
    frozen: list[int] = []
    ended: list[int] = []

    def unfreeze() -> None:
        ended.extend(frozen)
        frozen.clear()

    # Of its own: what other tests have frozen stays.
    monkeypatch.setattr(gc, "freeze", lambda: frozen.append(1))
    monkeypatch.setattr(gc, "unfreeze", unfreeze)
    monkeypatch.setattr(gc, "get_freeze_count", lambda: len(frozen))
    await bench.run(
        bench.profile("noop"), bench.profile("noop", load=OpenLoad(rate_per_s=50_000.0))
    )
    assert ended
    assert not frozen
    assert asyncio.all_tasks() == tasks
    assert threading.active_count() == threads
    assert not [c for c in gc.callbacks if "HealthMeter" in repr(c)]


async def test_what_ends_after_the_window_is_drained(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phase_module, "DRAIN_NS", 100_000_000)
    bench.write(
        """
        @workload
        async def overloaded():
            turn = asyncio.Lock()
            async def operation(i):
                async with turn:
                    await asyncio.sleep(0.005)
            yield operation
        """
    )
    duration_ns = 50_000_000
    load, stop = OpenLoad(rate_per_s=2_000.0), Length(duration_ns=duration_ns)
    recorded = await bench.run(bench.profile("overloaded", load=load, stop=stop))
    finished = recorded.finished()
    ended = len(recorded.values("service"))
    assert len(finished.unfinished_ns) + ended == 100
    drained = sum(samples.drained for samples in recorded.measured())
    assert finished.measured_ns == duration_ns
    assert finished.drain_ns >= (drained - 1) * 5_000_000
    # One after the other, of 5 ms each: no more of them can end within the window.
    assert ended - drained <= duration_ns // 5_000_000
