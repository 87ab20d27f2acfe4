"""Trying mutants: the tests that reach a mutant's function run in a fork of this process.

Tests are loaded once. A function that also runs while modules are loaded, for a table or constant,
is tried again where no test noticed it: in a fork that loads the modules with the mutant chosen.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import resource
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import hdrh.histogram  # noqa: F401 - loaded once, before the forks
import numpy as np  # noqa: F401
import pytest
from hypothesis import HealthCheck, Phase, settings
from mutmut.state import state

from tools.mutation.mutants import VARIABLE, Module, function_of


def few_examples(number: int) -> None:
    """Have property tests try that number of examples each, the same ones each time."""
    settings.register_profile(
        "mutation",
        deadline=None,
        database=None,
        derandomize=True,
        max_examples=number,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


OPTIONS = [
    *("-q", "-s", "-p", "no:cacheprovider", "--hypothesis-profile", "mutation"),
    # What an assertion compared is of no use here.
    "--assert=plain",
]

SECONDS_MOST = 1.0
"""Of the processor: a test that takes longer is not run on mutants."""
SECONDS_AT_LEAST = 20
TIMES_AS_LONG = 20
"""A mutant that takes this much longer than the code as it is counts as noticed."""
SECONDS_OF_ONE = 1.0
"""Of the processor, and TIMES_AS_LONG: the same for a single test. A loop that never ends is
noticed by the first test that gets into it, and need not take as long as all of them might."""

KILLED, SURVIVED, SLOW, UNREACHED = "killed", "survived", "too slow", "no test reaches it"


class Trace(NamedTuple):
    """Of one run of all tests: which functions each calls and how long it takes, in
    seconds of the processor."""

    functions: dict[str, set[str]]
    seconds: dict[str, float]
    at_import: set[str]
    """Mutants of functions that run while modules are loaded, not noticed afterwards."""


Report = Callable[[str, str], None]
"""Is called with a mutant and what became of it."""


def tried(modules: Sequence[Module], tests: str, report: Report) -> None:
    """Try all mutants of these modules with the tests of one folder."""
    trace = _in_fork_with_result(lambda: _forked_trials(modules, tests, report))
    for module in modules:
        for mutant in module.mutants:
            if mutant in trace.at_import:
                report(mutant, _loaded_with(mutant, _quick_tests(module, trace), trace))


def _quick_tests(module: Module, trace: Trace) -> list[str]:
    """Those that are run on mutants; first those that call a function of the module."""

    def order(test: str) -> tuple[bool, float]:
        names = trace.functions[test]
        calls = any(name.startswith(f"{module.name}.x") for name in names)
        return not calls, trace.seconds[test]

    return sorted((test for test in trace.seconds if _is_quick(test, trace)), key=order)


def _is_quick(test: str, trace: Trace) -> bool:
    return trace.seconds[test] <= SECONDS_MOST


def _loaded_with(mutant: str, tests: list[str], trace: Trace) -> str:
    def run() -> int:
        os.environ[VARIABLE] = mutant
        files = dict.fromkeys(test.partition("::")[0] for test in tests)
        return int(pytest.main([*OPTIONS, "-x", *files], plugins=[_Chosen(tests)]))

    return _verdict(run, sum(trace.seconds[test] for test in tests))


class _Chosen:
    """Runs these tests, in this order. A mutant that keeps one from being collected is noticed."""

    def __init__(self, tests: Sequence[str]) -> None:
        self.tests = tests

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        found = {item.nodeid: item for item in items}
        items[:] = [found[test] for test in self.tests]


def _forked_trials(modules: Sequence[Module], tests: str, report: Report) -> Trace:
    loop = _Loop(modules, report)
    os.environ[VARIABLE] = "stats"
    code = pytest.main([*OPTIONS, tests], plugins=[loop])
    if loop.trace is None:
        raise RuntimeError(f"the tests of {tests} could not be loaded: pytest exited with {code}")
    return loop.trace


class _Loop:
    """Runs the tests that pytest has collected, in forks and as often as there are mutants."""

    def __init__(self, modules: Sequence[Module], report: Report) -> None:
        self.modules = modules
        self.report = report
        self.trace: Trace | None = None
        self.tracing: Trace | None = None
        self.noticing: dict[str, Counter[str]] = defaultdict(Counter)
        """By function, how many of its mutants each test has noticed: what noticed many is tried
        first."""
        self.answer: int | None = None
        """Where a trial writes which test failed."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        at_import = set(state()._stats)
        # Tests that compare times may fail on a busy machine, and then notice what nobody can.
        exact = [item for item in session.items if item.get_closest_marker("timed") is None]
        self.trace = _in_fork_with_result(lambda: self._traced(exact))
        items = {item.nodeid: item for item in exact}
        reaching = defaultdict(list)
        seconds = self.trace.seconds
        for test, functions in self.trace.functions.items():
            if _is_quick(test, self.trace):
                for function in functions:
                    reaching[function].append(test)

        def longest(mutant: str) -> float:
            return sum(seconds[test] for test in reaching[function_of(mutant)])

        for mutant in sorted((each for one in self.modules for each in one.mutants), key=longest):
            function = function_of(mutant)
            noticing = self.noticing[function]
            tests = sorted(reaching[function], key=lambda one: (-noticing[one], seconds[one]))
            verdict = self._tried(mutant, [items[test] for test in tests], longest(mutant))
            if verdict in (SURVIVED, UNREACHED) and function in at_import:
                self.trace.at_import.add(mutant)
            else:
                self.report(mutant, verdict)
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and self.tracing is not None:
            raise RuntimeError(f"{report.nodeid} fails without a mutant:\n{report.longreprtext}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        if self.answer is None or call.excinfo is None:
            return
        if not call.excinfo.errisinstance(pytest.skip.Exception):
            # Before pytest describes the failure, which takes longer than most tests.
            os.write(self.answer, item.nodeid.encode())
            os._exit(1)

    def _traced(self, items: list[pytest.Item]) -> Trace:
        self.tracing = Trace({}, {}, set())
        for item in items:
            state()._stats.clear()
            started = time.process_time()
            _run([item])
            self.tracing.seconds[item.nodeid] = time.process_time() - started
            self.tracing.functions[item.nodeid] = set(state()._stats)
        return self.tracing

    def _limit(self, test: pytest.Item) -> None:
        """End this process where it computes for much longer than that test does."""
        assert self.trace is not None
        usual = self.trace.seconds[test.nodeid]
        signal.setitimer(signal.ITIMER_PROF, SECONDS_OF_ONE + TIMES_AS_LONG * usual)

    def _tried(self, mutant: str, tests: list[pytest.Item], seconds: float) -> str:
        if not tests:
            return UNREACHED

        reading, writing = os.pipe()

        def run() -> int:
            self.answer = writing
            os.environ[VARIABLE] = mutant
            _run(tests, self._limit)
            return 0

        verdict = _verdict(run, seconds)
        os.close(writing)
        with open(reading, "rb") as pipe:
            if noticed := pipe.read().decode():
                self.noticing[function_of(mutant)][noticed] += 1
        return verdict


def _run(items: list[pytest.Item], before: Callable[[pytest.Item], None] | None = None) -> None:
    for item, following in zip(items, [*items[1:], None], strict=True):
        if before is not None:
            before(item)
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)


