"""No garbage is looked for while the program loads its modules, and then as Python does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.program import call, write_suite
from tests.e2e.pytest_projects import write_tests
from tests.fresh_python import unmeasured

NOTES = """
import gc, json
from pathlib import Path

notes = {"looks": [each["collections"] for each in gc.get_stats()]}

def note(where):
    notes[where] = [gc.isenabled(), *gc.get_threshold()]
    Path("notes.json").write_text(json.dumps(notes))

note("import")
"""
SUITE = f"""{NOTES}
from cortex_tui import workload

@workload
async def noting():
    note("setup")
    async def operation():
        note("operation")
    yield operation
    note("teardown")
"""
TESTS = f"""{NOTES}
def test_noting(benchmark):
    note("test")
    benchmark(lambda: note("operation"))
"""
PROFILE = '[profile.noting]\nworkload = "bench:noting"\niterations = 5\n'
HERE = ("--in-process",)
SOME = 20
"""More looks for garbage than there are until Python has started, and fewer than while the modules
are loaded that a session needs."""

SEEN = """
import gc, sys

class Finder:
    seen = set()
    def find_spec(self, name, path=None, target=None):
        self.seen.add(gc.isenabled())

finder = Finder()
sys.meta_path.insert(0, finder)
"""
AS_A_PROGRAM = f"""{SEEN}
from cortex_tui.cli import main
sys.argv = ["cortex-tui", "list"]
try:
    main()
except SystemExit:
    pass
assert finder.seen == {{True, False}}, finder.seen
assert gc.isenabled()
"""
AS_A_LIBRARY = f"""{SEEN}
import cortex_tui.cli.launching, cortex_tui.cli.running, cortex_tui.session.controller
import cortex_tui.placement.cluster.agent, cortex_tui.placement.cluster.dask_part
import cortex_tui.pytest_runner.collector, cortex_tui.pytest_runner.plugin
import cortex_tui.pytest_runner.process, cortex_tui.runner.process, cortex_tui.tui.launch
from cortex_tui.cli import main
try:
    main(["list"])
except SystemExit:
    pass
assert finder.seen == {{True}}, finder.seen
assert gc.isenabled()
"""
A_MODULE_FAILS = """
import gc, sys
sys.modules["cortex_tui.cli.listing"] = None
sys.argv = ["cortex-tui", "list"]
from cortex_tui.cli import main
try:
    main()
except ImportError:
    assert gc.isenabled()
else:
    raise AssertionError
"""
SWITCHED_OFF = """
import gc, sys
gc.disable()
from cortex_tui.cli import main
sys.argv = ["cortex-tui", "run", "shop", "--in-process"]
main()
"""


def python(code: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder, env=unmeasured(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def usual(folder: Path) -> list[object]:
    found: list[object] = json.loads(
        python("import gc, json; print(json.dumps([gc.isenabled(), *gc.get_threshold()]))", folder)
    )
    return found


def noted(folder: Path) -> dict[str, list[object]]:
    notes: dict[str, list[object]] = json.loads((folder / "notes.json").read_text())
    return notes


@pytest.mark.parametrize("place", [(), HERE])
def test_workloads_run_in_a_python_that_looks_for_garbage_as_usual(
    folder: Path, place: tuple[str, ...]
) -> None:
    write_suite(folder, PROFILE, code=SUITE)
    done = call(folder, "run", "shop", *place)
    assert done.returncode == 0, done.stderr
    notes = noted(folder)
    del notes["looks"]
    assert notes == dict.fromkeys(("import", "setup", "operation", "teardown"), usual(folder))


@pytest.mark.usefixtures("without_other_plugins")
def test_so_do_the_tests_that_pytest_runs(folder: Path) -> None:
    write_tests(folder, TESTS)
    done = call(folder, "pytest", "--duration", "5ms", "--warmup", "0", "test_bench.py")
    assert done.returncode == 0, done.stderr
    notes = noted(folder)
    del notes["looks"]
    assert notes == dict.fromkeys(("import", "test", "operation"), usual(folder))


def test_little_was_looked_for_before_a_workload_is_imported(folder: Path) -> None:
    write_suite(folder, PROFILE, code=SUITE)
    plain = dict.fromkeys(("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG"), "")
    assert call(folder, "run", "shop", environment=plain).returncode == 0
    newest, *_ = noted(folder)["looks"]
    assert isinstance(newest, int)
    assert newest < SOME


@pytest.mark.parametrize("code", [AS_A_PROGRAM, AS_A_LIBRARY, A_MODULE_FAILS])
def test_only_the_program_itself_pauses_and_always_ends_it(folder: Path, code: str) -> None:
    python(code, folder)


def test_where_no_garbage_was_to_be_looked_for_none_is(folder: Path) -> None:
    write_suite(folder, PROFILE, code=SUITE)
    python(SWITCHED_OFF, folder)
    enabled = {what: each[0] for what, each in noted(folder).items() if what != "looks"}
    assert enabled == dict.fromkeys(("import", "setup", "operation", "teardown"), False)
