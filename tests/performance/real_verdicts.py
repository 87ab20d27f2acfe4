"""Verdicts on this machine: `run --against` on equal code, on slower code, and while it drifts.

Each session measures a revision and the working tree of a small project in alternating rounds. The
reference is the number of sessions. `--quick` runs one of each kind.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.performance._measure import Measurements

PROGRAM = [sys.executable, "-m", "cortex_tui"]
SESSIONS = 20
DRIFTS = 5
SESSION_S = 16.0
"""About how long a session of full length takes."""
SPIN_NS = 400_000
SLOWER_NS = SPIN_NS * 105 // 100
SUITE = """
[profile.spin]
workload = "spin:operation"
targets = ["p50 < 1s"]   # so the median decides
"""
CODE = """
import asyncio
import time


async def operation():
    end_ns = time.perf_counter_ns() + {spin_ns}
    while time.perf_counter_ns() < end_ns:
        pass
    await asyncio.sleep(0)
"""
DRIFTING = "import time\nend = time.monotonic() + {seconds}\nwhile time.monotonic() < end: pass\n"


class Project:
    """A repository whose commit spins for SPIN_NS an operation."""

    def __init__(self, folder: Path, slot: str) -> None:
        """`slot` is how long a version measures in each of 8 rounds."""
        self._folder = folder
        self._rounds = ("--repeat", "8", "--duration", slot)
        (folder / "profiles").mkdir()
        (folder / "profiles" / "spin.toml").write_text(SUITE, encoding="utf-8")
        self.spin(SPIN_NS)
        self._git("init", "--quiet")
        self._git("add", "--all")
        self._git("commit", "--quiet", "--message=as it is")

    def spin(self, spin_ns: int) -> None:
        """Edits the working tree."""
        code = CODE.format(spin_ns=spin_ns)
        (self._folder / "profiles" / "spin.py").write_text(code, encoding="utf-8")

    def verdict(self) -> str:
        """Of the working tree against the commit."""
        self._run("run", "spin", "--against", "HEAD", *self._rounds, "--save", "newest")
        compared = self._run("compare", "newest", "--json")
        self._run("rm", "newest")
        ((profile,),) = (each["profiles"] for each in json.loads(compared)["comparisons"])
        return str(profile["verdict"])

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(
            [*PROGRAM, *arguments], cwd=self._folder, capture_output=True, text=True, check=False
        )
        if done.returncode not in (0, 1, 4):
            raise RuntimeError(done.stderr)
        return done.stdout

    def _git(self, *arguments: str) -> None:
        identity = ("-c", "user.name=Tester", "-c", "user.email=tester@example.org")
        subprocess.run(["git", *identity, *arguments], cwd=self._folder, check=True)


@contextmanager
def competing(seconds: float) -> Iterator[None]:
    """A process on each processor, from the middle of a session of `seconds` to its end."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        for _ in range(os.cpu_count() or 1):
            code = DRIFTING.format(seconds=seconds)
            started.append(subprocess.Popen([sys.executable, "-c", code]))

    timer = threading.Timer(seconds / 2, start)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        for process in started:
            process.kill()
            process.wait()


def count(sessions: int, verdict: Callable[[], str], *words: str) -> int:
    """How many of the sessions come to one of the words."""
    return sum(verdict() in words for _ in range(sessions))


def main() -> None:
    measurements = Measurements("How often verdicts on this machine are wrong.")
    sessions = measurements.rounds(quick=1, full=SESSIONS)
    allowed = measurements.rounds(quick=0, full=1)
    with tempfile.TemporaryDirectory() as name:
        project = Project(Path(name), "300ms" if measurements.quick else "500ms")
        alarms = count(sessions, project.verdict, "slower", "faster")
        measurements.line(
            "equal code in alternating rounds: called slower or faster", alarms, sessions,
            alarms / sessions, allowed, met=alarms <= allowed, unit="sessions",
        )  # fmt: skip
        project.spin(SLOWER_NS)
        found = count(sessions, project.verdict, "slower")
        measurements.line(
            "5 % slower in alternating rounds: called slower", found, sessions,
            found / sessions, sessions - allowed, met=found >= sessions - allowed, unit="sessions",
        )  # fmt: skip
        if not measurements.quick:
            _drifting(measurements, project)
    measurements.exit()


def _drifting(measurements: Measurements, project: Project) -> None:
    """A machine that gets slower in the second half of a session."""
    for what, spin_ns, wrong_words in (
        (
            "equal code while the machine gets slower: called slower or faster",
            SPIN_NS,
            ("slower", "faster"),
        ),
        ("5 % slower while the machine gets slower: called faster", SLOWER_NS, ("faster",)),
    ):
        project.spin(spin_ns)
        wrong = 0
        for _ in range(DRIFTS):
            with competing(SESSION_S):
                wrong += project.verdict() in wrong_words
        measurements.line(
            what, wrong, DRIFTS, wrong / DRIFTS, 0, met=wrong == 0, unit="sessions"
        )  # fmt: skip


if __name__ == "__main__":
    main()
