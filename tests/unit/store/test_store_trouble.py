"""Nothing that was saved is lost, and every trouble is said in one line."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cortex_tui.paths import APPLICATION_ID
from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.library import NoiseRecord
from cortex_tui.store.sqlite.connection import open_for_writing
from cortex_tui.store.sqlite.schema import VERSION
from cortex_tui.store.sqlite.store import SqliteStore
from tests.fresh_python import unmeasured
from tests.unit.store import samples

ROOT = Path(__file__).parents[3]

WRITES_FOREVER = """
import asyncio, sys
from pathlib import Path
from cortex_tui.store.records import SessionBatch
from cortex_tui.store.sqlite.store import SqliteStore
from tests.unit.store import samples

async def main():
    store = await SqliteStore.open(Path(sys.argv[1]))
    await store.begin_session(samples.session(sys.argv[2]))
    whole = samples.batch(runs=1, count=1_000)
    for interval in whole.intervals:
        batch = SessionBatch(session=sys.argv[2], runs=whole.runs, intervals=(interval,))
        await store.write(batch)
        print(interval.first, flush=True)

asyncio.run(main())
"""

READS_AS_A_STRANGER = """
import asyncio, os, sys
from pathlib import Path
from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.library import NoiseRecord
from cortex_tui.store.sqlite.store import SqliteStore

if os.geteuid() == 0:  # whom permissions do not stop
    os.setuid(65534)

async def main():
    path = Path(sys.argv[1])
    async with await SqliteStore.open_for_reading(path) as store:
        names = [entry.name for entry in await store.list_snapshots()]
        print(names, len((await store.load("main")).intervals), store.notice)
    try:
        store = await SqliteStore.open(path)
    except SnapshotError as error:
        print(error, error.retryable)
    else:
        await store.close()

asyncio.run(main())
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "snapshots.db"


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that another user may enter: pytest's own are private."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


async def filled(path: Path) -> None:
    async with await SqliteStore.open(path) as store:
        await store.begin_session(samples.session())
        await store.write(samples.batch())
        await store.name_snapshot("main", "s1")


def content(path: Path) -> bytes:
    return path.read_bytes()


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def write(path: Path, text: str) -> None:
    path.write_text(text)


