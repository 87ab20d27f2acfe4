"""Stores that this version has not written: those of the version before, and hostile ones."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from hdrh.histogram import HdrHistogram

from cortex_tui.results.stored import from_stored
from cortex_tui.session.scratch import Scratch
from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.port import Mode, open_store
from cortex_tui.store.sqlite import schema
from cortex_tui.store.sqlite.schema import VERSION
from tests.session_documents import session_document
from tests.unit.store import samples

DATA = Path(__file__).parent / "data"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "snapshots.db"


@pytest.mark.parametrize("mode", ["read", "write"])
async def test_a_store_of_the_first_version_opens_with_every_number(path: Path, mode: Mode) -> None:
    shutil.copy(DATA / "version-1.db", path)
    wanted = json.loads((DATA / "version-1.json").read_text())
    async with await open_store(path, mode) as store:
        (entry,) = await store.list_snapshots()
        (listed,) = await store.list_sessions()
        document = session_document(from_stored(await store.load("before")))
    assert (entry.name, entry.session, entry.note) == ("before", wanted["session"], "by 0.x")
    assert entry.profiles == listed.profiles
    assert listed.profiles == tuple(run["profile"] for run in wanted["runs"])
    assert listed.operations == sum(run["operations"] for run in wanted["runs"])
    for run, expected in zip(document["runs"], wanted["runs"], strict=True):
        times = {name: expected.pop(name) for name in ("service_p50", "max", "histogram")}
        assert {name: run[name] for name in expected} == expected
        found = run["service_ns"]
        assert (found["p50"], found["max"]) == (
            pytest.approx(times["service_p50"], rel=0.001),  # it had the upper edge of its bucket
            times["max"],
        )
        before, now = (
            HdrHistogram.decode(text) for text in (times["histogram"], found["histogram"])
        )
        assert bytes(now.counts) == bytes(before.counts)


async def test_an_older_store_is_written_in_the_newest_version(path: Path) -> None:
    shutil.copy(DATA / "version-1.db", path)
    async with await open_store(path) as store:
        await store.begin_session(samples.session())
        await store.write(samples.batch())
        assert len(await store.list_sessions()) == 2
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)


async def opened_and_closed(path: Path) -> None:
    async with await open_store(path) as store:
        await store.begin_session(samples.session())


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"


@pytest.mark.parametrize("mode", ["read", "write"])
@pytest.mark.parametrize(
    ("statements", "reason"),
    [
        (
            ("DROP TABLE session", f"CREATE VIEW session AS {ENDLESS}"),
            "view 'session'|table 'session'|index 'session_list'",
        ),
        (
            (
                "DROP TABLE log",
                f"CREATE VIEW log (session, number) AS SELECT i, i FROM ({ENDLESS})",
            ),
            "'log'",
        ),
        ((f"CREATE TRIGGER t AFTER INSERT ON log BEGIN {ENDLESS}; END",), "unknown trigger 't'"),
        (
            ("ALTER TABLE run ADD COLUMN more AS (replace(hex(zeroblob(9)), '0', record))",),
            "table 'run'",
        ),
        (("DROP TABLE interval",), "lacks the table 'interval'"),
        (("CREATE TABLE mine (id)",), "unknown table 'mine'"),
        (("CREATE INDEX i ON run (abs(operations))",), "unknown index 'i'"),
    ],
)
def test_a_file_with_other_tables_is_refused_before_it_is_read(
    path: Path, mode: Mode, statements: tuple[str, ...], reason: str
) -> None:
    asyncio.run(opened_and_closed(path))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)
    before = path.read_bytes()
    with pytest.raises(SnapshotError, match=f"({reason}).*changed by another program"):
        asyncio.run(open_store(path, mode))
    assert path.read_bytes() == before


async def test_nobody_else_may_read_what_is_stored(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        folder = tmp_path / "work" / ".cortex-tui"
        scratch = Scratch(folder)
        scratch.settle()
        scratch.make("s1")
        async with await open_store(folder / "snapshots.db") as store:
            await store.begin_session(samples.session())
            made = [folder, *folder.rglob("*")]
            modes = {str(each.relative_to(tmp_path)): stat.S_IMODE(each.stat().st_mode)
                     for each in made}  # fmt: skip
    finally:
        os.umask(before)
    assert "work/.cortex-tui/snapshots.db-wal" in modes
    private = {name: mode for name, mode in modes.items() if not name.endswith(".gitignore")}
    assert {name: oct(mode) for name, mode in private.items() if mode & 0o077} == {}


def test_a_folder_of_ours_that_was_open_to_others_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / ".cortex-tui"
    folder.mkdir()
    folder.chmod(0o777)
    asyncio.run(opened_and_closed(folder / "snapshots.db"))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_somebody_s_own_folder_keeps_its_permissions(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    asyncio.run(opened_and_closed(tmp_path / "snapshots.db"))
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def rows_of(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {
            name: sorted(connection.execute(f"SELECT * FROM {name}"), key=repr)
            for (name,) in tables.fetchall()
        }


@pytest.mark.parametrize("mode", ["read", "write"])
async def test_a_store_of_the_second_version_keeps_names_notes_and_tags(
    path: Path, mode: Mode
) -> None:
    shutil.copy(DATA / "version-2.db", path)
    before = rows_of(path)
    async with await open_store(path, mode) as store:
        sessions = {entry.id: entry for entry in await store.list_sessions()}
        names = {entry.name: entry for entry in await store.list_snapshots()}
        runs = await store.measured("search.steady")
        stored = await store.load("one-run")
    assert list(sessions) == ["2025-c", "2025-b", "2025-a"]
    first = sessions["2025-a"]
    assert first.names == ("again", "main")
    assert first.note == "before the index; the same"
    assert first.tags == ("ci", "fast", "night")
    assert first.revision == "1234567890abcdef1234567890abcdef12345678"
    assert (first.profiles, first.operations) == (("search.simple-text", "search.steady"), 200)
    assert (names["main"].note, names["main"].baseline) == (first.note, False)
    assert (names["one-run"].profiles, names["one-run"].operations) == (("search.steady",), 100)
    assert sessions["2025-c"].names == sessions["2025-c"].tags == ()
    assert [(run.session, run.run, run.facts) for run in runs] == [
        (session, 1, None) for session in ("2025-a", "2025-b", "2025-c")
    ]
    assert [run.run for run in stored.runs] == [1]
    if mode == "read":
        assert rows_of(path) == before


@pytest.mark.parametrize("version", [1, 2])
async def test_a_migration_that_fails_leaves_the_older_file_as_it_was(
    path: Path, version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(DATA / f"version-{version}.db", path)
    before = rows_of(path)
    whole = schema.MIGRATIONS
    cut = (*whole[:-1], (*whole[-1], "INSERT INTO nowhere VALUES (1)"))
    with monkeypatch.context() as patched:
        patched.setattr(schema, "MIGRATIONS", cut)
        with pytest.raises(SnapshotError, match="no such table: nowhere"):
            await open_store(path)
    assert rows_of(path) == before
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (version,)
    async with await open_store(path) as store:
        listed = await store.list_sessions()
    migrated = rows_of(path)
    async with await open_store(path) as store:
        assert await store.list_sessions() == listed
    assert rows_of(path) == migrated
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_processes_that_open_an_older_store_at_once_migrate_it_once(path: Path) -> None:
    shutil.copy(DATA / "version-2.db", path)

    async def all_open() -> list[int]:
        stores = await asyncio.gather(*(open_store(path) for _ in range(4)))
        counts = [len(await store.list_sessions()) for store in stores]
        await asyncio.gather(*(store.close() for store in stores))
        return counts

    assert asyncio.run(all_open()) == [3] * 4


@pytest.mark.parametrize("runs", ["'{'", "'[7]'", "x'00ff'", '\'{"0": [null, "x"]}\'', "7"])
async def test_a_damaged_list_of_runs_does_not_keep_an_older_store_from_opening(
    path: Path, runs: str
) -> None:
    shutil.copy(DATA / "version-2.db", path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"UPDATE headline SET runs = {runs}")
        connection.execute("UPDATE snapshot SET tags = 'no list'")
        connection.execute("UPDATE session SET record = 'no record' WHERE id = '2025-c'")
    async with await open_store(path, "read") as store:
        assert len(await store.list_sessions()) == 3
    async with await open_store(path) as store:
        assert len(await store.list_sessions()) == 3
        assert len((await store.load("main")).runs) == 2


@pytest.mark.parametrize("mode", ["read", "write"])
@pytest.mark.parametrize(
    ("good", "broken"),
    [
        # SQLite gives it back, and sqlite3 cannot decode it.
        (b"id TEXT PRIMARY KEY", b"id TEXT PRIMARY \xffEY"),
        # SQLite repeats it in an error of its own, which sqlite3 cannot decode.
        (b"CREATE TABLE session", b"CREATE TABLE\xcc\xccession"),
    ],
)
def test_text_that_is_not_utf_8_is_damage(
    path: Path, mode: Mode, good: bytes, broken: bytes
) -> None:
    data = (DATA / "version-1.db").read_bytes()
    assert good in data
    path.write_bytes(data.replace(good, broken, 1))
    with pytest.raises(SnapshotError, match=r"snapshots\.db: it is damaged: move it away"):
        asyncio.run(open_store(path, mode))


@pytest.mark.parametrize("record", ["[" * 100_000, '{"run": ' + "9" * 400 + "}", "9" * 5_000, ""])
async def test_a_record_of_anybodys_is_one_clear_error(path: Path, record: str) -> None:
    shutil.copy(DATA / "version-2.db", path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE run SET record = ?", (record,))
    async with await open_store(path, "read") as store:
        entry = (await store.list_sessions())[0]
        with pytest.raises(SnapshotError, match="remove it, or restore the file") as error:
            await store.load(entry.id)
    assert "\n" not in str(error.value)
