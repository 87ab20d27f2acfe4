"""Tests of pytest in two versions of the code, or in two sessions, compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.program import call, call_here, git
from tests.e2e.pytest_projects import SHORT, write_tests

pytestmark = pytest.mark.usefixtures("without_other_plugins")


@pytest.mark.long
def test_tests_of_a_revision_and_of_the_working_tree_are_compared(folder: Path) -> None:
    """Rounds alternate; a test that the revision lacks is left out, and no other with it."""
    git(folder, "init", "--quiet")
    (folder / "pytest.ini").write_text("[pytest]\npythonpath = .\n", encoding="utf-8")
    (folder / "shop.py").write_text("WAIT_S = 0.001\n", encoding="utf-8")
    code = """
        import shop, time

        def test_visit(benchmark):
            benchmark(time.sleep, shop.WAIT_S)
    """
    more = "\n        def test_new(benchmark):\n            benchmark(len, '')\n"
    write_tests(folder, code, "test_shop.py")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=first")
    (folder / "shop.py").write_text("WAIT_S = 0.004\n", encoding="utf-8")
    write_tests(folder, code + more, "test_shop.py")
    done = call(
        folder, "pytest", "--against", "HEAD", *SHORT, "--repeat", "2", "--json", "out.json"
    )
    assert done.returncode in (0, 1, 4), done.stdout + done.stderr
    assert "HEAD has no test test_shop.test_new: it is left out" in done.stderr
    document = json.loads((folder / "out.json").read_text(encoding="utf-8"))
    least_ns = {"HEAD": 1_000_000, "here": 4_000_000}
    runs = [(run["profile"], run["state"], run["variant"]) for run in document["runs"]]
    assert set(runs) == {("test_shop.test_visit", "finished", each) for each in least_ns}
    assert len(runs) == 4
    assert all(run["service_ns"]["min"] >= least_ns[run["variant"]] for run in document["runs"])
    (compared,) = document["comparisons"]
    assert [each["profile"] for each in compared["profiles"]] == ["test_shop.test_visit"]
    assert "here against HEAD" in done.stdout


def test_tests_that_would_import_the_code_of_the_working_tree_are_refused(folder: Path) -> None:
    git(folder, "init", "--quiet")
    (folder / "shop.py").write_text("COUNT = 100\n", encoding="utf-8")
    code = f"""
        import sys

        sys.path.insert(0, {str(folder)!r})
        import shop

        def test_sum(benchmark):
            benchmark(sum, range(shop.COUNT))
    """
    write_tests(folder, code, "test_shop.py")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=first")
    done = call(folder, "pytest", "--against", "HEAD", *SHORT)
    assert done.returncode == 2
    assert "shop is imported from" in done.stderr
    assert "not the code of variant HEAD" in done.stderr


@pytest.mark.long
def test_stored_sessions_of_tests_can_be_compared(folder: Path) -> None:
    """Their noise can be measured, and rounds and sessions time batches of one size: batches that
    differ by chance keep sessions of equal code from being compared."""
    write_tests(folder, "def test_sum(benchmark):\n    benchmark(sum, range(10))\n")
    done = call(folder, "noise", "--pytest", "-k sum", "--sessions", "5", *SHORT)
    assert done.returncode == 0, done.stderr
    assert "test_bench.test_sum" in done.stdout
    again = ("pytest", *SHORT, "-k", "sum")
    assert call(folder, *again, "--repeat", "2", "--save", "a").returncode == 0
    done = call(folder, *again, "--baseline", "a", "--save", "b", "--undecided", "pass")
    assert done.returncode in (0, 1), done.stdout
    assert "test_bench.test_sum: the smallest difference that can be found is" in done.stderr
    assert "test_bench.test_sum is left out" not in done.stdout
    stored = [json.loads(call_here(folder, "show", each, "--json").stdout) for each in "ab"]
    assert len({run["batch"] for session in stored for run in session["runs"]}) == 1


@pytest.mark.long
def test_a_test_of_the_baseline_that_is_gone_is_named_unless_one_was_chosen(
    folder: Path,
) -> None:
    both = "def test_sum(benchmark):\n    benchmark(sum, range(10))\n"
    write_tests(folder, f"{both}def test_gone(benchmark):\n    benchmark(sum, range(10))\n")
    assert call(folder, "pytest", ".", *SHORT, "--save", "a").returncode == 0
    write_tests(folder, both)
    wanted = ("--baseline", "a", *SHORT)
    done = call(folder, "pytest", ".", *wanted, "--fail-on", "regressions")
    assert "missing in this session: test_bench.test_gone" in done.stdout
    assert call(folder, "pytest", ".", *wanted).returncode in (1, 4)
    done = call(folder, "pytest", "test_bench.py::test_sum", *wanted)
    assert "only in a: test_bench.test_gone" in done.stdout
    assert "missing in" not in done.stdout
