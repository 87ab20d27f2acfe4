"""The `benchmark` fixture: what a test calls, with the interface of pytest-benchmark's.

Its documentation is the reference: https://pytest-benchmark.readthedocs.io/en/stable/. What differs
is who measures, and that a test that is async awaits `benchmark(coroutine_function, …)`.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import pytest

from cortex_tui.pytest_runner.calls import (
    Arguments,
    Rounds,
    by_timer,
    calls_of,
    current_turn,
    finished,
)
from cortex_tui.pytest_runner.measuring import TestRun, Work, no_turn
from cortex_tui.pytest_runner.quiet import observers, undisturbed
from cortex_tui.pytest_runner.results import Measured
from cortex_tui.pytest_runner.settings import Settings
from cortex_tui.workloads.operation import Operation

T = TypeVar("T")

_PACKAGE = f"{Path(__file__).parents[1]}{os.sep}"


class FixtureAlreadyUsedError(Exception):
    """A test measures one function."""


class Benchmark:
    """One test's measurement."""

    def __init__(self, item: pytest.Item, run: TestRun, settings: Settings) -> None:
        call = getattr(item, "callspec", None)
        self.name = item.name
        self.fullname = item.nodeid
        self.param = call.id if call else None
        self.params = call.params if call else None
        self.group = settings.group or None
        self.extra_info: dict[str, Any] = {}
        self.disabled = settings.disabled
        self.has_error = False
        self.skipped = False
        self.stats: Measured | None = None
        self._run = run
        self._settings = settings
        self._is_async = inspect.iscoroutinefunction(getattr(item, "function", None))
        self._used = ""
        self._undo: list[Callable[[], None]] = []

    def __repr__(self) -> str:
        return f"<benchmark of {self.fullname}>"

    @property
    def enabled(self) -> bool:
        return not self.disabled

    def __call__(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Measures the function, and returns what it returns; to be awaited where it is async."""
        __tracebackhide__ = True
        self._use("benchmark(...)")
        call = partial(function, *args, **kwargs) if args or kwargs else function
        if self._awaits(function):
            return self._measured(call, awaits=True)
        return finished(self._measured(call, awaits=False))

    def pedantic(
        self,
        target: Callable[..., Any],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
        setup: Callable[[], Any] | None = None,
        teardown: Callable[..., Any] | None = None,
        rounds: int = 1,
        warmup_rounds: int = 0,
        iterations: int = 1,
    ) -> Any:
        """Measures `rounds` of `iterations` calls each, with fresh arguments from `setup`."""
        __tracebackhide__ = True
        self._use("benchmark.pedantic(...)")
        _check_count("iterations", iterations, 1)
        _check_count("rounds", rounds, 1)
        _check_count("warmup_rounds", warmup_rounds, 0)
        if iterations > 1 and setup:
            raise ValueError("iterations: expected 1 with a setup, which runs once a round")

        def arguments() -> Arguments:
            found = setup() if setup else None
            if not found:
                return args, kwargs or {}
            if args or kwargs:
                raise TypeError("args and kwargs: expected none where setup returns the arguments")
            return found  # type: ignore[no-any-return]

        awaits = self._awaits(target)
        timer = self._settings.timer
        given = Rounds(target, arguments, teardown, iterations, timer, awaits=awaits)
        measuring = self._pedantic(given, rounds, warmup_rounds)
        return measuring if awaits else finished(measuring)

    def weave(self, target: Any, **kwargs: Any) -> None:
        """Measures every call of the target, which aspectlib finds and replaces."""
        try:
            import aspectlib
        except ImportError as error:
            raise ImportError(
                "benchmark.weave needs aspectlib: install pytest-benchmark[aspect]"
            ) from error

        def aspect(function: Callable[..., T]) -> Callable[..., T]:
            def measured(*args: Any, **kwargs: Any) -> T:
                return self(function, *args, **kwargs)  # type: ignore[no-any-return]

            return measured

        self._undo.append(aspectlib.weave(target, aspect, **kwargs).rollback)

    patch = weave

    def cleanup(self) -> None:
        """Takes back what was woven."""
        while self._undo:
            self._undo.pop()()

    def _use(self, how: str) -> None:
        __tracebackhide__ = True
        if self._used:
            self.has_error = True
            raise FixtureAlreadyUsedError(
                f"a benchmark fixture measures once; it was used by {self._used} before"
            )
        self._used = how

    def _awaits(self, function: Callable[..., Any]) -> bool:
        __tracebackhide__ = True
        call = function if inspect.isroutine(function) else type(function).__call__
        awaits = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call)
        if awaits and not self._is_async:
            raise TypeError(
                "benchmark: the function is async and the test is not; make it `async def` and "
                "`await benchmark(...)`"
            )
        return awaits

    async def _measured(self, call: Callable[[], Any], *, awaits: bool) -> Any:
        __tracebackhide__ = True
        settings, profile = self._settings, self._run.profile
        if self.enabled:
            operation = Operation(call, awaits, False)
            turn = current_turn() if awaits else no_turn
            if settings.timer is None:
                measure = calls_of(operation, turn)
            else:
                measure = by_timer(settings.timer, call, turn, awaits=awaits)
            warmup = profile.warmup
            iterations = settings.warmup_iterations if settings.warmup else warmup.iterations
            await self._observe(
                calls_of(operation, turn, iterations) if warmup or settings.warmup else None,
                measure,
                warmup_ns=warmup.duration_ns,
                lasts_ns=profile.stop.duration_ns,
                at_least=settings.min_rounds,
                calibrate=operation if settings.timer is None else None,
            )
            self._end_if_stopped()
        result = call()
        return await result if awaits else result

    async def _pedantic(self, given: Rounds, rounds: int, warmup_rounds: int) -> Any:
        __tracebackhide__ = True
        if self.enabled:
            await self._observe(
                given.work(warmup_rounds) if warmup_rounds else None,
                given.work(rounds),
                warmup_ns=None,
                lasts_ns=None,
                at_least=1,
                batch=given.iterations,
            )
            if given.iterations == 1 and self.stats:
                return given.result
            self._end_if_stopped()
        return await given.once()

    def _end_if_stopped(self) -> None:
        """Whoever stops a run does not wait for one more call, only so that the test has its
        result."""
        if self._run.life.stopping:
            pytest.skip("the run was stopped")

    async def _observe(self, warm_up: Work | None, measure: Work, **phases: Any) -> None:
        __tracebackhide__ = True
        if watching := observers():
            self._run.warnings.append(f"{', '.join(watching)} watches the code, and slows it down")
        try:
            with undisturbed(without_gc=self._settings.disable_gc):
                await self._run.measure(warm_up, measure, **phases)
        except BaseException as error:
            self.has_error = True
            raise error.with_traceback(_of_the_test(error.__traceback__)) from error.__cause__
        if self._run.values_ns:
            self.stats = Measured(self, self._run.values_ns, self._run.batch)


def fixture_class() -> type[Benchmark]:
    """That of the fixture: where pytest-benchmark is installed one of its kind, which it insists
    on, with none of its code at work."""
    try:
        theirs = import_module("pytest_benchmark.fixture").BenchmarkFixture
    except ImportError:
        return Benchmark
    return type("Benchmark", (Benchmark, theirs), {})


def _of_the_test(frames: TracebackType | None) -> TracebackType | None:
    """The frames below those that measure; what is written in C has none."""
    below = frames
    while below is not None and _is_ours(below.tb_frame.f_code.co_filename):
        below = below.tb_next
    return below


def _is_ours(file: str) -> bool:
    return file.startswith(("<worker", "<batch", _PACKAGE))


def _check_count(name: str, value: object, least: int) -> None:
    __tracebackhide__ = True
    if not isinstance(value, int) or value < least:
        raise ValueError(f"{name}: expected a whole number from {least} on, got {value!r}")
