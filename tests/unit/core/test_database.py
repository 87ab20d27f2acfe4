import asyncio
import gc
import os
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cortex_core import (
    Conversation,
    ConversationCaptured,
    Cortex,
    ForeignFileError,
    NewerSchemaError,
    SearchContext,
    StoreClosedError,
    StoreDamagedError,
    StoreError,
)
from cortex_core.domain.rules import utc_now
from cortex_core.ports import Tx
from cortex_core.search import Check
from cortex_core.sqlite.database import Database
from cortex_core.sqlite.unit_queue import BATCH_MOST
from tests.patience import PATIENCE_S


@pytest.fixture
async def cortex(path: Path) -> AsyncIterator[Cortex]:
    async with Cortex.open(path) as opened:
        yield opened


def conversation(conversation_id: str) -> Conversation:
    return Conversation(id=conversation_id, title="t", content="Some content.", quality=0.8)


def capture(conversation_id: str, *, fails: bool = False) -> Callable[[Tx], str]:
    """A unit that saves and announces a conversation, and then perhaps fails."""

    def unit(tx: Tx) -> str:
        tx.conversations.save(conversation(conversation_id))
        tx.record(
            ConversationCaptured(
                occurred_at=utc_now(),
                conversation_id=conversation_id,
                namespace="workspace",
                quality=0.8,
                replaced=False,
            )
        )
        if fails:
            raise LookupError(conversation_id)
        return conversation_id

    return unit


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0


def open_and_close(path: Path) -> None:
    async def both() -> None:
        await (await Cortex.open(path)).close()

    asyncio.run(both())


def stored_ids(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {row[0] for row in connection.execute("SELECT id FROM conversations")}


async def test_one_failing_unit_leaves_its_neighbours_alone(cortex: Cortex) -> None:
    received: list[str] = []
    cortex.events.subscribe(ConversationCaptured, lambda e: received.append(e.conversation_id))
    units = [cortex.store.write(capture(str(n), fails=n % 3 == 0)) for n in range(12)]
    outcomes = await asyncio.gather(*units, return_exceptions=True)
    done = [str(n) for n in range(12) if n % 3]
    assert [o for o in outcomes if isinstance(o, str)] == done
    assert all(isinstance(o, LookupError) for n, o in enumerate(outcomes) if n % 3 == 0)
    assert received == done
    assert await cortex.conversations.count() == len(done)


async def test_writes_that_wait_share_a_transaction(path: Path) -> None:
    database = await Database.open(path)
    begun: list[str] = []
    started, go_on = threading.Event(), threading.Event()

    def slow(connection: sqlite3.Connection) -> None:
        connection.set_trace_callback(lambda sql: begun.append(sql))
        started.set()
        go_on.wait(PATIENCE_S)

    first = asyncio.ensure_future(database.write(slow))
    await asyncio.to_thread(started.wait, PATIENCE_S)
    others = [database.write(lambda c: c.execute("SELECT 1").fetchone()) for _ in range(300)]
    go_on.set()
    await asyncio.gather(first, *others)
    await database.close()
    assert begun.count("BEGIN IMMEDIATE") == -(-300 // BATCH_MOST)


async def test_a_unit_cancelled_while_it_waits_never_runs(cortex: Cortex) -> None:
    started, go_on = threading.Event(), threading.Event()

    def slow(tx: Tx) -> str:
        started.set()
        go_on.wait(PATIENCE_S)
        return capture("0")(tx)

    units = [asyncio.ensure_future(cortex.store.write(slow))]
    await asyncio.to_thread(started.wait, PATIENCE_S)
    units += [asyncio.ensure_future(cortex.store.write(capture(str(n)))) for n in (1, 2)]
    units[1].cancel()
    go_on.set()
    await asyncio.gather(*units, return_exceptions=True)
    assert await cortex.conversations.get("1") is None
    assert await cortex.conversations.count() == 2


async def test_a_unit_cancelled_after_it_started_completes_and_is_announced(
    cortex: Cortex,
) -> None:
    received: list[str] = []
    cortex.events.subscribe(ConversationCaptured, lambda e: received.append(e.conversation_id))
    started, go_on = threading.Event(), threading.Event()

    def slow(tx: Tx) -> str:
        started.set()
        go_on.wait(PATIENCE_S)
        return capture("slow")(tx)

    task = asyncio.ensure_future(cortex.store.write(slow))
    await asyncio.to_thread(started.wait, PATIENCE_S)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go_on.set()
    assert await cortex.store.write(capture("next")) == "next"
    assert received == ["slow", "next"]
    assert await cortex.conversations.get("slow") is not None


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.none() | st.integers(0, 12)), min_size=1, max_size=40))
def test_what_was_reported_done_is_what_is_stored(plan: list[tuple[bool, int | None]]) -> None:
    """Commands fail and are cancelled at random; outcome, events and store agree."""

    async def scenario() -> None:
        async with Cortex.open(":memory:") as cortex:
            received: list[str] = []
            cortex.events.subscribe(
                ConversationCaptured, lambda e: received.append(e.conversation_id)
            )

            async def command(number: int, fails: bool, cancel_after: int | None) -> object:
                unit = asyncio.ensure_future(cortex.store.write(capture(str(number), fails=fails)))
                if cancel_after is not None:
                    for _ in range(cancel_after):
                        await asyncio.sleep(0)
                    unit.cancel()
                return (await asyncio.gather(unit, return_exceptions=True))[0]

            outcomes = await asyncio.gather(
                *(command(n, fails, after) for n, (fails, after) in enumerate(plan))
            )
            await cortex.store.write(lambda tx: None)
            stored = {str(n) for n in range(len(plan)) if await cortex.conversations.get(str(n))}
            assert sorted(received) == sorted(stored)
            for number, (outcome, (fails, _)) in enumerate(zip(outcomes, plan, strict=True)):
                if isinstance(outcome, str):
                    assert str(number) in stored
                if fails:
                    assert str(number) not in stored
                    assert isinstance(outcome, LookupError | asyncio.CancelledError)

    asyncio.run(scenario())


