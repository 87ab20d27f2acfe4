"""What the runner adds to pytest: the fixture, and what becomes of each test."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Generator, Mapping
from typing import Any, cast

import pytest

from cortex_tui.isolation import asyncio
from cortex_tui.pytest_runner.fixture import Benchmark, fixture_class
from cortex_tui.pytest_runner.measuring import TestRun
from cortex_tui.pytest_runner.settings import FIXTURES, MARK, THEIRS, add_options, settings_of
from cortex_tui.workloads.failures import describe_error


class OptionsPlugin:
    """What a project that uses pytest-benchmark expects to be there."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_load_initial_conftests(
        self, early_config: pytest.Config, parser: pytest.Parser
    ) -> None:
        # By now it is known which other plugins there are.
        add_options(parser, early_config.pluginmanager)

    @pytest.hookimpl(wrapper=True)
    def pytest_cmdline_main(self, config: pytest.Config) -> Generator[None, object, object]:
        # pytest-xdist would run tests in processes of its own, and switch pytest-benchmark off.
        for name, off in (("numprocesses", None), ("dist", "no"), ("tx", [])):
            if hasattr(config.option, name):
                setattr(config.option, name, off)
        return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        # Until all plugins are configured: what they deprecate is for a report on the suite.
        warnings.simplefilter("ignore", pytest.PytestDeprecationWarning)
        config.addinivalue_line("markers", MARK)

    @pytest.fixture
    def benchmark(self, request: pytest.FixtureRequest) -> Any:
        """Measures the function that it is called with."""
        raise NotImplementedError("made by pytest_fixture_setup")

    @pytest.fixture
    def benchmark_weave(self, benchmark: Any) -> Any:
        """Measures the calls of the function that it is called with, wherever it is called."""
        return benchmark.weave


class RunningPlugin(OptionsPlugin):
    """Runs the tests of a session, and reports on each."""

    def __init__(
        self, runs: Mapping[str, TestRun], stopped: Callable[[], bool], strays: Callable[[], str]
    ) -> None:
        """`runs` by the tests' node ids; `strays` says why a test has measured other code than it
        was to, if it has."""
        self._runs = runs
        self._stopped = stopped
        self._strays = strays

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Leaves the tests of the session, each once."""
        wanted = {item.nodeid: item for item in items if item.nodeid in self._runs}
        others = [item for item in items if wanted.get(item.nodeid) is not item]
        if others:
            config.hook.pytest_deselected(items=others)
        items[:] = wanted.values()

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Any:
        """Gives out our fixture where pytest would make pytest-benchmark's: whatever the order in
        which the plugins were loaded, there is one that measures."""
        if fixturedef.argname != FIXTURES[0]:
            return None
        if getattr(fixturedef.func, "__module__", "") not in (__name__, THEIRS):
            return None  # a project's own, which may wrap ours
        item = request.node
        fixture = fixture_class()(item, self._runs[item.nodeid], settings_of(item))
        request.addfinalizer(lambda: self._clean_up(fixture))
        fixturedef.cached_result = (fixture, fixturedef.cache_key(cast(Any, request)), None)
        return fixture

    def _clean_up(self, fixture: Benchmark) -> None:
        fixture.cleanup()
        noted = {"group": fixture.group, "extra_info": fixture.extra_info}
        for name, value in noted.items():
            if value:
                self._runs[fixture.fullname].note(f"{name}: {value}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool | None:
        """Runs an async test that no other plugin runs."""
        if not inspect.iscoroutinefunction(pyfuncitem.obj) or _has_a_runner(pyfuncitem):
            return None
        names = pyfuncitem._fixtureinfo.argnames
        arguments = {name: pyfuncitem.funcargs[name] for name in names}
        with asyncio.Runner() as runner:
            runner.run(pyfuncitem.obj(**arguments))
        return True

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        run = self._runs[item.nodeid]
        if self._stopped():
            item.session.shouldstop = "the session was stopped"
        if not run.life.stopping:
            run.begin()
        try:
            return (yield)
        except pytest.exit.Exception as error:  # pytest makes no report of it
            run.fail(f"pytest.exit: {error}")
            raise
        finally:
            if why := self._strays():
                run.fail(why)
            run.end()

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if self._runs[item.nodeid].life.stopping:
            pytest.skip("the run was stopped")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        run = self._runs[item.nodeid]
        if report.skipped and not run.life.stopping:
            run.skip(f"skipped: {_skip_reason(report)}")
        elif report.failed and call.excinfo is not None:
            run.fail(f"{call.when}: {describe_error(call.excinfo.value)}", report.longreprtext)
        return report


def _has_a_runner(item: pytest.Function) -> bool:
    """Whether another plugin runs this async test."""
    return any(item.get_closest_marker(name) for name in ("anyio", "asyncio", "trio"))


def _skip_reason(report: pytest.TestReport) -> str:
    longrepr = report.longrepr
    text = str(longrepr[2]) if isinstance(longrepr, tuple) else str(longrepr or "")
    return text.removeprefix("Skipped: ")
