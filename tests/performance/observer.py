"""Whether watching changes what is watched: the same load without a screen and with one.

The subject is an aiosqlite point read at 500 a second. It runs under the workbench with each of its
tabs open, with the next tab opened every second, under the workbench in process, and headless.
What a machine makes of the same run changes by a third within minutes, so each run stands between
two headless ones: its figure is the ratio of its p99 to their geometric mean, and a condition's is
the median of all its turns. How far a headless run is from those around it is a line of its own,
since no ratio of one turn can be known better. Another one is a process without a screen that
computes for as long as one does.
p99.9 needs more values than a run has: it is that of all runs of a condition together, and of all
headless runs around them.

`--quick` leaves the single tabs, the process that computes, and in process out.
"""

from __future__ import annotations

import math
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median

from hdrh.histogram import HdrHistogram

from cortex_tui.tui.panes.registry import tabs
from tests.performance._measure import Measurements
from tests.performance._reads import READS
from tests.performance._workbench import workbench

SWITCHING = "a tab a second"
IN_PROCESS = "in process"
COMPUTING = "a process that computes 6 ms four times a second"
WITHOUT_GOAL = (IN_PROCESS, COMPUTING)
PROGRAM = [sys.executable, "-m", "cortex_tui"]
RATE_PER_S = 500
SUITE = """
    [profile.read]
    workload = "observed_subject:read"
    load = { rate = "%d/s" }
    warmup = "500ms"
    duration = "%.1fs"
"""
BURSTS = """
import time
while True:
    until = time.perf_counter() + 0.006
    while time.perf_counter() < until:
        pass
    time.sleep(0.244)
"""
"""The workbench takes 0.025 of a processor for one run, four frames a second among it."""
HIGHEST_NS = 3_600_000_000_000
FOR_P999 = 10_000
"""Values without which p99.9 is that of a few."""


class Subject:
    """A folder with the workload and its suite, where the program is run. What a run returns are
    its response times, in ns."""

    def __init__(self, folder: Path, seconds: float) -> None:
        self.folder = folder
        self.seconds = seconds
        profiles = folder / "profiles"
        profiles.mkdir()
        (profiles / "observed_subject.py").write_text(READS)
        suite = textwrap.dedent(SUITE % (RATE_PER_S, seconds))
        (profiles / "observer.toml").write_text(suite)

    def headless(self) -> HdrHistogram:
        self._run("run", "observer.read")
        return self._newest()

    def with_bursts(self) -> HdrHistogram:
        with computing():
            return self.headless()

    def watched(self, *options: str, tab: str = "", switching: bool = False) -> HdrHistogram:
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
        return self._newest()

    def _newest(self) -> HdrHistogram:
        values = HdrHistogram(1, HIGHEST_NS, 3)
        for line in self._run("export", "newest", "--format", "hlog").splitlines():
            if line.startswith("Tag=") and "response" in line.split(",", 1)[0]:
                values.add(HdrHistogram.decode(line.rsplit(",", 1)[1]))
        arrived = RATE_PER_S * self.seconds
        assert values.total_count >= 0.9 * arrived, f"{values.total_count} of {arrived:.0f}"
        return values

    def _run(self, *arguments: str) -> str:
        return subprocess.run(
            [*PROGRAM, *arguments], cwd=self.folder, check=True, text=True, capture_output=True,
        ).stdout  # fmt: skip


@contextmanager
def computing() -> Iterator[None]:
    """A process that computes meanwhile, as much as a workbench does."""
    process = subprocess.Popen([sys.executable, "-c", BURSTS])
    try:
        yield
    finally:
        process.kill()
        process.wait()


class Turn:
    """One run of a condition, between two headless ones."""

    def __init__(self, ours: HdrHistogram, around: Sequence[HdrHistogram]) -> None:
        self.ours = ours
        self.around = around
        self.p99_ns = p99_of(ours)
        self.reference_ns = math.exp(sum(math.log(p99_of(each)) for each in around) / len(around))
        self.ratio = self.p99_ns / self.reference_ns


def p99_of(values: HdrHistogram) -> float:
    return float(values.get_value_at_percentile(99.0))


def conditions_of(subject: Subject, *, quick: bool) -> dict[str, Callable[[], HdrHistogram]]:
    """By name, in the order of the first round."""
    switching = partial(subject.watched, switching=True)
    if quick:
        return {SWITCHING: switching}
    return {
        SWITCHING: switching,
        **{f"tab {pane.LABEL}": partial(subject.watched, tab=str(pane.TAB)) for pane in tabs()},
        COMPUTING: subject.with_bursts,
        IN_PROCESS: partial(subject.watched, "--in-process"),
    }


def main() -> None:
    measurements = Measurements("What the screen does to the subject that it shows.")
    rounds = measurements.rounds(quick=2, full=7)
    with tempfile.TemporaryDirectory() as folder:
        subject = Subject(Path(folder), seconds=3.1 if measurements.quick else 6.0)
        conditions = conditions_of(subject, quick=measurements.quick)
        turns: dict[str, list[Turn]] = {name: [] for name in conditions}
        names = list(conditions)
        headless = [subject.headless()]
        for round_ in range(rounds):
            # Each condition comes in several places, so that none is always the one after another.
            at = round_ * 3 % len(names)
            for name in names[at:] + names[:at]:
                ours = conditions[name]()
                headless.append(subject.headless())
                turns[name].append(Turn(ours, headless[-2:]))
    for name in names:
        report(measurements, name, turns[name])
    report_headless(measurements, headless)
    measurements.exit()


def report(measurements: Measurements, name: str, turns: Sequence[Turn]) -> None:
    """A line for p99, and one for p99.9 where values are enough."""
    what = f"at {RATE_PER_S}/s: {name} between two headless"
    ratio = median(turn.ratio for turn in turns)
    goal = None if name in WITHOUT_GOAL else 1.2
    measurements.line(
        f"response p99 {what}",
        median(turn.p99_ns for turn in turns), median(turn.reference_ns for turn in turns),
        ratio, goal, met=goal is None or ratio <= goal, unit="ns",
    )  # fmt: skip
    ours = together([turn.ours for turn in turns])
    if ours.total_count >= FOR_P999:
        headless = together([each for turn in turns for each in turn.around])
        p999, reference = (each.get_value_at_percentile(99.9) for each in (ours, headless))
        measurements.show(f"response p99.9 {what}, of all", p999, reference, unit="ns")


def report_headless(measurements: Measurements, runs: Sequence[HdrHistogram]) -> None:
    """A line for how far one is from the ones before and after it, whichever way."""
    turns = [
        Turn(ours, (before, after))
        for before, ours, after in zip(runs, runs[1:], runs[2:], strict=False)
    ]
    measurements.line(
        f"response p99 at {RATE_PER_S}/s: headless from two headless, up or down",
        median(turn.p99_ns for turn in turns), median(turn.reference_ns for turn in turns),
        median(max(turn.ratio, 1 / turn.ratio) for turn in turns), None, met=True, unit="ns",
    )  # fmt: skip


def together(parts: Sequence[HdrHistogram]) -> HdrHistogram:
    values = HdrHistogram(1, HIGHEST_NS, 3)
    for each in parts:
        values.add(each)
    return values


if __name__ == "__main__":
    main()
