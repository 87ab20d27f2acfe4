"""Whether watching changes what is watched: the same load without a screen and with one.

The subject is an aiosqlite point read at 500 a second. It runs headless, under the workbench with
each of its tabs open, with the next tab opened every second, headless once more, and under the
workbench in process, in turns that rotate. The figures are p99 and p99.9 of the response time, as
ratios to the mean of both headless runs of the same round; how far those two are apart is a line of
its own, since no ratio can be known better. `--quick` leaves the single tabs and in process out.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from cortex_tui.tui.panes.registry import tabs
from tests.performance._measure import Measurements
from tests.performance._reads import READS
from tests.performance._workbench import workbench

SWITCHING = "a tab a second"
PROGRAM = [sys.executable, "-m", "cortex_tui"]

SUITE = """
    [profile.read]
    workload = "observed_subject:read"
    load = { rate = "500/s" }
    warmup = "500ms"
    duration = "%.1fs"
"""


class Tails(NamedTuple):
    """Of the response time of one run, in ns; p99.9 is None where operations are too few."""

    p99: float
    p999: float | None


class Subject:
    """A folder with the workload and its suite, where the program is run."""

    def __init__(self, folder: Path, seconds: float) -> None:
        self.folder = folder
        self.seconds = seconds
        profiles = folder / "profiles"
        profiles.mkdir()
        (profiles / "observed_subject.py").write_text(READS)
        (profiles / "observer.toml").write_text(textwrap.dedent(SUITE % seconds))

    def headless(self) -> Tails:
        self._run(*PROGRAM, "run", "observer.read", "--json", "headless.json")
        return tails_of(json.loads((self.folder / "headless.json").read_text()))

    def watched(self, *options: str, tab: str = "", switching: bool = False) -> Tails:
        """With a tab opened by its key before the run, or the next one every second during it."""
        command = [*PROGRAM, "launch", "observer.read", *options]
        with workbench(command, self.folder) as bench:
            bench.wait_for("observer")
            time.sleep(1.0)  # the first layout and the runner in waiting are not what is measured
            bench.press(f"{tab}r")
            until = time.monotonic() + self.seconds + 2.0
            while (left := until - time.monotonic()) > 0:
                time.sleep(min(1.0, left))
                if switching:
                    bench.press("\t")
            bench.press("qq")  # twice where a session is still running
            bench.wait_for("is stored in")
            bench.process.wait(timeout=20)
        listed = self._run(*PROGRAM, "snapshots", "--all").splitlines()
        newest = listed[1].split()[0]
        return tails_of(json.loads(self._run(*PROGRAM, "show", newest, "--json")))

    def _run(self, *command: str) -> str:
        return subprocess.run(
            command, cwd=self.folder, check=True, text=True, capture_output=True,
        ).stdout  # fmt: skip


def tails_of(document: dict[str, Any]) -> Tails:
    (run,) = document["runs"]
    assert run["state"] == "finished", run
    return Tails(run["response_ns"]["p99"], run["response_ns"]["p99.9"])


def conditions_of(subject: Subject, *, quick: bool) -> dict[str, Callable[[], Tails]]:
    """By name, in the order of the first round."""
    alone: dict[str, Callable[[], Tails]] = {
        f"tab {pane.LABEL}": partial(subject.watched, tab=str(pane.TAB)) for pane in tabs()
    }
    others: dict[str, Callable[[], Tails]] = {} if quick else alone
    return {
        "headless": subject.headless,
        SWITCHING: partial(subject.watched, switching=True),
        **others,
        "headless again": subject.headless,
        **({} if quick else {"in process": partial(subject.watched, "--in-process")}),
    }


def main() -> None:
    measurements = Measurements("What the screen does to the subject that it shows.")
    rounds = measurements.rounds(quick=2, full=5)
    with tempfile.TemporaryDirectory() as folder:
        subject = Subject(Path(folder), seconds=3.1 if measurements.quick else 21.0)
        conditions = conditions_of(subject, quick=measurements.quick)
        taken: dict[str, list[Tails]] = {name: [] for name in conditions}
        names = list(conditions)
        for turn in range(rounds):
            # Each condition comes in several places, so that none is always the one after another.
            at = turn * 2 % len(names)
            for name in names[at:] + names[:at]:
                taken[name].append(conditions[name]())
    for name in names:
        if name != "headless":
            report(measurements, name, taken)
    measurements.exit()


def report(measurements: Measurements, name: str, taken: dict[str, list[Tails]]) -> None:
    """A line each for p99 and p99.9 against both headless runs of the same round."""
    for at, title in enumerate(Tails._fields):
        ours = [tails[at] for tails in taken[name]]
        first = [tails[at] for tails in taken["headless"]]
        again = [tails[at] for tails in taken["headless again"]]
        reference = (
            [(a + b) / 2 if a and b else None for a, b in zip(first, again, strict=True)]
            if name != "headless again"
            else first
        )
        pairs = [(a, b) for a, b in zip(ours, reference, strict=True) if a and b]
        if not pairs:
            continue  # too few operations for that percentile
        ratio = median(a / b for a, b in pairs)
        goal = 1.2 if title == "p99" and name not in ("headless again", "in process") else None
        measurements.line(
            f"response {title.replace('p999', 'p99.9')} at 500/s: {name} against headless",
            median(a for a, _ in pairs), median(b for _, b in pairs), ratio, goal,
            met=goal is None or ratio <= goal, unit="ns",
        )  # fmt: skip


if __name__ == "__main__":
    main()
