"""For tests of every kind."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Generator, Iterator
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import Any
from zlib import crc32

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.strategies import text

from tests.postgres_server import PostgresServer, why_not

# How long an example takes is a matter of the machine.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")

# For what is started from here, too. Nothing multiplies matrices, and the threads that numpy starts
# for that, one for each further core, turn idly for a while in each of hundreds of processes.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# A shell without job control starts what it puts in the background with interrupts ignored, and
# `nohup` with hang-ups; every program that is started from here would inherit that.
for _ignored in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(_ignored) is signal.SIG_IGN:
        signal.signal(
            _ignored,
            signal.default_int_handler if _ignored is signal.SIGINT else signal.SIG_DFL,
        )

_OVER_EXTRAS = {
    "distributed": ["unit/placement/cluster/test_dask*.py"],
    "psycopg": ["unit/core/postgres", "unit/core/test_postgres_server.py"],
    "textual_serve": ["unit/web/test_server.py", "e2e/test_serving*.py"],
}
"""By the package that it imports: tests that only an environment with that extra can load."""
_MISSING = [package for package in _OVER_EXTRAS if find_spec(package) is None]

collect_ignore_glob = [pattern for package in _MISSING for pattern in _OVER_EXTRAS[package]]


def pytest_report_header() -> list[str]:
    return [f"{package} is not installed: its tests are left out" for package in _MISSING]


@pytest.fixture(autouse=True)
def _same_folder() -> Iterator[None]:
    """No test leaves the next in another working folder, which may be gone by then."""
    before = os.getcwd()
    yield
    after = os.getcwd()
    if after != before:
        os.chdir(before)
        pytest.fail(f"the test left the process in {after}")


@pytest.fixture(scope="session", autouse=True)
def _no_path_of_the_developers() -> None:
    """What somebody has added to the path belongs to nothing that a test starts."""
    os.environ.pop("PYTHONPATH", None)


@pytest.fixture(scope="session")
def _postgres_template(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Path:
    """Where the data of a new server are kept, for all processes of this run."""
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    own = tmp_path_factory.getbasetemp()
    # The folder of a worker of xdist lies in that of the run.
    return (own.parent if hasattr(pytestconfig, "workerinput") else own) / "postgres"


@pytest.fixture(scope="session")
def postgres_server(_postgres_template: Path) -> Iterator[PostgresServer]:
    """A PostgreSQL server for this process's tests; those skip where none can be started.

    A test takes a schema of its own in it, and must not stop it: one that does starts its own.
    """
    server = PostgresServer(template=_postgres_template)
    yield server
    server.remove()


@pytest.fixture(scope="session")
def _stoppable_server(_postgres_template: Path) -> Iterator[PostgresServer]:
    server = PostgresServer({}, _postgres_template)
    yield server
    server.remove()


@pytest.fixture
def stoppable_server(_stoppable_server: PostgresServer) -> PostgresServer:
    """A running server that the test may stop and kill; it keeps what it should when it ends."""
    if not _stoppable_server.running:
        _stoppable_server.start()
    return _stoppable_server


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Have each process of several load another part of a folder first.

    On a new machine each module has to be compiled once. Where all load them in one order, all come
    to each at the same time, and each compiles all of them for itself.
    """
    report = yield
    worker = getattr(collector.config, "workerinput", None)
    if worker and isinstance(collector, pytest.Dir) and report.result:
        number = int(worker["workerid"].removeprefix("gw"))
        first = len(report.result) * number // worker["workercount"]
        report.result = report.result[first:] + report.result[:first]
    return report


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Have hypothesis make its tables of characters, which it keeps in a file, once and while the
    processes of the tests load those; each of them would make them for itself. Hook of xdist."""
    if node.gateway.id == "gw0":
        Thread(target=text().validate, daemon=True).start()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mix tests that wait with tests that compute, where several processes share them.

    Each process is given a part of the list. As they are collected, tests of whole programs, which
    mostly wait, lie next to each other, and in the end all processes would wait at once. The tests
    of a file stay together, for the fixtures that they share.
    """
    if hasattr(config, "workerinput"):
        # Asked once for each file: there are twenty times as many tests.
        files = {item.path for item in items}
        place = {file: crc32(str(file.relative_to(config.rootpath)).encode()) for file in files}
        items.sort(key=lambda item: place[item.path])
        items[:] = _with_the_longest_first(items, config.workerinput["workercount"])


def _with_the_longest_first(items: list[pytest.Item], processes: int) -> list[pytest.Item]:
    """Put some of the longest at the beginning of the part of each process.

    One that began among the last would keep all processes but its own waiting for its end.
    """
    long = [item for item in items if item.get_closest_marker("long")]
    others = [item for item in items if not item.get_closest_marker("long")]
    mixed: list[pytest.Item] = []
    for process in range(processes):
        # As xdist cuts the list.
        size = (len(items) - len(mixed)) // (processes - process)
        first = long[process::processes]
        mixed += first + others[: max(0, size - len(first))]
        del others[: max(0, size - len(first))]
    return mixed + others


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep what the tests themselves are made of out of every collection of garbage.

    It is most of what this process has, and it stays. A session collects before it measures: each
    of those collections would look through all of it again, for a quarter of a second.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        _know_whether_frozen()
        gc.enable()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None]:
    """Keep what the tests of a file leave, such as modules that they have loaded, out of the
    collections of those that follow, too.

    What is garbage is freed before. Behind a few thousand tests a collection would take a quarter
    of a second again.
    """
    yield
    if nextitem is None or nextitem.path != item.path:
        gc.collect()
        gc.freeze()


def _know_whether_frozen() -> None:
    """Spare those who ask whether objects are frozen a walk through all of them.

    Each session asks, and the walk takes a twentieth of a second alone, and several times that
    while the other processes of this run do the same.
    """
    freeze, unfreeze = gc.freeze, gc.unfreeze
    counts = [gc.get_freeze_count()]  # at least

    def frozen() -> None:
        freeze()
        counts[0] += 1

    def unfrozen() -> None:
        unfreeze()
        counts[0] = 0

    patch = pytest.MonkeyPatch()
    patch.setattr(gc, "freeze", frozen)
    patch.setattr(gc, "unfreeze", unfrozen)
    patch.setattr(gc, "get_freeze_count", lambda: counts[0])