async def test_a_unit_sees_its_own_writes_and_readers_only_what_is_committed(
    cortex: Cortex,
) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def unit(tx: Tx) -> int:
        tx.conversations.save(conversation("one"))
        inside.set()
        go_on.wait(PATIENCE_S)
        return tx.conversations.count()

    writing = asyncio.ensure_future(cortex.store.write(unit))
    await asyncio.to_thread(inside.wait, PATIENCE_S)
    assert await cortex.conversations.count() == 0
    go_on.set()
    assert await writing == 1
    assert await cortex.conversations.count() == 1


async def test_a_failing_read_leaves_its_neighbours_alone(cortex: Cortex) -> None:
    def fail(_: object) -> int:
        raise StopIteration

    good = asyncio.ensure_future(cortex.conversations.count())
    bad = asyncio.ensure_future(cortex.store.read(fail))
    also_good = asyncio.ensure_future(cortex.conversations.count())
    with pytest.raises(RuntimeError, match="StopIteration"):
        await bad
    assert (await good, await also_good) == (0, 0)


async def test_more_reads_than_fit_one_hop_all_come_back(cortex: Cortex) -> None:
    await cortex.conversations.save(conversation("one"))
    found = await asyncio.gather(*(cortex.conversations.get("one") for _ in range(500)))
    assert all(c is not None and c.id == "one" for c in found)


async def test_readers_cannot_write(path: Path) -> None:
    database = await Database.open(path)
    with pytest.raises(StoreError, match="readonly"):
        await database.read(lambda c: c.execute("DELETE FROM conversations") and None)
    await database.close()


@pytest.mark.parametrize("where", ["SQLite", "Python"])
async def test_a_cancelled_search_ends_and_the_next_one_runs(path: Path, where: str) -> None:
    database = await Database.open(path, search_timeout_s=60)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    started = threading.Event()

    def forever(connection: sqlite3.Connection, check: Check) -> object:
        started.set()
        if where == "SQLite":
            return connection.execute(endless).fetchall()
        while True:
            check()

    search = asyncio.ensure_future(database.search(forever))
    await asyncio.to_thread(started.wait, PATIENCE_S)
    search.cancel()
    with pytest.raises(asyncio.CancelledError):
        await search
    assert await database.search(lambda c, _: c.execute("SELECT 1").fetchone()) == (1,)
    await database.close()


