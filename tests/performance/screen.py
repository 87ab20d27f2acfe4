"""What the screen costs: frames of each tab, processor, memory, keys, and the first frame.

The workbench shows 20 runs that send a message ten times a second each, on a terminal of 120x40.
Its messages are made up in its own process (`_replayed.py`), so nothing else runs.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from cortex_tui.tui.panes.registry import tabs
from tests.performance import launch
from tests.performance._measure import Measurements
from tests.performance._replayed import DONE
from tests.performance._workbench import Workbench, workbench

FRAME_MS = 10.0
CPU_SHARE = 0.1
MEMORY_MB = 90.0
KEY_MS = 50.0
LAUNCH = 1.6
HOUR = 36_000
"""Intervals of a tenth of a second."""


def replayed(folder: Path, intervals: int, file: Path) -> list[str]:
    program = Path(__file__).parent / "_replayed.py"
    return [sys.executable, str(program), str(folder), str(intervals), str(file)]


def begin(bench: Workbench) -> None:
    """Starts the session, once the screen takes keys and the controller is there."""
    bench.wait_for("profile-00")
    bench.wait_for("20 checked")
    time.sleep(1.0)
    bench.press("r")
    bench.wait_for("running")


def leave(bench: Workbench) -> None:
    bench.press("qq")  # twice, for a session is running
    bench.process.wait(timeout=60)


def key_times_ms(bench: Workbench, count: int) -> list[float]:
    """From writing a key to reading what it changed, as a person's terminal would."""
    taken = []
    for number in range(count):
        bench.forget()
        wanted = "19 checked" if number % 2 == 0 else "20 checked"
        start_ns = time.perf_counter_ns()
        bench.press("*")
        taken.append((bench.wait_for(wanted) - start_ns) / 1e6)
        time.sleep(0.083)  # at all moments of a frame, four of which come in a second
    return taken


def live(measurements: Measurements) -> None:
    """Tabs, processor and keys while messages come as they do from a runner."""
    each_s = 5.0 if measurements.quick else 30.0
    with tempfile.TemporaryDirectory(prefix=".screen-", dir=".") as name:
        folder, file = Path(name), Path(name) / "costs.json"
        with workbench(replayed(folder.absolute(), 0, file.absolute()), Path.cwd()) as bench:
            begin(bench)
            for pane in tabs():
                bench.press(str(pane.TAB))
                time.sleep(each_s)
            bench.press("1j")
            keys_ms = key_times_ms(bench, 40 if measurements.quick else 400)
            leave(bench)
        costs: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    for pane in tabs():
        frames_ms = costs["frames_ms"].get(pane.NAME, [])
        what = f"a refresh with the tab {pane.LABEL} open, 20 runs"
        measurements.absolute(f"{what}, median", median(frames_ms), unit="ms", goal=FRAME_MS)
        hold_ms = costs["longest_hold_ms"][pane.NAME]
        measurements.absolute(
            f"{what}, longest hold of the loop", hold_ms, unit="ms", goal=FRAME_MS
        )
        measurements.absolute(
            f"processor with the tab {pane.LABEL} open, 20 runs",
            costs["cpu_share"][pane.NAME], unit="cores", goal=CPU_SHARE,
        )  # fmt: skip
    p99_ms = sorted(keys_ms)[int(len(keys_ms) * 0.99)]
    measurements.absolute("key to screen, p99", p99_ms, unit="ms", goal=KEY_MS)


def after_an_hour(measurements: Measurements) -> None:
    """Memory when an hour of messages has been taken in, and every tab was looked at."""
    intervals = HOUR // 20 if measurements.quick else HOUR
    with tempfile.TemporaryDirectory(prefix=".screen-", dir=".") as name:
        folder, file = Path(name), Path(name) / "costs.json"
        command = replayed(folder.absolute(), intervals, file.absolute())
        with workbench(command, Path.cwd()) as bench:
            begin(bench)
            bench.wait_for(DONE, timeout_s=2_400)
            for pane in tabs():
                bench.press(str(pane.TAB))
                time.sleep(2.0)
            leave(bench)
        costs = json.loads(file.read_text(encoding="utf-8"))
    minutes = intervals // 600
    what = f"memory after {minutes} minutes of 20 runs"
    measurements.absolute(what, costs["resident_mb"], unit="MB", goal=MEMORY_MB)


def main() -> None:
    measurements = Measurements("What the screen costs while it shows 20 runs.")
    if measurements.wants("tab") or measurements.wants("key"):
        live(measurements)
    if measurements.wants("memory"):
        after_an_hour(measurements)
    launch.measure(measurements, LAUNCH)
    measurements.exit()


if __name__ == "__main__":
    main()
