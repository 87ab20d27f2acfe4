"""Whether watching changes what is watched: the same load without a screen and with one.

The subject is an aiosqlite point read at 500 a second. It runs headless, under the workbench with
its runner process, headless once more, and under the workbench in process, in turns that rotate.
The figure is the p99 of the response time, as a ratio to the mean of both headless runs of the same
round; how far those two are apart stands beside it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path
from statistics import mean, median
from typing import Any

from tests.performance._measure import Measurements, Round
from tests.performance._workbench import workbench

PROGRAM = [sys.executable, "-m", "cortex_tui"]

SUBJECT = """
    import aiosqlite
    from cortex_tui import workload

    @workload
    async def read(rows: int = 1_000):
        async with aiosqlite.connect("subject.db") as connection:
            await connection.execute("CREATE TABLE IF NOT EXISTS item (id INTEGER PRIMARY KEY)")
            await connection.executemany(
                "INSERT OR IGNORE INTO item VALUES (?)", [(i,) for i in range(rows)]
            )
            await connection.commit()

            async def operation(i: int) -> None:
                assert list(
                    await connection.execute_fetchall(
                        "SELECT id FROM item WHERE id = ?", (i % rows,)
                    )
                )

            yield operation
"""

SUITE = """
    [profile.read]
    workload = "observed_subject:read"
    load = { rate = "500/s" }
    warmup = "500ms"
    duration = "%.1fs"
"""


class Subject:
    """A folder with the workload and its suite, where the program is run."""

    def __init__(self, folder: Path, seconds: float) -> None:
        self.folder = folder
        self.seconds = seconds
        profiles = folder / "profiles"
        profiles.mkdir()
        (profiles / "observed_subject.py").write_text(textwrap.dedent(SUBJECT))
        (profiles / "observer.toml").write_text(textwrap.dedent(SUITE % seconds))

    def headless(self) -> float:
        self._run(*PROGRAM, "run", "observer.read", "--json", "headless.json")
        return p99_ns(json.loads((self.folder / "headless.json").read_text()))

    def watched(self, *options: str) -> float:
        command = [*PROGRAM, "launch", "observer.read", *options]
        with workbench(command, self.folder) as bench:
            bench.wait_for("observer")
            time.sleep(1.0)  # the first layout and the runner in waiting are not what is measured
            bench.press("r")
            time.sleep(self.seconds + 2.0)
            bench.press("q")
            bench.wait_for("is stored in")
            bench.process.wait(timeout=20)
        listed = self._run(*PROGRAM, "snapshots", "--all").splitlines()
        newest = listed[1].split()[0]
        return p99_ns(json.loads(self._run(*PROGRAM, "show", newest, "--json")))

    def _run(self, *command: str) -> str:
        return subprocess.run(
            command, cwd=self.folder, check=True, text=True, capture_output=True,
        ).stdout  # fmt: skip


def p99_ns(document: dict[str, Any]) -> float:
    (run,) = document["runs"]
    assert run["state"] == "finished", run
    p99: float = run["response_ns"]["p99"]
    return p99


def main() -> None:
    measurements = Measurements("What the screen does to the subject that it shows.")
    rounds = measurements.rounds(quick=2, full=7)
    with tempfile.TemporaryDirectory() as folder:
        subject = Subject(Path(folder), seconds=2.1 if measurements.quick else 5.0)
        conditions: dict[str, Round] = {
            "headless": subject.headless,
            "workbench": subject.watched,
            "headless again": subject.headless,
            "in process": lambda: subject.watched("--in-process"),
        }
        taken: dict[str, list[float]] = {name: [] for name in conditions}
        names = list(conditions)
        for turn in range(rounds):
            # Each condition comes in each place, so that none is always the one after another.
            for name in names[turn % 4 :] + names[: turn % 4]:
                taken[name].append(conditions[name]())
    headless = [mean(both) for both in zip(taken["headless"], taken["headless again"], strict=True)]
    for name, reference in (
        ("workbench", headless),
        ("in process", headless),
        ("headless again", taken["headless"]),
    ):
        ratio = median(ours / other for ours, other in zip(taken[name], reference, strict=True))
        goal = 1.2 if name == "workbench" else None
        measurements.line(
            f"response p99 at 500/s: {name} against headless",
            median(taken[name]), median(reference), ratio, goal,
            met=goal is None or ratio <= goal, unit="ns",
        )  # fmt: skip
    measurements.exit()


if __name__ == "__main__":
    main()