def _verdict(run: Callable[[], int], seconds: float) -> str:
    """What tests come to that take so long without a mutant."""
    limit = SECONDS_AT_LEAST + int(TIMES_AS_LONG * seconds)
    with _silent():
        child = os.fork()
        if child == 0:
            used = int(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))
            resource.setrlimit(resource.RLIMIT_CPU, (used + limit, used + limit))
            signal.alarm(10 * limit)
            code = 1
            with contextlib.suppress(BaseException):
                code = run()
            os._exit(code)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status == 0:
        return SURVIVED
    return SLOW if status < 0 else KILLED


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Nothing that is written in here is seen, whoever writes it."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for target, descriptor in enumerate(kept, 1):
            os.dup2(descriptor, target)
            os.close(descriptor)
        os.close(nowhere)


def _in_fork_with_result(work: Callable[[], Trace]) -> Trace:
    """Do this in a fork, which leaves nothing behind in this process."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.close(reading)
        code = 1
        try:
            with open(writing, "wb") as pipe:
                pickle.dump(work(), pipe)
            code = 0
        except BaseException as error:
            sys.stderr.write(f"{error}\n")
        finally:
            sys.stdout.flush()
            os._exit(code)
    os.close(writing)
    with open(reading, "rb") as pipe:
        data = pipe.read()
    if os.waitpid(child, 0)[1]:
        raise RuntimeError("the tests were not run: see above")
    trace: Trace = pickle.loads(data)
    return trace
