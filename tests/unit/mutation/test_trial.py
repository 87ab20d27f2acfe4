"""What becomes of mutants, tried on a small package with tests of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools.mutation.mutants import function_of

PROJECT = Path(__file__).parents[3]

CODE = """\
def is_more(one, other):
    return one > other


def half_tested(number):
    return number + 1


def untested(number):
    return number - 1


def counted_down(number):
    while number > 0:
        number -= 1
    return number


def table():
    return [1 + 1]


TABLE = table()
"""

TESTS = """\
import pytest
from cortex_tui.stats import sample
from hypothesis import given, strategies


def test_both_sides_and_the_edge():
    assert sample.is_more(2, 1)
    assert not sample.is_more(1, 1)
    assert not sample.is_more(1, 2)


@given(strategies.integers())
def test_that_it_is_called(number):
    sample.half_tested(number)


@pytest.mark.timed
def test_what_a_busy_machine_may_fail_on():
    assert sample.half_tested(1) == 2


def test_the_end_of_a_loop():
    assert sample.counted_down(3) == 0


def test_the_table():
    assert sample.TABLE == [2]
"""

DRIVER = """\
import os, sys
from pathlib import Path
from tools.mutation import trial
from tools.mutation.mutants import mutated

copy = Path.cwd()
sys.path.insert(0, str(copy / "src"))
trial.few_examples(2)
trial.SECONDS_OF_ONE = 0.3
trial.SECONDS_AT_LEAST = 10_000  # of all together: longer than this test may take
modules = mutated(copy, [Path("cortex_tui/stats/sample.py")], [])
trial.tried(modules, "tests", lambda mutant, verdict: print("VERDICT", mutant, verdict, sep="|"))
"""


def run(folder: Path, tests: str = TESTS) -> subprocess.CompletedProcess[str]:
    code = folder / "src" / "cortex_tui" / "stats" / "sample.py"
    code.parent.mkdir(parents=True)
    for package in (code.parent, code.parent.parent):
        (package / "__init__.py").touch()
    code.write_text(CODE, "utf-8")
    (folder / "tests").mkdir()
    (folder / "tests" / "test_sample.py").write_text(tests, "utf-8")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = -p no:xdist\nmarkers = timed\n")
    return subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(PROJECT)!r})\n{DRIVER}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """By function: what became of its mutants."""
    done = run(tmp_path_factory.mktemp("mutants"))
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, set[str]] = {}
    for line in done.stdout.splitlines():
        if line.startswith("VERDICT|"):
            _, mutant, verdict = line.split("|")
            function = function_of(mutant).removeprefix("cortex_tui.stats.sample.x_")
            found.setdefault(function, set()).add(verdict)
    return found


def test_a_mutant_that_a_test_fails_on_is_killed(verdicts: dict[str, set[str]]) -> None:
    assert verdicts["is_more"] == {"killed"}


def test_a_mutant_that_only_runs_survives(verdicts: dict[str, set[str]]) -> None:
    # The test that would notice it compares times.
    assert verdicts["half_tested"] == {"survived"}


def test_a_mutant_that_no_test_calls_is_said_to_be_reached_by_none(
    verdicts: dict[str, set[str]],
) -> None:
    assert verdicts["untested"] == {"no test reaches it"}


def test_a_mutant_that_never_ends_is_noticed_by_the_first_test_that_gets_into_it(
    verdicts: dict[str, set[str]],
) -> None:
    # Such as `number += 1`.
    assert "too slow" in verdicts["counted_down"]


def test_a_mutant_of_a_table_that_is_made_while_modules_are_loaded_is_noticed(
    verdicts: dict[str, set[str]],
) -> None:
    assert verdicts["table"] == {"killed"}


def test_tests_that_fail_without_a_mutant_are_no_measure(tmp_path: Path) -> None:
    done = run(tmp_path, TESTS.replace("== [2]", "== [3]"))
    assert done.returncode != 0
    assert "VERDICT" not in done.stdout
    assert "test_the_table fails without a mutant" in done.stderr
