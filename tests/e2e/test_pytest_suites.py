"""An existing suite of pytest-benchmark tests, run unchanged by the installed command."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.e2e.program import PROGRAM, call, shown
from tests.e2e.pytest_projects import NO_OTHERS, SHORT, run_tests, write_tests
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.usefixtures("without_other_plugins")

SUITE = '''
    import asyncio
    import threading

    import pytest


    @pytest.fixture
    def thread():
        return threading.get_ident()


    def test_sum(benchmark, thread):
        """Adds numbers."""

        def add():
            assert threading.get_ident() == thread
            return sum(range(1_000))

        assert benchmark(add) == 499_500
        assert 0 < benchmark.stats["min"] <= benchmark.stats.stats.mean
        assert benchmark.stats["rounds"] >= 5


    @pytest.mark.parametrize("n", [10, 100])
    @pytest.mark.benchmark(group="sorts", min_rounds=3)
    def test_sort(benchmark, n):
        benchmark.extra_info["n"] = n
        assert benchmark.group == "sorts"
        assert benchmark(sorted, range(n), reverse=True)[0] == n - 1


    class TestPedantic:
        def test_rounds(self, benchmark):
            calls = []
            benchmark.pedantic(calls.append, args=(1,), rounds=20, iterations=5, warmup_rounds=2)
            assert len(calls) == 5 * (20 + 2) + 1

        def test_setup(self, benchmark):
            undone = []
            result = benchmark.pedantic(
                sorted, setup=lambda: (([3, 1, 2],), {}), teardown=undone.append, rounds=7
            )
            assert result == [1, 2, 3]
            assert len(undone) == 7


    async def test_async(benchmark):
        async def nap():
            await asyncio.sleep(0.001)
            return "rested"

        assert await benchmark(nap) == "rested"


    def test_decorator(benchmark):
        @benchmark
        def result():
            return 3

        assert result == 3


    def test_two_words(benchmark):
        benchmark(len, "ab")
        with pytest.raises(Exception, match="once"):
            benchmark(len, "ab")


    def test_without():
        raise AssertionError("this test measures nothing, so nobody runs it")
'''


@pytest.mark.parametrize(
    ("options", "alone"),
    [((), ""), (("-p", "no:benchmark"), ""), (("-p", "pytest_benchmark.plugin"), "1"), ((), "1")],
)
def test_a_suite_runs_with_pytest_benchmark_and_without(
    options: tuple[str, ...], alone: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NO_OTHERS, alone) if alone else monkeypatch.delenv(NO_OTHERS, raising=False)
    write_tests(folder, SUITE)
    code, runs = run_tests(folder, *options)
    assert {name: run["state"] for name, run in runs.items()} == dict.fromkeys(
        [
            "test_sum",
            "test_sort[10]",
            "test_sort[100]",
            "TestPedantic.test_rounds",
            "TestPedantic.test_setup",
            "test_async",
            "test_decorator",
            "test_two_words",
        ],
        "finished",
    ), {name: run["reason"] for name, run in runs.items()}
    assert code == 0
    assert runs["TestPedantic.test_rounds"]["operations"] == 100
    assert runs["TestPedantic.test_setup"]["operations"] == 7
    assert runs["test_async"]["service_ns"]["min"] >= 1_000_000
    assert runs["test_sort[10]"]["tags"] == ["sorts"]


def test_a_round_of_several_calls_counts_once_as_one_that_is_wanted(folder: Path) -> None:
    write_tests(
        folder,
        """
        import pytest

        @pytest.mark.benchmark(min_rounds=4_000)
        def test_it(benchmark):
            benchmark(len, "ab")
            assert benchmark.stats.iterations > 1
            assert benchmark.stats["rounds"] >= 4_000
        """,
    )
    code, runs = run_tests(folder)
    assert code == 0, runs["test_it"]["reason"]
    assert runs["test_it"]["operations"] >= 4_000 * runs["test_it"]["batch"]


def test_what_goes_wrong_in_a_test_is_the_failure_of_its_run(folder: Path) -> None:
    write_tests(
        folder,
        """
        import pytest

        @pytest.fixture
        def broken():
            raise OSError("no such shop")

        def test_raises(benchmark):
            def checkout():
                raise LookupError("out of stock")
            benchmark(checkout)

        def test_asserts(benchmark):
            assert benchmark(len, "ab") == 3

        def test_fixture(benchmark, broken):
            benchmark(len, "ab")

        def test_unused(benchmark):
            pass

        @pytest.mark.skip(reason="not today")
        def test_skipped(benchmark):
            benchmark(len, "ab")

        def test_not_awaited(benchmark):
            async def nap():
                pass
            benchmark(nap)

        def test_good(benchmark):
            benchmark(len, "ab")
        """,
    )
    code, runs = run_tests(folder)
    assert code == 3
    ended = {name: (run["state"], run["reason"]) for name, run in runs.items()}
    assert ended["test_raises"] == ("failed", "call: LookupError: out of stock")
    assert ended["test_fixture"] == ("failed", "setup: OSError: no such shop")
    assert ended["test_unused"] == ("failed", "the test ended without a call of `benchmark`")
    assert ended["test_skipped"] == ("stopped", "skipped: not today")
    assert ended["test_good"] == ("finished", "")
    assert ended["test_not_awaited"][0] == "failed"
    assert "make it `async def`" in ended["test_not_awaited"][1]
    # What was measured before an assertion failed is kept.
    assert ended["test_asserts"][0] == "failed"
    assert runs["test_asserts"]["operations"] > 0


def test_only_frames_of_the_test_stand_in_its_traceback(folder: Path) -> None:
    calls = [
        "benchmark(int, 'x')",
        "benchmark(len, 'x'); benchmark(len, 'x')",
        "benchmark(__import__('asyncio').sleep, 0)",
        "benchmark.pedantic(len, ('x',), rounds=0)",
    ]
    tests = [f"def test_{n}(benchmark):\n    {call}\n" for n, call in enumerate(calls)]
    write_tests(folder, "\n".join(tests))
    _, runs = run_tests(folder)
    assert len(runs) == len(calls)
    for run in runs.values():
        assert "test_bench.py" in run["traceback"]
        assert "pytest_runner/" not in run["traceback"]


def test_a_tests_file_of_the_same_name_and_a_configuration_work(folder: Path) -> None:
    (folder / "pytest.ini").write_text(
        "[pytest]\naddopts = -p xdist --benchmark-min-rounds=9 -n 4\nmarkers = slow\n",
        encoding="utf-8",
    )
    for package in ("one", "two"):
        (folder / package).mkdir()
        (folder / package / "__init__.py").touch()
        write_tests(folder / package, "def test_it(benchmark):\n    benchmark(len, 'x')\n")
    done = call(folder, "pytest", *SHORT, "--json", "-", "one", "two")
    runs = json.loads(done.stdout)["runs"]
    assert [run["profile"] for run in runs] == ["one/test_bench.test_it", "two/test_bench.test_it"]
    assert [run["state"] for run in runs] == ["finished", "finished"]


def test_tests_that_differ_in_their_parameters_have_names_of_their_own(folder: Path) -> None:
    ids = ["a::b", "a.b", "a/b", "[q]", "a b", "--x", ""]
    write_tests(
        folder,
        f"""
        import pytest

        @pytest.mark.parametrize("text", {ids})
        def test_it(benchmark, text):
            benchmark(len, text)
        """,
    )
    done = call(folder, "pytest", *SHORT, "--json", "-")
    runs = json.loads(done.stdout)["runs"]
    assert [run["profile"] for run in runs] == [f"test_bench.test_it[{name}]" for name in ids]
    assert {run["state"] for run in runs} == {"finished"}


def test_a_test_that_ends_pytest_is_a_failed_run_with_its_reason(folder: Path) -> None:
    write_tests(folder, "import pytest\ndef test_it(benchmark):\n    pytest.exit('no database')\n")
    code, runs = run_tests(folder)
    assert code == 3
    assert runs["test_it"]["state"] == "failed"
    assert runs["test_it"]["reason"] == "pytest.exit: no database"


def test_a_stored_session_of_tests_runs_again(folder: Path) -> None:
    write_tests(folder, SUITE)
    assert call(folder, "pytest", *SHORT, "-k", "sort", "--save", "before").returncode == 0
    done = call(folder, "run", "--again", "before", "--repeat", "2", "--save", "after")
    assert done.returncode == 0, done.stderr
    runs = shown(folder, "after")["runs"]
    assert [(run["profile"], run["round"]) for run in runs] == [
        ("test_bench.test_sort[10]", 1),
        ("test_bench.test_sort[100]", 1),
        ("test_bench.test_sort[10]", 2),
        ("test_bench.test_sort[100]", 2),
    ]
    assert {run["state"] for run in runs} == {"finished"}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("nowhere.py",), "nowhere.py"),
        (("--no-such-option",), "--no-such-option"),
        (("test_bench.py", "-k", "without"), "1 test was found; it does not use the `benchmark`"),
        (("broken",), "broken_suite.py"),
    ],
)
def test_a_suite_that_cannot_be_collected_is_one_error(
    arguments: tuple[str, ...], expected: str, folder: Path
) -> None:
    write_tests(folder, SUITE)
    (folder / "broken").mkdir()
    write_tests(folder / "broken", "import nothing_of_this_name", "test_broken_suite.py")
    done = call(folder, "pytest", *SHORT, *arguments)
    assert done.returncode == 2
    assert expected in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (folder / ".cortex-tui").exists()


@pytest.mark.long
def test_a_stopped_test_is_not_called_once_more(folder: Path) -> None:
    """Its fixtures may take longer to be torn down than a runner may be silent."""
    calls = folder / "calls"
    write_tests(
        folder,
        f"""
        import time

        import pytest

        @pytest.fixture
        def slow_to_end():
            yield
            time.sleep(4)

        def test_slow(benchmark, slow_to_end):
            def nap():
                with open({str(calls)!r}, "a") as file:
                    file.write("called\\n")
                time.sleep(1)

            benchmark(nap)
        """,
    )
    process = subprocess.Popen(
        [PROGRAM, "pytest", "--warmup", "0", "--json", "-"],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        while process.poll() is None and not (calls.exists() and calls.read_text().count("c") > 1):
            time.sleep(0.01)
        before = len(calls.read_text().splitlines())
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
    assert process.returncode == 130, err
    document = json.loads(out)
    assert document["state"] == "stopped"
    assert [(run["state"], run["reason"]) for run in document["runs"]] == [("stopped", "")]
    assert len(calls.read_text().splitlines()) == before


def test_an_interrupted_session_keeps_what_was_measured(folder: Path) -> None:
    started = folder / "started"
    write_tests(
        folder,
        f"""
        import pathlib
        import time

        import pytest

        def test_first(benchmark):
            benchmark(len, "ab")

        @pytest.mark.benchmark(min_rounds=1_000_000)
        def test_second(benchmark):
            calls = []

            def nap():
                time.sleep(0.001)
                calls.append(1)
                if len(calls) == 50:
                    pathlib.Path({str(started)!r}).touch()

            benchmark(nap)

        def test_third(benchmark):
            benchmark(len, "ab")
        """,
    )
    process = subprocess.Popen(
        [PROGRAM, "pytest", *SHORT, "--json", "-"],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        while not started.exists() and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
    assert process.returncode == 130, err
    first, second, third = json.loads(out)["runs"]
    assert [run["state"] for run in (first, second, third)] == ["finished", "stopped", "stopped"]
    assert second["operations"] > 0
    assert third["operations"] == 0
