"""The twenty reference benchmarks under pytest-benchmark: `pytest tests/performance`.

They are the shipped profiles: same workloads, parameters and targets. A round is one operation; it
checks its result, and the first that fails ends the benchmark. What a round is said to have taken
is the time on the event loop from the operation's start to its end: starting the loop for every
round (some 30 µs) is no part of the subject. `--database server` measures them on PostgreSQL.
"""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import cast

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from cortex_tui.profiles.loader import load_catalog
from cortex_tui.profiles.model import Database, Profile
from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.measured import Measured
from cortex_tui.stats.statistics import COUNT
from cortex_tui.stats.targets import parse_target
from cortex_tui.stats.verdicts import evaluate
from cortex_tui.workloads.context import RunContext, current_run
from cortex_tui.workloads.operation import Operation
from cortex_tui.workloads.resolving import resolve

ROUNDS = 400
WARMUP_ROUNDS = 50
CHECKED_ROUNDS = 20
"""Where nothing is measured."""

SUITES = ("mediator", "repository", "search")
PROFILES = {
    profile.full_name: profile
    for profile in load_catalog(working_folder=Path(__file__).parent).profiles
    if profile.suite in SUITES
}


class ServiceClock:
    """A clock that runs only while an operation is under way."""

    def __init__(self) -> None:
        self._service_ns = 0

    def now_s(self) -> float:
        return self._service_ns / 1e9

    async def timed(self, operation: Callable[[int], Awaitable[object]], i: int) -> None:
        start_ns = time.perf_counter_ns()
        await operation(i)
        self._service_ns += time.perf_counter_ns() - start_ns


CLOCK = ServiceClock()


class Subject:
    """A workload that is set up; calling it does its next operation."""

    def __init__(
        self, runner: asyncio.Runner, operation: Callable[[int], Awaitable[object]]
    ) -> None:
        self._loop = runner.get_loop()
        self._operation = operation
        self.succeeded = 0

    def __call__(self) -> None:
        self._loop.run_until_complete(CLOCK.timed(self._operation, self.succeeded))
        self.succeeded += 1


@contextmanager
def set_up(profile: Profile, database: Database, scratch: Path, cache: Path) -> Iterator[Subject]:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()

        async def enter() -> Operation:
            current_run.set(RunContext(0, scratch, cache, database))
            workload = resolve(profile.workload)
            operation = await stack.enter_async_context(workload.opened(profile.params))
            assert isinstance(operation, Operation)
            return operation

        try:
            yield Subject(runner, runner.run(enter()).function)
        finally:
            runner.run(stack.aclose())


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where seeded files are kept for all of them."""
    return tmp_path_factory.mktemp("cache")


def test_there_are_twenty() -> None:
    assert len(PROFILES) == 20


@pytest.mark.benchmark(timer=CLOCK.now_s)
@pytest.mark.parametrize("name", PROFILES)
def test_reference(
    name: str,
    benchmark: BenchmarkFixture,
    record_property: Callable[[str, object], None],
    database: Database,
    tmp_path: Path,
    cache: Path,
) -> None:
    profile = PROFILES[name]
    benchmark.group = profile.suite
    run = cast(Callable[..., None], benchmark.pedantic)
    with set_up(profile, database, tmp_path, cache) as operation:
        if benchmark.disabled:
            run(operation)  # once
            for _ in range(CHECKED_ROUNDS - 1):
                operation()
            assert operation.succeeded == CHECKED_ROUNDS
            record_property("checked only", True)
            return
        run(operation, rounds=ROUNDS, warmup_rounds=WARMUP_ROUNDS)
    assert operation.succeeded == ROUNDS + WARMUP_ROUNDS
    measured = service_times(benchmark)
    for text in profile.targets:
        target = parse_target(text)
        if target.unit is COUNT:
            continue  # a failing operation has ended the benchmark
        evaluation = evaluate(target, measured, "service")
        benchmark.extra_info[text] = evaluation.value
        assert evaluation.met, f"{text}: {evaluation}"


def service_times(benchmark: BenchmarkFixture) -> Measured:
    """What pytest-benchmark recorded of every round, not only its own statistics."""
    assert benchmark.stats is not None
    rounds_ns = array("q", (round(seconds * 1e9) for seconds in benchmark.stats.stats.data))
    assert len(rounds_ns) == ROUNDS
    service = Histogram()
    service.fold(rounds_ns.tobytes())
    return Measured(service, Histogram(), sum(rounds_ns))
