"""Sessions of many runs or workers, watched as a screen does: lag, memory, the first numbers."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

import msgspec

from cortex_tui.loads.registry import decode_load
from cortex_tui.profiles.model import Profile
from cortex_tui.session.controller import SessionController
from cortex_tui.store.sqlite.store import SqliteStore

LOOK_S = 0.05
STORE = "crowd.db"


class Crowd(NamedTuple):
    lag_p50_ms: float
    lag_max_ms: float
    runner_mb: float
    parent_mb: float
    first_view_s: float


def measure_crowd(profiles: list[Profile], folder: Path) -> Crowd:
    """In a process of its own, whose greatest memory is that of this session alone."""
    done = subprocess.run(
        [sys.executable, "-m", __name__, str(folder)],
        input=msgspec.json.encode(profiles),
        stdout=subprocess.PIPE,
        check=True,
    )
    return msgspec.json.decode(done.stdout, type=Crowd)


def _peak_mb(pid: int | str) -> float:
    """The most memory that a process ever had in use (VmHWM), or 0 once it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    sizes = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
    return int(sizes[0]) / 1_024 if sizes else 0.0


def _children(pid: str) -> list[str]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [child for task in tasks for child in task.read_text().split()]


def _watch(profiles: list[Profile], folder: Path) -> Crowd:
    controller = SessionController(folder / STORE)
    began_s = time.perf_counter()
    controller.start(profiles)
    first_view_s, runner_mb = 0.0, 0.0
    while (view := controller.view) is None or view.state in ("starting", "running"):
        if view is not None and not first_view_s and all(run.operations for run in view.runs):
            first_view_s = time.perf_counter() - began_s
        runner_mb = max(runner_mb, *map(_peak_mb, _children("self")), 0.0)
        time.sleep(LOOK_S)
    result = controller.result().result()
    for run in result.runs:
        if run.state != "finished":
            raise RuntimeError(f"{run.profile.full_name} {run.state}: {run.reason}")
    parent_mb = _peak_mb("self")
    controller.close()
    lags_ms = [lag_ns / 1e6 for lag_ns in asyncio.run(_lags_ns(folder, result.record.id))]
    return Crowd(median(lags_ms), max(lags_ms), runner_mb, parent_mb, first_view_s)


async def _lags_ns(folder: Path, session: str) -> list[int]:
    """The longest hold of the loop in each interval of the first run."""
    async with await SqliteStore.open_for_reading(folder / STORE) as store:
        stored = await store.load(session)
    return [interval.health.loop_lag_ns for interval in stored.intervals if interval.run == 0]


if __name__ == "__main__":
    given = msgspec.json.decode(sys.stdin.buffer.read(), type=list[Profile], dec_hook=decode_load)
    found = _watch(given, Path(sys.argv[1]))
    sys.stdout.buffer.write(msgspec.json.encode(found))
