"""The log is written back during the writes, and starts afresh."""

import asyncio
import sqlite3
import time
from contextlib import closing
from functools import partial
from pathlib import Path

from cortex_core.sqlite.checkpoints import WRITER_PAGES
from cortex_core.sqlite.database import Database
from tests.patience import PATIENCE_S

_PAGES_A_WRITE = 20


def rounds_of_the_log(path: Path) -> int:
    """How often it was begun: the fourth number of its header, says SQLite's file format."""
    return int.from_bytes(Path(f"{path}-wal").read_bytes()[12:16], "big")


def bytes_of_the_log(path: Path) -> int:
    return Path(f"{path}-wal").stat().st_size


def write_pages(number: int, connection: sqlite3.Connection) -> None:
    connection.execute(
        "INSERT INTO context_items (id, namespace, relevance, tier, created_at_us, content) "
        "VALUES (?, 'team', 0.5, 0, 0, ?)",
        (str(number), "x" * (_PAGES_A_WRITE * 4096)),
    )


def leave_it_to_others(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA wal_autocheckpoint = 0")


async def write_until_the_log_begins_again(database: Database, first: int = 0) -> int:
    """How many writes it took, with those before."""
    before = rounds_of_the_log(Path(database.path))
    deadline_s = time.monotonic() + PATIENCE_S
    number = first
    while rounds_of_the_log(Path(database.path)) == before:
        assert time.monotonic() < deadline_s
        await database.write(partial(write_pages, number))
        number += 1
    return number


async def test_the_writer_need_not_do_it(path: Path) -> None:
    database = await Database.open(path)
    await database.write(leave_it_to_others)
    written = 0
    for _ in range(3):
        written = await write_until_the_log_begins_again(database, written)
    await database.close()
    with closing(sqlite3.connect(path)) as connection:
        stored = connection.execute("SELECT count(*) FROM context_items").fetchone()
        assert stored == (written,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_somebody_who_reads_for_long_only_puts_it_off(path: Path) -> None:
    database = await Database.open(path)
    await database.write(leave_it_to_others)
    with closing(sqlite3.connect(path)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM context_items").fetchone() == (0,)
        before = rounds_of_the_log(path)
        for number in range(400):
            await database.write(partial(write_pages, number))
        assert rounds_of_the_log(path) == before
        assert reader.execute("SELECT count(*) FROM context_items").fetchone() == (0,)
    await write_until_the_log_begins_again(database, 400)
    await database.close()


async def test_writes_that_change_nothing_do_not_put_it_off(path: Path) -> None:
    database = await Database.open(path)
    await database.write(leave_it_to_others)
    for _ in range(300):
        await database.write(lambda c: c.execute("DELETE FROM context_items").rowcount)
    assert await write_until_the_log_begins_again(database) < 2_000
    await database.close()


async def test_many_writes_at_once_do_not_put_it_off(path: Path) -> None:
    database = await Database.open(path)
    await database.write(leave_it_to_others)
    nothing = (database.write(lambda c: c.execute("SELECT 1").fetchone()) for _ in range(3_000))
    await asyncio.gather(*nothing)
    assert await write_until_the_log_begins_again(database) < 2_000
    await database.close()


async def test_a_writer_that_is_faster_waits(path: Path) -> None:
    database = await Database.open(path)
    longest = 0
    for number in range(1_000):
        await database.write(partial(write_pages, number))
        longest = max(longest, bytes_of_the_log(path))
    await database.close()
    assert longest < 2 * WRITER_PAGES * 4096


async def test_two_that_do_it_at_the_same_time_do_not_put_it_off(path: Path) -> None:
    databases = [await Database.open(path), await Database.open(path)]
    written = 0
    for _ in range(150):
        await asyncio.gather(
            *(d.write(partial(write_pages, written + n)) for n, d in enumerate(databases))
        )
        written += len(databases)
    for database in databases:
        await database.write(leave_it_to_others)
    assert await write_until_the_log_begins_again(databases[0], written) < written + 2_000
    for database in databases:
        await database.close()
