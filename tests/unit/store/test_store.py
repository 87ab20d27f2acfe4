"""A store gives back what was written, under the names that it was given."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import aiosqlite
import msgspec
import pytest

from cortex_tui.limits import MAX_STORED_LOG_LINES
from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.port import check_can_save
from cortex_tui.store.records import IntervalRecord, LogRecord, SessionBatch
from cortex_tui.store.sqlite.connection import open_for_reading, open_for_writing
from cortex_tui.store.sqlite.store import SqliteStore
from cortex_tui.store.writer import Writer, is_alive, this_process
from tests.fresh_python import loaded
from tests.patience import PATIENCE_S
from tests.unit.store import samples

GONE = Writer(2**22 - 3, "another boot:1")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".cortex-tui" / "snapshots.db"


async def test_what_was_written_is_loaded(path: Path) -> None:
    record, batch = samples.session(), samples.batch()
    async with await SqliteStore.open(path) as store:
        await store.begin_session(record)
        await store.write(batch)
        await store.name_snapshot("main", "s1", note="before the index", tags=("fast", "ci"))
        stored = await store.load("main")
    assert (stored.session, stored.state) == (record, "running")
    assert (stored.runs, stored.intervals, stored.log) == (batch.runs, batch.intervals, batch.log)
    assert stored.snapshot is not None
    assert (stored.snapshot.note, stored.snapshot.tags) == ("before the index", ("fast", "ci"))


async def test_nothing_is_asked_of_the_file_for_what_has_not_changed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    execute = aiosqlite.Connection.executemany

    def recorded(self: aiosqlite.Connection, sql: str, rows: Any) -> Any:
        asked.append(len(rows))
        return execute(self, sql, rows)

    async with await SqliteStore.open(path) as store:
        await store.begin_session(samples.session())
        monkeypatch.setattr(aiosqlite.Connection, "executemany", recorded)
        await store.write(samples.batch())
        await store.write(SessionBatch(session="s1"))
        await store.write(SessionBatch(session="s1", rewritten=(0,)))
        stored = await store.load("s1")
    assert asked
    assert 0 not in asked
    assert {each.run for each in stored.intervals} == {1}


async def test_what_is_known_since_later_versions_may_be_missing(path: Path) -> None:
    async with await SqliteStore.open(path) as store:
        await store.begin_session(samples.session(clock_cost_ns=40.0, rounds=2))
        await store.write(samples.batch())
        newest = await store.load("s1")
    later = {
        "session": ("rounds", "clock_cost_ns", "await_cost_ns"),
        "run": ("round", "batch", "level", "marks", "warmup_ns", "confidence_ns", "slowest"),
    }
    with sqlite3.connect(path) as connection:
        for table, fields in later.items():
            keys = ", ".join(f"'$.{field}'" for field in fields)
            connection.execute(f"UPDATE {table} SET record = json_remove(record, {keys})")
        connection.execute("UPDATE interval SET facts = json_remove(facts, '$.level')")
    connection.close()
    async with await SqliteStore.open_for_reading(path) as store:
        older = await store.load("s1")
    assert (older.session.rounds, older.session.clock_cost_ns) == (1, 0.0)
    assert {(run.round, run.batch, run.marks, run.slowest) for run in older.runs} == {
        (1, 1, (), "")
    }
    assert {interval.level for interval in older.intervals} == {None}
    assert [run.service for run in older.runs] == [run.service for run in newest.runs]


async def test_operations_of_a_batched_run_are_those_of_all_its_batches(path: Path) -> None:
    batch = samples.batch(runs=1, count=4)
    runs = (msgspec.structs.replace(batch.runs[0], batch=1_000),)
    async with await SqliteStore.open(path) as store:
        await store.begin_session(samples.session())
        await store.write(msgspec.structs.replace(batch, runs=runs))
        (entry,) = await store.list_sessions()
    assert entry.operations == 200 * 1_000


async def test_the_folder_of_its_own_is_kept_out_of_version_control(path: Path) -> None:
    await (await SqliteStore.open(path)).close()
    assert (path.parent / ".gitignore").read_text() == "*\n"


async def test_somebody_s_folder_gets_no_gitignore(tmp_path: Path) -> None:
    await (await SqliteStore.open(tmp_path / "results" / "mine.db")).close()
    assert not (tmp_path / "results" / ".gitignore").exists()


async def test_a_batch_written_twice_is_there_once(path: Path) -> None:
    async with await SqliteStore.open(path) as store:
        await store.begin_session(samples.session())
        await store.write(samples.batch())
        once = await store.load("s1")
        await store.begin_session(samples.session())
        await store.write(samples.batch())
        assert await store.load("s1") == once


async def test_later_batches_add_and_replace(path: Path) -> None:
    first, later = samples.batch(count=2), samples.batch(count=4)
    async with await SqliteStore.open(path) as store:
        await store.begin_session(samples.session())
        await store.write(first)
        new = tuple(i for i in later.intervals if i.first >= 2)
        await store.write(msgspec.structs.replace(later, intervals=new))
        stored = await store.load("s1")
    assert (stored.runs, stored.intervals) == (later.runs, later.intervals)


async def test_intervals_merged_in_pairs_replace_those_of_their_run_alone(path: Path) -> None:
    wide = IntervalRecord(run=0, first=0, length=4, service=samples.encoded([1, 2]))
    async with await SqliteStore.open(path) as store:
        await store.begin_session(samples.session())
        await store.write(samples.batch())
        await store.write(SessionBatch(session="s1", rewritten=(0,), intervals=(wide,)))
        intervals = (await store.load("s1")).intervals
    assert [i for i in intervals if i.run == 0] == [wide]
    assert [i.first for i in intervals if i.run == 1] == [0, 1, 2, 3]


async def test_an_interval_takes_the_place_of_those_within_it(path: Path) -> None:
    wide = [
        IntervalRecord(run=0, first=first, length=2, service=samples.encoded([first]))
        for first in (0, 2)
    ]
    async with await SqliteStore.open(path) as store:
        await store.begin_session(samples.session())
        await store.write(samples.batch(count=6))
        batch = SessionBatch(session="s1", intervals=wide)
        for _ in range(2):
            await store.write(batch)
            intervals = (await store.load("s1")).intervals
            assert [i for i in intervals if i.run == 0][:2] == wide
            found = [(i.run, i.first, i.length) for i in intervals]
            rest = [(0, 4, 1), (0, 5, 1), *((1, first, 1) for first in range(6))]
            assert found == [(0, 0, 2), (0, 2, 2), *rest]


async def test_one_run_can_be_saved_alone(path: Path) -> None:
    async with await SqliteStore.open(path) as store:
        await store.begin_session(samples.session())
        await store.write(samples.batch())
        await store.name_snapshot("steady", "s1", run=1)
        stored = await store.load("steady")
        (entry,) = await store.list_snapshots()
    assert [run.profile.full_name for run in stored.runs] == ["search.steady"]
    assert {interval.run for interval in stored.intervals} == {1}
    assert (entry.run, entry.profiles, entry.operations) == (1, ("search.steady",), 200)


async def test_lists_name_sessions_saved_or_not_and_what_became_of_them(path: Path) -> None:
    async with await SqliteStore.open(path) as store:
        for name, day, writer in (
            ("a", 1, this_process()),
            ("b", 2, GONE),
            ("c", 3, GONE),
            ("d", 4, GONE),
        ):
            started = f"2025-01-0{day}T00:00:00Z"
            await store.begin_session(samples.session(name, started_at=started, writer=writer))
            await store.write(samples.batch(name))
        await store.finish_session("c", "finished")
        await store.finish_session("d", "stopped")
        await store.name_snapshot("main", "b")
        sessions = await store.list_sessions()
        (snapshot,) = await store.list_snapshots()
    assert [(s.id, s.state, s.names) for s in sessions] == [
        ("d", "stopped", ()),
        ("c", "finished", ()),
        ("b", "interrupted", ("main",)),
        ("a", "running", ()),
    ]
    assert sessions[0].profiles == ("search.simple-text", "search.steady")
    assert sessions[0].operations == 400
    assert (snapshot.name, snapshot.session, snapshot.state) == ("main", "b", "interrupted")


async def test_a_session_is_found_by_the_start_of_its_id(path: Path) -> None:
    async with await SqliteStore.open(path) as store:
        for name in ("2025-ab", "2025-cd"):
            await store.begin_session(samples.session(name))
        assert (await store.load("2025-c")).session.id == "2025-cd"
        with pytest.raises(SnapshotError, match=r"start of several sessions \(2025-ab, 2025-cd\)"):
            await store.load("2025")
        with pytest.raises(SnapshotError, match="no snapshot or session ''"):
            await store.load("")


async def test_an_unknown_name_is_answered_with_the_nearest(path: Path) -> None:
    async with await SqliteStore.open(path) as store:
        await store.begin_session(samples.session())
        await store.name_snapshot("before-index", "s1")
        with pytest.raises(SnapshotError, match='did you mean "before-index"'):
            await store.load("before_index")
        with pytest.raises(SnapshotError, match='did you mean "before-index"'):
            await store.load("INDEX")
        with pytest.raises(SnapshotError, match='did you mean "newest"'):
            await store.load("newst")
        with pytest.raises(SnapshotError, match=r"`cortex-tui snapshots --store .*` lists"):
            await store.remove("quite else")


async def test_a_name_is_given_once(path: Path) -> None:
    async with await SqliteStore.open(path) as store:
        await store.begin_session(samples.session())
        await store.name_snapshot("main", "s1")
        with pytest.raises(
            SnapshotError, match=r"'main' is taken .* `cortex-tui rm main --store .*`"
        ) as refused:
            await store.name_snapshot("main", "s1")
        assert not refused.value.retryable
        assert len(await store.list_snapshots()) == 1


@pytest.mark.parametrize("name", ["", " main", "two\nlines", "-rf", "\x1b[31m", "x" * 101])
async def test_a_name_must_be_one_that_can_be_typed(path: Path, name: str) -> None:
    async with await SqliteStore.open(path) as store:
        await store.begin_session(samples.session())
        with pytest.raises(SnapshotError, match="name of a snapshot"):
            await store.name_snapshot(name, "s1")


async def test_only_what_is_stored_can_be_named_or_written_to(path: Path) -> None:
    async with await SqliteStore.open(path) as store:
        with pytest.raises(SnapshotError, match="session s1 is not stored"):
            await store.name_snapshot("main", "s1")
        with pytest.raises(SnapshotError, match="session s1 is not stored"):
            await store.write(samples.batch())
        await store.begin_session(samples.session())
        with pytest.raises(SnapshotError, match="session s1 has no run 7"):
            await store.name_snapshot("main", "s1", run=7)


async def test_a_session_goes_with_its_last_name(path: Path) -> None:
    async with await SqliteStore.open(path) as store:
        await store.begin_session(samples.session())
        await store.write(samples.batch())
        await store.finish_session("s1", "finished")
        await store.name_snapshot("one", "s1")
        await store.name_snapshot("two", "s1", run=0)
        await store.remove("one")
        assert (await store.load("two")).intervals
        await store.remove("two")
        assert await store.list_sessions() == []


async def test_a_session_that_goes_on_outlives_its_name(path: Path) -> None:
    async with await SqliteStore.open(path) as store:
        await store.begin_session(samples.session())
        await store.name_snapshot("one", "s1")
        await store.remove("one")
        assert [s.id for s in await store.list_sessions()] == ["s1"]


async def test_the_oldest_unsaved_sessions_are_pruned(path: Path) -> None:
    async with await SqliteStore.open(path) as store:
        for number in range(6):
            started = f"2025-01-0{number + 1}T00:00:00Z"
            writer = this_process() if number == 0 else GONE
            await store.begin_session(
                samples.session(f"s{number}", started_at=started, writer=writer)
            )
        await store.name_snapshot("saved", "s1")
        assert await store.prune_unsaved(keep=2) == 2
        left = [s.id for s in await store.list_sessions()]
        assert left == ["s5", "s4", "s1", "s0"]
        assert await store.prune_unsaved() == 0
        assert await store.prune_unsaved(keep=1, needed=["s4"]) == 0
        assert await store.prune_unsaved(keep=1) == 1


async def test_only_the_newest_log_lines_are_kept(path: Path) -> None:
    lines = tuple(
        LogRecord(n, 0, "stdout", f"{n} " + "x" * 9_000, n)
        for n in range(MAX_STORED_LOG_LINES + 50)
    )
    async with await SqliteStore.open(path) as store:
        await store.begin_session(samples.session())
        for at in range(0, len(lines), 500):
            await store.write(SessionBatch(session="s1", log=lines[at : at + 500]))
        log = (await store.load("s1")).log
    assert [line.number for line in log] == list(range(50, MAX_STORED_LOG_LINES + 50))
    assert [line.offset_ns for line in log] == list(range(50, MAX_STORED_LOG_LINES + 50))
    assert max(len(line.text) for line in log) < 5_000


async def test_calls_made_together_do_not_mix(path: Path) -> None:
    async with await SqliteStore.open(path) as store:
        await store.begin_session(samples.session())
        await asyncio.gather(
            *(store.write(samples.batch()) for _ in range(5)),
            *(store.name_snapshot(f"n{number}", "s1") for number in range(5)),
            *(store.list_snapshots() for _ in range(5)),
        )
        assert len(await store.list_snapshots()) == 5


async def test_a_cancelled_call_leaves_the_store_usable(path: Path) -> None:
    async with await SqliteStore.open(path) as store:
        await store.begin_session(samples.session())
        for turns in range(12):
            task = asyncio.create_task(store.write(samples.batch()))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await store.write(samples.batch())
        assert len((await store.load("s1")).intervals) == 8


def test_a_store_whose_opening_is_cancelled_leaves_no_thread_to_a_closed_loop(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect, opening, may_open = sqlite3.connect, threading.Event(), threading.Event()

    def slow(*arguments: Any, **options: Any) -> sqlite3.Connection:
        opening.set()
        assert may_open.wait(PATIENCE_S)
        opened: sqlite3.Connection = connect(*arguments, **options)
        return opened

    async def leave() -> None:
        task = asyncio.create_task(SqliteStore.open(path))
        await asyncio.to_thread(opening.wait)
        task.cancel()
        # By a thread: if the loop were closed before that, the connection's would report to it.
        threading.Timer(0.05, may_open.set).start()
        await asyncio.gather(task, return_exceptions=True)
        assert may_open.is_set()

    monkeypatch.setattr(sqlite3, "connect", slow)
    threads = threading.active_count()
    asyncio.run(leave())
    assert threading.active_count() <= threads + 1  # the timer may just end


async def test_several_processes_may_make_and_use_the_same_store(path: Path) -> None:
    stores = await asyncio.gather(*(SqliteStore.open(path) for _ in range(4)))
    for number, store in enumerate(stores):
        await store.begin_session(samples.session(f"s{number}"))
    assert len(await stores[0].list_sessions()) == 4
    await asyncio.gather(*(store.close() for store in stores))


OPENS_WHEN_ASKED = """
import asyncio, sys
from pathlib import Path
from cortex_tui.store.sqlite.store import SqliteStore