def changed(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def write_and_kill(path: Path, session: str) -> int:
    """Kills a process while it writes intervals; returns the last that it knew to be committed."""
    command = [sys.executable, "-c", WRITES_FOREVER, str(path), session]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        assert child.stdout is not None
        committed = [int(child.stdout.readline()) for _ in range(40)]
        child.kill()
        return max([*committed, *(int(line) for line in child.stdout)])


def test_a_kill_loses_at_most_what_was_not_committed(path: Path) -> None:
    committed = write_and_kill(path, "s1")

    async def read() -> None:
        async with await SqliteStore.open_for_reading(path) as store:
            stored = await store.load("s1")
            assert stored.state == "interrupted"
            kept = [interval.first for interval in stored.intervals]
            assert kept == list(range(len(kept)))
            assert committed <= kept[-1] <= committed + 1
            assert len(stored.runs) == 1

    asyncio.run(read())


def read_as_a_stranger(path: Path) -> list[str]:
    """The lines of READS_AS_A_STRANGER, run by a user whom permissions stop."""
    command = [sys.executable, "-c", READS_AS_A_STRANGER, str(path)]
    # The stranger may not write into the folder of a measured suite.
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd="/", env=unmeasured()
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


@pytest.mark.parametrize(("file_mode", "folder_mode"), [(0o444, 0o755), (0o666, 0o555)])
@pytest.mark.parametrize("killed", [False, True])
def test_a_read_only_store_is_read_and_says_why_it_cannot_be_written(
    public: Path, file_mode: int, folder_mode: int, killed: bool
) -> None:
    path = public / "snapshots.db"
    asyncio.run(filled(path))
    if killed:
        write_and_kill(path, "s2")
        assert {p.name for p in public.iterdir()} >= {"snapshots.db-wal", "snapshots.db-shm"}
        file_mode = 0o444
    for file in public.iterdir():
        file.chmod(file_mode)
    public.chmod(folder_mode)
    read, refused = read_as_a_stranger(path)
    assert read == "['main'] 8 "
    assert refused == f"{path}: it is read-only: allow writing, or use another --store True"


@pytest.mark.parametrize("mode", [0o555, 0o755, 0o500])
def test_a_folder_is_closed_to_others_and_its_owner_keeps_what_was_allowed(
    public: Path, mode: int
) -> None:
    path = public / ".cortex-tui" / "snapshots.db"
    asyncio.run(filled(path))
    ours = [public, path.parent, *path.parent.iterdir()]
    if os.geteuid() == 0:  # whom permissions do not stop
        for file in ours:
            os.chown(file, 65534, 65534)
    path.parent.chmod(mode)
    read, *refused = read_as_a_stranger(path)
    assert read == "['main'] 8 "
    assert path.parent.stat().st_mode & 0o777 == mode & 0o700
    read_only = f"{path}: it is read-only: allow writing, or use another --store True"
    assert refused == ([] if mode & 0o200 else [read_only])
    path.parent.chmod(0o700)


def test_a_read_only_store_whose_log_cannot_be_read_says_what_is_missing(public: Path) -> None:
    path = public / "snapshots.db"
    asyncio.run(filled(path))
    write_and_kill(path, "s2")
    (public / "snapshots.db-shm").unlink()
    for file in public.iterdir():
        file.chmod(0o444)
    public.chmod(0o555)
    read, _ = read_as_a_stranger(path)
    assert read == (
        f"['main'] 8 {path}: read without its newest changes, which are in snapshots.db-wal"
    )


async def test_a_missing_or_empty_store_reads_as_empty_and_nothing_is_made(tmp_path: Path) -> None:
    for path in (tmp_path / "no" / "such.db", tmp_path / "empty.db"):
        if path.name == "empty.db":
            path.touch()
        async with await SqliteStore.open_for_reading(path) as store:
            assert (await store.list_snapshots(), await store.list_sessions()) == ([], [])
            with pytest.raises(SnapshotError, match="the store is empty, so it has no 'main'"):
                await store.load("main")
            with pytest.raises(SnapshotError, match="opened for reading only"):
                await store.begin_session(samples.session())
    assert files(tmp_path) == {"empty.db": b""}


async def test_a_full_disk_refuses_the_batch_and_takes_it_later(path: Path) -> None:
    await filled(path)
    connection = await open_for_writing(path)
    async with SqliteStore(path, connection, writable=True, notice="") as store:
        before = await store.load("main")
        await connection.execute("PRAGMA max_page_count = 1")
        with pytest.raises(SnapshotError, match="the disk is full: free some space") as refused:
            await store.write(samples.batch(count=200))
        assert refused.value.retryable
        assert await store.load("main") == before
        await connection.execute("PRAGMA max_page_count = 1000000")
        await store.write(samples.batch(count=200))
        assert len((await store.load("main")).intervals) == 400


async def test_a_locked_store_can_be_tried_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cortex_tui.store.sqlite.connection.BUSY_SECONDS", 0.0)
    await filled(path)
    async with await SqliteStore.open(path) as store:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(SnapshotError, match="another process keeps it locked") as refused:
                await store.write(samples.batch())
            assert refused.value.retryable
            assert len(await store.list_snapshots()) == 1
        await store.write(samples.batch())


async def test_a_store_deleted_under_a_session_is_made_anew_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / ".cortex-tui" / "snapshots.db"
    async with await SqliteStore.open(path) as store:
        await store.begin_session(samples.session())
        await store.write(samples.batch())
        shutil.rmtree(path.parent)
        with pytest.raises(SnapshotError, match="was moved or deleted while in use") as refused:
            await store.write(samples.batch())
        assert refused.value.retryable
        await store.begin_session(samples.session())
        await store.write(samples.batch())
    async with await SqliteStore.open_for_reading(path) as store:
        assert len((await store.load("s1")).intervals) == 8


async def test_a_store_that_cannot_be_made_anew_is_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "snapshots.db"
    async with await SqliteStore.open(path) as store:
        path.parent.rename(tmp_path / "moved")
        write(path.parent, "in the way")
        for _ in range(2):
            with pytest.raises(SnapshotError, match="a file is in the way") as refused:
                await store.begin_session(samples.session())
            assert refused.value.retryable
        path.parent.unlink()
        with pytest.raises(SnapshotError, match="made anew"):
            await store.begin_session(samples.session())
        await store.begin_session(samples.session())


async def test_a_newer_store_is_refused_unharmed(path: Path) -> None:
    await filled(path)
    changed(path, f"PRAGMA user_version = {VERSION + 1}", "PRAGMA wal_checkpoint(TRUNCATE)")
    before = content(path)
    for opening in (SqliteStore.open, SqliteStore.open_for_reading):
        with pytest.raises(SnapshotError, match=r"newer cortex-tui .*: upgrade cortex-tui"):
            await opening(path)
    assert content(path) == before


async def test_the_database_of_another_program_is_refused_unharmed(path: Path) -> None:
    changed(path, "CREATE TABLE precious (x)")
    before = content(path)
    for opening in (SqliteStore.open, SqliteStore.open_for_reading):
        with pytest.raises(SnapshotError, match="a database of another program"):
            await opening(path)
    assert content(path) == before


async def test_what_is_no_database_or_no_file_is_refused(path: Path, tmp_path: Path) -> None:
    notes = "just some notes, but longer than the header of a database " * 20
    write(path, notes)
    for opening in (SqliteStore.open, SqliteStore.open_for_reading):
        with pytest.raises(SnapshotError, match="it is no SQLite database"):
            await opening(path)
        with pytest.raises(SnapshotError, match="it is a folder"):
            await opening(tmp_path)
    with pytest.raises(SnapshotError, match="a file is in the way"):
        await SqliteStore.open(path / "below" / "a.db")
    assert content(path) == notes.encode()


async def test_a_migration_cut_short_is_done_again(path: Path) -> None:
    changed(path, f"PRAGMA application_id = {APPLICATION_ID}")
    await filled(path)
    async with await SqliteStore.open_for_reading(path) as store:
        assert len(await store.list_snapshots()) == 1


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ('UPDATE run SET record = \'{"run": "x"}\'', "a run of session s1 cannot be read"),
        (
            "UPDATE run SET record = 7",
            "a run of session s1 cannot be read: Expected `object`, got `int`",
        ),
        (
            "UPDATE run SET record = x'00ff'",
            "a run of session s1 cannot be read: expected text, found bytes",
        ),
        ("UPDATE run SET record = zeroblob(20000000)", "bytes in one run .expected at most"),
        ("UPDATE interval SET facts = 'x'", "interval 0 of run 0 of session s1 cannot be read"),
        ("UPDATE interval SET facts = '{}'", "its service histogram is not whole"),
        ("UPDATE interval SET service = NULL", "its service histogram is not whole"),
        ("UPDATE interval SET service = 'text'", "its service histogram is not whole"),
        ("UPDATE interval SET service = zeroblob(1000000)", "bytes in one interval"),
        ("UPDATE interval SET first = 'a' WHERE first = 0", "its place is no number"),
        ("UPDATE log SET text = x'ff'", "a log line of session s1 cannot be read"),
        ("UPDATE session SET record = '[]'", "session s1 cannot be read"),
    ],
)
async def test_a_damaged_row_is_refused_in_words(path: Path, statement: str, reason: str) -> None:
    await filled(path)
    changed(path, statement)
    async with await SqliteStore.open(path) as store:
        with pytest.raises(SnapshotError, match=reason) as refused:
            await store.load("main")
        assert str(path) in str(refused.value)
        assert not refused.value.retryable


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("'x'", "the noise of k1 cannot be read: JSON is malformed"),
        ("""'{"name": "s.p", "sessions": "x"}'""", "the noise of s.p cannot be read: "),
        ("x'00ff'", "the noise of k1 cannot be read: "),
        ("CAST(x'22ff22' AS TEXT)", "the noise of k1 cannot be read: "),
        ("7", "the noise of k1 cannot be read: Expected `object`"),
    ],
)
async def test_noise_that_cannot_be_read_keeps_nobody_from_the_others(
    path: Path, record: str, reason: str
) -> None:
    good = NoiseRecord(profile="k2", machine="m", name="s.q", deviations={"p95": 0.1}, sessions=6)
    async with await SqliteStore.open(path) as store:
        await store.put_noise([NoiseRecord(profile="k1", machine="m", name="s.p"), good])
    changed(path, f"UPDATE noise SET record = {record} WHERE profile = 'k1'")
    async with await SqliteStore.open(path) as store:
        bad, other = await store.noise()
        assert (bad.profile, bad.sessions, other) == ("k1", 0, good)
        assert bad.unreadable.startswith(f"{path}: {reason}")
        await store.put_noise([NoiseRecord(profile="k1", machine="m", name="s.p")])
        assert not any(each.unreadable for each in await store.noise())


async def test_what_is_damaged_is_listed_and_can_be_removed(path: Path) -> None:
    await filled(path)
    changed(path, "UPDATE session SET record = '[]'", "UPDATE overview SET tags = '[1]'")
    async with await SqliteStore.open(path) as store:
        assert [entry.name for entry in await store.list_snapshots()] == ["main"]
        await store.remove("main")
        assert await store.list_sessions() == []
