"""CPU time of processes that do not belong to the session."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cortex_tui.runner.machine_time import MachineTime, children, used_by
from tests.interned_names import new_names

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/task").exists(), reason="Linux counts CPU time there"
)
TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 1
# Uses that much CPU, however busy the machine is, and stays until it is asked to end.
SPIN = "import time\nwhile time.process_time() < {s}: pass\nprint(flush=True)\ninput()"


class Machine:
    """A file like /proc/stat, and what is made of it."""

    def __init__(self, file: Path, **options: object) -> None:
        self._file = file
        self._used = self._stolen = 1_000
        self._write()
        self.time = MachineTime(stat=str(file), **options)  # type: ignore[arg-type]

    def passes(self, used_ns: int, stolen_ns: int = 0) -> None:
        """Processes have used so much, and so much was stolen."""
        self._used += used_ns // TICK_NS
        self._stolen += stolen_ns // TICK_NS
        self._write()

    def _write(self) -> None:
        used, stolen = self._used, self._stolen
        self._file.write_text(f"cpu  {used - 300} 100 200 7 8 9 10 {stolen} 0 0\ncpu0 1 2\n")


@pytest.fixture
def child() -> Iterator[subprocess.Popen[str]]:
    """A process that has used 0.2 s, some time later, and then waits."""
    with subprocess.Popen(
        [sys.executable, "-c", SPIN.format(s=0.2)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        yield process
        process.kill()


def test_what_nobody_of_ours_used_is_foreign(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "stat")
    before_ns = time.process_time_ns()
    machine.passes(2_000_000_000, stolen_ns=500_000_000)
    found = machine.time.take()
    own_ns = time.process_time_ns() - before_ns
    assert found.steal_ns == 500_000_000
    # Our own time counts from a moment before.
    assert 2_000_000_000 - own_ns - 100_000_000 <= found.foreign_ns <= 2_000_000_000
    assert machine.time.take() == (0, 0)


def test_looking_for_processes_leaves_no_place_in_pythons_table_of_names(
    child: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    new = new_names(monkeypatch)
    assert child.pid in set(children())
    assert new == []


def test_what_processes_that_we_started_use_is_ours_while_they_run_and_when_they_have_ended(
    tmp_path: Path, child: subprocess.Popen[str]
) -> None:
    machine = Machine(tmp_path / "stat")
    assert child.stdout is not None
    child.stdout.readline()
    machine.passes(200_000_000)
    assert child.pid in set(children())
    assert (used_by(child.pid) or 0) >= 200_000_000
    # What it had used before the meter began does not count: at most that little is foreign.
    foreign_ns = machine.time.take().foreign_ns
    child.communicate("\n")
    machine.passes(30_000_000)
    ended_ns = machine.time.take().foreign_ns
    assert used_by(child.pid) is None
    assert foreign_ns + ended_ns < 150_000_000


def test_ticks_that_come_late_are_made_up_for(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "stat")
    before_ns = time.process_time_ns()
    while time.process_time_ns() - before_ns < 100_000_000:
        pass
    assert machine.time.take().foreign_ns == 0
    machine.passes(100_000_000)
    assert machine.time.take().foreign_ns == 0


def test_the_program_that_reports_the_session_belongs_to_it(
    tmp_path: Path, child: subprocess.Popen[str]
) -> None:
    machine = Machine(tmp_path / "stat", program=child.pid)
    assert child.stdout is not None
    child.stdout.readline()
    machine.passes(150_000_000)
    assert machine.time.take().foreign_ns < 150_000_000


def test_with_other_runners_in_the_session_it_is_not_known(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "stat", shared=True)
    machine.passes(5_000_000_000, stolen_ns=100_000_000)
    assert machine.time.take() == (100_000_000, 0)


@pytest.mark.parametrize("text", ["", "cpu 1 2\n"])
def test_a_machine_that_does_not_count_has_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "stat").write_text(text)
    machine = MachineTime(stat=str(tmp_path / "stat"))
    assert machine.take() == (0, 0)
    machine.close()
    assert machine.take() == (0, 0)
    assert MachineTime(stat=str(tmp_path / "none")).take() == (0, 0)
