"""The same operations of known length under other tools, each in a process of its own.

What a tool reports comes from its own result file; what an operation truly took it records itself,
in that same process.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any, NamedTuple

from tests.performance import _overhead_subjects as subjects

ROOT = Path(__file__).parents[2]

PYTEST_BENCHMARK = """
    import asyncio

    import pytest

    from tests.performance import _overhead_subjects as subjects


    def measure(benchmark, call, operation, kind):
        if kind == subjects.SHORTEST:
            benchmark.extra_info["true_ns"] = asyncio.run(subjects.in_bulk_awaited_ns(operation))
        benchmark(call)
        if kind != subjects.SHORTEST:
            benchmark.extra_info["true_ns"] = subjects.recorded_ns()


    @pytest.mark.parametrize("kind", subjects.KINDS)
    def test_asyncio_run(benchmark, kind):
        operation = subjects.operation(kind)
        measure(benchmark, lambda: asyncio.run(operation()), operation, kind)


    @pytest.mark.parametrize("kind", subjects.KINDS)
    def test_run_until_complete(benchmark, kind):
        operation, loop = subjects.operation(kind), asyncio.new_event_loop()
        measure(benchmark, lambda: loop.run_until_complete(operation()), operation, kind)
        loop.close()
"""

PYPERF = """
    import asyncio
    import pathlib

    import pyperf

    from tests.performance import _overhead_subjects as subjects

    FOLDER = pathlib.Path(FOLDER_NAME)

    runner = pyperf.Runner(processes=1, values=5, warmups=1, min_time=0.02)
    for number, kind in enumerate(subjects.KINDS):
        operation = subjects.operation(kind)
        runner.bench_async_func(kind, operation)
        if runner.args.worker and (kind == subjects.SHORTEST or subjects.true_ns):
            if kind == subjects.SHORTEST:
                true_ns = asyncio.run(subjects.in_bulk_awaited_ns(operation))
            else:
                true_ns = subjects.recorded_ns()
            subjects.keep(FOLDER / f"pyperf-{number}.true", true_ns)
"""

LOCUST = """
    import gevent
    import time

    from locust import User, constant, task
    from locust.env import Environment

    from tests.performance import _overhead_subjects as subjects

    results = {}
    for kind in subjects.SPINS_NS:
        operation = subjects.blocking_operation(kind)

        class Spinner(User):
            wait_time = constant(0)

            @task
            def spin(self):
                start_s = time.perf_counter()
                operation()
                self.environment.events.request.fire(
                    request_type="operation", name=kind, response_length=0, exception=None,
                    response_time=(time.perf_counter() - start_s) * 1_000, context={},
                )

        environment = Environment(user_classes=[Spinner])
        runner = environment.create_local_runner()
        runner.start(1, spawn_rate=1)
        gevent.spawn_later(0.4, runner.quit)
        runner.greenlet.join()
        stats = environment.stats.get(kind, "operation")
        if kind == subjects.SHORTEST:
            true_ns = subjects.in_bulk_ns(operation)
        else:
            true_ns = subjects.recorded_ns()
        results[kind] = {
            "true_ns": true_ns,
            "median_ns": stats.median_response_time * 1e6,
            "mean_ns": stats.avg_response_time * 1e6,
        }
    subjects.keep(OUT, results)
"""


class Figures(NamedTuple):
    """What a tool reports of a kind of operation, and the truth."""

    reported_ns: float
    true_ns: float


Report = dict[str, dict[str, Figures]]
"""By way of measuring, by kind of operation."""


def missing(module: str) -> bool:
    return importlib.util.find_spec(module) is None


def _run(folder: Path, name: str, source: str, *command: str) -> None:
    script = folder / name
    script.write_text(textwrap.dedent(source), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{name} failed:\n{done.stdout[-2_000:]}\n{done.stderr[-2_000:]}")


def pytest_benchmark(folder: Path) -> Report:
    out = folder / "pytest-benchmark.json"
    _run(
        folder, "test_peer.py", PYTEST_BENCHMARK,
        "-m", "pytest", "-q", "--rootdir", str(folder), "-p", "no:cacheprovider",
        "--benchmark-max-time=0.1", "--benchmark-min-time=0.00001",
        f"--benchmark-json={out}", "test_peer.py",
    )  # fmt: skip
    report: Report = {}
    for each in json.loads(out.read_text())["benchmarks"]:
        way = "asyncio.run" if "asyncio_run" in each["name"] else "run_until_complete"
        figures = Figures(each["stats"]["median"] * 1e9, each["extra_info"]["true_ns"])
        report.setdefault(f"pytest-benchmark, {way}", {})[each["params"]["kind"]] = figures
    return report


def pyperf(folder: Path) -> Report:
    out = folder / "pyperf.json"
    _run(
        folder, "peer_pyperf.py", PYPERF.replace("FOLDER_NAME", repr(str(folder))),
        "peer_pyperf.py", "--quiet", "--inherit-environ", "PYTHONPATH", "-o", str(out),
    )  # fmt: skip
    library = importlib.import_module("pyperf")
    figures = {}
    for each in library.BenchmarkSuite.load(str(out)).get_benchmarks():
        kind = each.get_name()
        true: Any = json.loads((folder / f"pyperf-{subjects.KINDS.index(kind)}.true").read_text())
        figures[kind] = Figures(each.median() * 1e9, true)
    return {"pyperf, bench_async_func": figures}


def locust(folder: Path) -> Report:
    out = folder / "locust.json"
    _run(folder, "peer_locust.py", LOCUST.replace("OUT", repr(str(out))), "peer_locust.py")
    found = json.loads(out.read_text())
    return {
        f"locust, {which}": {
            kind: Figures(each[f"{which}_ns"], each["true_ns"]) for kind, each in found.items()
        }
        for which in ("median", "mean")
    }


PEERS = {
    "pytest-benchmark": ("pytest_benchmark", pytest_benchmark),
    "pyperf": ("pyperf", pyperf),
    "locust": ("locust", locust),
}
