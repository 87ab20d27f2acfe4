"""Look-ups run on the event loop while they are quick, and wait for nothing there."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest

from cortex_core import StoreClosedError, StoreError
from cortex_core.sqlite import look_ups
from cortex_core.sqlite.database import Database
from cortex_core.sqlite.look_ups import AT_ONCE_MOST, IN_A_ROW


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine any look-up may take long: no test is to depend on that."""
    monkeypatch.setattr(look_ups, "QUICK_NS", 60_000_000_000)


@pytest.fixture
async def database(path: Path) -> AsyncIterator[Database]:
    opened = await Database.open(path)
    yield opened
    await opened.close()


def where(connection: sqlite3.Connection) -> int:
    """The thread that looks it up."""
    assert connection.execute("SELECT count(*) FROM conversations").fetchone() == (0,)
    return threading.get_ident()


async def ran_here(database: Database, run: Callable[[sqlite3.Connection], int] = where) -> bool:
    return await database.look_up(run) == threading.get_ident()


async def trust(database: Database) -> None:
    """Look up until it is done on the loop. Not a fixed number: a page may come from the disk."""
    for _ in range(100 * IN_A_ROW):
        if await ran_here(database):
            return
    raise AssertionError("the loop is never trusted with a look-up")


async def test_they_come_to_the_loop_once_they_were_quick(database: Database) -> None:
    assert not await ran_here(database)
    await trust(database)
    assert await ran_here(database)


async def test_many_at_once_go_to_the_thread(database: Database) -> None:
    await trust(database)
    few = await asyncio.gather(*(database.look_up(where) for _ in range(AT_ONCE_MOST)))
    assert set(few) == {threading.get_ident()}
    many = await asyncio.gather(*(database.look_up(where) for _ in range(AT_ONCE_MOST + 1)))
    assert threading.get_ident() not in many


async def test_a_slow_one_sends_the_next_ones_to_the_thread(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await trust(database)
    with monkeypatch.context() as limit:
        limit.setattr(look_ups, "QUICK_NS", 0)
        assert await ran_here(database)
    assert not await ran_here(database)
    await trust(database)


async def test_one_that_finds_the_file_locked_waits_for_it_on_the_thread(
    database: Database,
) -> None:
    def locked_on_the_loop(connection: sqlite3.Connection) -> int:
        if threading.current_thread() is threading.main_thread():
            raise sqlite3.OperationalError("database is locked")
        return where(connection)

    await trust(database)
    neighbour = database.look_up(where)
    assert not await ran_here(database, locked_on_the_loop)
    assert await neighbour == threading.get_ident()


async def test_what_it_raises_comes_out_and_leaves_its_neighbours_alone(
    database: Database,
) -> None:
    def fail(_: sqlite3.Connection) -> int:
        raise LookupError("not there")

    def stop(_: sqlite3.Connection) -> int:
        raise StopIteration

    await trust(database)
    failing, stopping, good = map(database.look_up, (fail, stop, where))
    with pytest.raises(LookupError):
        await failing
    with pytest.raises(RuntimeError, match="StopIteration"):
        await stopping
    assert await good == threading.get_ident()


async def test_it_cannot_write(database: Database) -> None:
    await trust(database)
    with pytest.raises(StoreError, match="readonly"):
        await database.look_up(lambda c: c.execute("DELETE FROM conversations").rowcount)


def set_version(version: int, connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA user_version = {version}")


async def test_it_sees_what_was_committed_before(database: Database) -> None:
    await trust(database)
    for version in range(50):
        await database.write(partial(set_version, version))
        found = await database.look_up(lambda c: c.execute("PRAGMA user_version").fetchone())
        assert found == (version,)


async def test_one_that_nobody_waits_for_any_more_is_not_run(database: Database) -> None:
    ran: list[int] = []
    await trust(database)
    task = asyncio.ensure_future(database.look_up(lambda c: ran.append(1)))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await ran_here(database)
    assert not ran


async def test_others_on_the_loop_have_their_turn_between(database: Database) -> None:
    await trust(database)
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    task = asyncio.create_task(other())
    for _ in range(50):
        await database.look_up(where)
    task.cancel()
    assert turns >= 50


@pytest.mark.parametrize("trusted", [True, False])
async def test_closing_finishes_what_was_accepted(path: Path, trusted: bool) -> None:
    database = await Database.open(path)
    if trusted:
        await trust(database)
    accepted = [asyncio.ensure_future(database.look_up(where)) for _ in range(3)]
    closing = asyncio.ensure_future(database.close())
    await asyncio.sleep(0)
    with pytest.raises(StoreClosedError):
        await database.look_up(where)
    await closing
    assert len(await asyncio.gather(*accepted)) == 3
    assert [p.name for p in path.parent.iterdir()] == [path.name]


async def test_in_memory_there_is_one_connection_for_all() -> None:
    database = await Database.open(":memory:")
    for _ in range(3 * IN_A_ROW):
        assert not await ran_here(database)
    await database.close()
