"""How long it takes to list 10,000 stored sessions of 20 runs each.

The reference is plain sqlite3 that reads the same columns of the same rows. The goal in
milliseconds is that of the whole command, from the start of Python to the last line: the median of
all rounds.
"""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from cortex_tui.profiles.model import Length, Profile
from cortex_tui.store.port import open_store
from cortex_tui.store.records import RunRecord, SessionRecord
from cortex_tui.store.sqlite import rows
from tests.performance._measure import Measurements, Round, timed

SESSIONS = 10_000
RUNS = 20
GOAL_MS = 200.0

READ_PLAINLY = (
    "SELECT id, started_at, state FROM session ORDER BY started_at DESC, id DESC",
    "SELECT session, profiles, operations, revision, note, tags FROM overview",
    "SELECT name, session FROM name ORDER BY name",
)


async def make(path: Path) -> None:
    async with await open_store(path):
        pass


def fill(path: Path) -> None:
    """With sessions of one suite over some years, every tenth with a name."""
    profiles = [
        Profile(suite="repository", name=f"operation-{n:02}", workload="shop:buy", stop=Length())
        for n in range(RUNS)
    ]
    names = rows.texts_text([profile.full_name for profile in profiles])
    runs = [RunRecord(run=n, profile=profile) for n, profile in enumerate(profiles)]
    first = datetime(2020, 1, 1, tzinfo=UTC)
    with closing(sqlite3.connect(path)) as connection, connection:
        for number in range(SESSIONS):
            started = (first + timedelta(hours=number)).isoformat()
            record = SessionRecord(id=f"{number:08}-session", started_at=started)
            insert(connection, "session", [rows.session_row(record, "finished")])
            insert(connection, "run", [rows.run_row(record.id, run) for run in runs])
            insert(connection, "overview", [(record.id, names, 123_456, f"{number:040}", "", "[]")])
            if number % 10 == 0:
                insert(connection, "name", [(f"name-{number}", record.id, None, 0, started)])


def insert(connection: sqlite3.Connection, table: str, values: list[rows.Row]) -> None:
    marks = ", ".join("?" * len(values[0]))
    connection.executemany(f"INSERT INTO {table} VALUES ({marks})", values)


def read_ours(path: Path) -> None:
    async def listed() -> int:
        async with await open_store(path, "read") as store:
            return len(await store.list_sessions())

    assert asyncio.run(listed()) == SESSIONS


def read_plainly(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        found = [connection.execute(statement).fetchall() for statement in READ_PLAINLY]
    assert len(found[0]) == SESSIONS


def command(path: Path, *arguments: str) -> Round:
    """The milliseconds that a whole command takes."""
    program = [sys.executable, "-m", "cortex_tui", "snapshots", *arguments, "--store", str(path)]

    def once() -> float:
        start_ns = time.perf_counter_ns()
        subprocess.run(program, check=True, stdout=subprocess.DEVNULL)
        return (time.perf_counter_ns() - start_ns) / 1e6

    return once


def in_ms(round_ns: Round) -> Round:
    return lambda: round_ns() / 1e6


def main() -> None:
    measurements = Measurements("Listing 10,000 stored sessions.")
    count = measurements.rounds(quick=7, full=31)
    with tempfile.TemporaryDirectory(prefix=".library-", dir=".") as folder:
        path = Path(folder) / "snapshots.db"
        asyncio.run(make(path))
        fill(path)
        measurements.at_most(
            f"read {SESSIONS:,} sessions, over plain sqlite3",
            in_ms(timed(lambda: read_ours(path))),
            in_ms(timed(lambda: read_plainly(path))),
            unit="ms",
            goal=4.0,
            rounds=count,
        )
        for arguments in (("--all",), (), ("--all", "--profile", "repository.*-07")):
            cost = command(path, *arguments)
            cost()
            measurements.absolute(
                f"snapshots {' '.join(arguments)}".strip() + f" over {SESSIONS:,} sessions",
                median(cost() for _ in range(count)),
                unit="ms",
                goal=GOAL_MS,
            )
    measurements.exit()


if __name__ == "__main__":
    main()
