"""A run that is longer than its intervals: memory and storage stay bounded, nothing is lost."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from cortex_tui.store.records import StoredSession
from cortex_tui.store.sqlite.store import SqliteStore

SECONDS = 130
RATE = 50
MOST_INTERVALS = 1_200

BENCH = """
import asyncio

async def nap():
    await asyncio.sleep(0.001)
"""
SUITE = f"""
[profile.nap]
workload = "nap_bench:nap"
load = {{ rate = "{RATE}/s" }}
duration = "{SECONDS}s"
targets = ["errors == 0", "unfinished == 0"]
"""


async def stored(path: Path, session: str) -> StoredSession:
    async with await SqliteStore.open_for_reading(path) as store:
        return await store.load(session)


@pytest.mark.soak
def test_a_long_run_keeps_every_operation_in_a_bounded_number_of_intervals(tmp_path: Path) -> None:
    (tmp_path / "nap_bench.py").write_text(BENCH)
    (tmp_path / "cortex-tui.toml").write_text(SUITE)
    command = [sys.executable, "-m", "cortex_tui", "run", "cortex-tui.nap", "--json", "-"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    (run,) = document["runs"]
    due = SECONDS * RATE
    assert due - 1 <= run["operations"] + run["unstarted"] <= due + 1

    session = asyncio.run(stored(tmp_path / ".cortex-tui/snapshots.db", document["session"]))
    assert sum(interval.length for interval in session.intervals) >= SECONDS * 10 / 2
    assert len(session.intervals) <= MOST_INTERVALS
    counted = sum(i.service.moments.count for i in session.intervals if i.service is not None)
    assert counted == run["operations"]