async def main():
    async with await SqliteStore.open(Path(sys.argv[1])) as store:
        assert await store.list_sessions() == []

print("ready", flush=True)
sys.stdin.readline()
asyncio.run(main())
"""


def test_processes_that_make_the_same_store_at_once_all_get_it(path: Path) -> None:
    command = [sys.executable, "-c", OPENS_WHEN_ASKED, str(path)]
    pipe = subprocess.PIPE
    children = [subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) for _ in range(4)]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write(b"\n")
        child.stdin.flush()
    assert [child.communicate()[1].decode() for child in children] == [""] * 4


async def test_an_open_store_keeps_little_of_its_file_in_memory(path: Path) -> None:
    writer = await open_for_writing(path)
    reader, _ = await open_for_reading(path)
    assert reader is not None
    try:
        for each in (writer, reader):
            ((size,),) = await each.execute_fetchall("PRAGMA cache_size")
            assert -1_000 <= size < 0, "below zero it is kB, above it is pages"
    finally:
        await reader.close()
        await writer.close()


async def test_a_closed_store_says_so(path: Path) -> None:
    store = await SqliteStore.open(path)
    await store.close()
    await store.close()
    with pytest.raises(SnapshotError, match="is not open"):
        await store.list_snapshots()


def test_whether_a_name_can_be_saved_is_known_before_anything_runs(path: Path) -> None:
    async def save() -> None:
        async with await SqliteStore.open(path) as store:
            await store.begin_session(samples.session())
            await store.name_snapshot("main", "s1")

    check_can_save(path, "main")
    asyncio.run(save())
    with pytest.raises(SnapshotError, match="'main' is taken"):
        check_can_save(path, "main")
    with pytest.raises(SnapshotError, match="cannot be the name"):
        check_can_save(path, "")


def test_a_process_differs_from_a_later_one_of_the_same_number() -> None:
    assert is_alive(this_process())
    assert not is_alive(Writer(this_process().pid, "another boot:1"))
    assert not is_alive(Writer(0))
    with subprocess.Popen([sys.executable, "-c", "pass"]) as child:
        child.wait()
        assert not is_alive(Writer(child.pid))


def test_listing_needs_neither_numpy_nor_textual() -> None:
    assert not loaded("import cortex_tui.store.sqlite.store", ("numpy", "textual", "hdrh"))