@pytest.mark.parametrize("name", ["memory.db", ":memory:"])
def test_closing_leaves_no_thread_and_no_descriptor(tmp_path: Path, name: str) -> None:
    path = name if name == ":memory:" else str(tmp_path / name)

    async def use() -> tuple[int, int, int, int]:
        before = threading.active_count(), descriptors()
        for _ in range(5):
            async with Cortex.open(path) as cortex:
                writes = (cortex.conversations.save(conversation(str(n))) for n in range(10))
                await asyncio.gather(*writes, cortex.conversations.count())
                await asyncio.gather(*(cortex.send(SearchContext("some")) for _ in range(5)))
        return *before, threading.active_count(), descriptors()

    threads, files, threads_after, files_after = asyncio.run(use())
    assert (threads_after, files_after) == (threads, files)
    assert [p.name for p in tmp_path.iterdir()] in ([], ["memory.db"])


async def test_closing_finishes_what_was_accepted_and_refuses_the_rest(path: Path) -> None:
    cortex = await Cortex.open(path)
    accepted = [asyncio.ensure_future(cortex.store.write(capture(str(n)))) for n in range(300)]
    counted = asyncio.ensure_future(cortex.conversations.count())
    searched = asyncio.ensure_future(cortex.send(SearchContext("some")))
    await asyncio.sleep(0)
    closing_one = asyncio.ensure_future(cortex.close())
    await asyncio.sleep(0)
    with pytest.raises(StoreClosedError, match="closed"):
        await cortex.conversations.count()
    await closing_one
    await cortex.close()
    assert [await a for a in accepted] == [str(n) for n in range(300)]
    assert isinstance(await counted, int)
    assert (await searched).ok
    assert stored_ids(path) == {str(n) for n in range(300)}


async def test_a_cancelled_close_still_closes(path: Path) -> None:
    threads = threading.active_count()
    cortex = await Cortex.open(path)
    first = asyncio.ensure_future(cortex.close())
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await cortex.close()
    assert threading.active_count() == threads


async def test_another_event_loop_is_refused(cortex: Cortex) -> None:
    def from_another_loop() -> None:
        async def count() -> int:
            return await cortex.conversations.count()

        with pytest.raises(StoreError, match="another event loop"):
            asyncio.run(count())

    await asyncio.to_thread(from_another_loop)


def test_a_newer_file_is_refused_and_left_as_it_was(path: Path) -> None:
    open_and_close(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 999")
    before = path.read_bytes()
    with pytest.raises(NewerSchemaError, match=r"memory\.db.*version 999"):
        open_and_close(path)
    assert path.read_bytes() == before


def test_another_program_s_database_is_refused_and_left_as_it_was(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    before = path.read_bytes()
    with pytest.raises(ForeignFileError, match="another program"):
        open_and_close(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.write_text("not a database, but long enough to look at " * 50)
    threads = threading.active_count()
    with pytest.raises(StoreDamagedError, match="not a database"):
        open_and_close(path)
    assert threading.active_count() == threads


async def test_a_missing_folder_is_said_to_be_the_reason(tmp_path: Path) -> None:
    threads = threading.active_count()
    with pytest.raises(StoreError, match="cannot be opened"):
        await Cortex.open(tmp_path / "missing" / "memory.db")
    gc.collect()
    assert threading.active_count() == threads


async def test_full_synchronous_is_set_and_anything_else_refused(path: Path) -> None:
    database = await Database.open(path, synchronous="FULL")
    assert await database.write(lambda c: c.execute("PRAGMA synchronous").fetchone()) == (2,)
    await database.close()
    with pytest.raises(ValueError, match="synchronous"):
        await Database.open(path, synchronous="OFF")  # type: ignore[arg-type]
