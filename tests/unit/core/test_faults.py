"""Full disks, other processes, kills and forgotten closes: read it back afterwards."""

import asyncio
import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest

from cortex_core import (
    ContextItem,
    ConversationCaptured,
    Cortex,
    SearchContext,
    StoreBusyError,
    StoreError,
    StoreFullError,
)
from cortex_core.domain.rules import utc_now
from cortex_core.ports import Tx
from cortex_core.sqlite.database import Database
from cortex_core.sqlite.store import SqliteStore
from tests.unit.core.trouble import conversation, run, stored_ids


async def limited_store(path: Path, pages_more: int, published: list[str]) -> SqliteStore:
    """A store whose file may grow by that number of pages only."""
    database = await Database.open(path)

    def limit(connection: sqlite3.Connection) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + pages_more}").fetchone()

    await database.write(limit)
    return SqliteStore(
        database,
        lambda events: published.extend(
            e.conversation_id for e in events if isinstance(e, ConversationCaptured)
        ),
    )


async def test_on_a_full_disk_what_fits_is_kept_and_the_rest_fails(path: Path) -> None:
    published: list[str] = []
    store = await limited_store(path, 12, published)
    sizes = {str(n): 30_000 if n % 4 == 1 else 10 for n in range(12)}

    def save(name: str) -> object:
        def unit(tx: Tx) -> str:
            tx.conversations.save(conversation(name, sizes[name]))
            tx.record(
                ConversationCaptured(
                    occurred_at=utc_now(),
                    conversation_id=name,
                    namespace="workspace",
                    quality=0.8,
                    replaced=False,
                )
            )
            return name

        return store.write(unit)

    outcomes = await asyncio.gather(
        *(save(name) for name in sizes),  # type: ignore[call-overload]
        return_exceptions=True,
    )
    done = {o for o in outcomes if isinstance(o, str)}
    failed = [o for o in outcomes if not isinstance(o, str)]
    assert failed
    assert all(isinstance(o, StoreFullError) for o in failed)
    assert {name for name, size in sizes.items() if size == 10} <= done
    assert set(published) == done
    assert len(published) == len(done)
    await store.close()
    assert stored_ids(path) == done


@pytest.mark.parametrize("neighbours", [0, 1])
async def test_a_unit_that_catches_a_full_disk_is_undone_as_a_whole(
    path: Path, neighbours: int
) -> None:
    """SQLite undoes the whole transaction then: what came later would be kept alone."""
    store = await limited_store(path, 12, [])

    def item(name: str, size: int = 10) -> ContextItem:
        return ContextItem(id=name, content="x" * size, relevance=0.5)

    def unit(tx: Tx) -> None:
        tx.context_items.save(item("first"))
        with suppress(sqlite3.Error):
            tx.context_items.save(item("big", 900_000))
        tx.context_items.save(item("last"))

    outcome, *others = await asyncio.gather(
        store.write(unit),
        *(store.write(lambda tx: tx.context_items.save(item("other"))) for _ in range(neighbours)),
        return_exceptions=True,
    )
    kept = await store.read(
        lambda tx: [name for name in ("first", "last", "other") if tx.context_items.get(name)]
    )
    await store.close()
    assert isinstance(outcome, StoreError)
    assert others == [None] * neighbours
    assert kept == ["other"] * neighbours


async def test_a_failing_commit_is_tried_one_by_one(path: Path) -> None:
    """Deferred constraints fail at COMMIT, as a device may: nobody in particular is to blame."""
    database = await Database.open(path)

    def prepare(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        connection.execute(
            "CREATE TABLE child (id INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED)"
        )

    await database.write(prepare)
    runs: list[int] = []

    def child(number: int) -> object:
        def unit(connection: sqlite3.Connection) -> int:
            runs.append(number)
            if number != 2:
                connection.execute("INSERT INTO parent VALUES (?)", (number,))
            connection.execute("INSERT INTO child VALUES (?)", (number,))
            return number

        return database.write(unit)

    outcomes = await asyncio.gather(
        *(child(n) for n in range(4)),  # type: ignore[call-overload]
        return_exceptions=True,
    )
    assert [o if isinstance(o, int) else type(o) for o in outcomes] == [0, 1, StoreError, 3]
    assert runs == [0, 1, 2, 3, 0, 1, 2, 3]
    rows = await database.read(lambda c: c.execute("SELECT id FROM child").fetchall())
    assert rows == [(0,), (1,), (3,)]
    await database.close()


async def test_another_process_holding_the_file_makes_writers_fail_and_readers_not(
    path: Path,
) -> None:
    database = await Database.open(path, busy_timeout_s=0.02)
    store = SqliteStore(database, lambda events: None)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        writes = (store.write(lambda tx: tx.conversations.count()) for _ in range(50))
        outcomes = await asyncio.gather(*writes, return_exceptions=True)
        assert all(isinstance(o, StoreBusyError) for o in outcomes)
        assert await store.read(lambda tx: tx.conversations.count()) == 0
        other.execute("COMMIT")
    assert await store.write(lambda tx: tx.conversations.count()) == 0
    await store.close()


async def test_two_processes_can_open_a_new_file_at_once(path: Path) -> None:
    code = """
        import asyncio, sys
        from cortex_core import Conversation, Cortex
        async def main():
            async with Cortex.open(sys.argv[1]) as cortex:
                for n in range(20):
                    await cortex.conversations.save(
                        Conversation(id=f"{sys.argv[2]}-{n}", title="", content="c" * 20, quality=1)
                    )
        asyncio.run(main())
    """
    both = await asyncio.gather(
        *(asyncio.to_thread(run, code, str(path), name) for name in ("a", "b"))
    )
    assert [(done.returncode, done.stderr) for done in both] == [(0, ""), (0, "")]
    assert len(stored_ids(path)) == 40


WRITES_UNTIL_KILLED = """
    import asyncio, os, signal, sys
    from cortex_core import Conversation, Cortex

    async def main():
        cortex = await Cortex.open(sys.argv[1])
        done = 0

        async def writer(name):
            nonlocal done
            for n in range(10**6):
                key = f"{name}-{n}"
                await cortex.conversations.save(
                    Conversation(id=key, title="", content="c" * 650, quality=1)
                )
                os.write(1, f"{key}\\n".encode())
                done += 1
                if done == int(sys.argv[2]):
                    os.kill(os.getpid(), signal.SIGKILL)

        await asyncio.gather(*(writer(n) for n in range(32)))

    asyncio.run(main())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX signals")
@pytest.mark.parametrize("after", [1, 40, 333])
def test_killed_in_the_middle_of_a_batch_it_holds_all_that_was_reported(
    path: Path, after: int
) -> None:
    killed = run(WRITES_UNTIL_KILLED, str(path), str(after))
    assert killed.returncode == -9
    reported = set(killed.stdout.split())
    assert len(reported) == after
    stored = stored_ids(path)
    assert reported <= stored
    assert len(stored) <= after + 32


def test_after_a_kill_it_opens_and_goes_on(path: Path) -> None:
    run(WRITES_UNTIL_KILLED, str(path), "50")

    async def go_on() -> None:
        async with Cortex.open(path) as cortex:
            before = await cortex.conversations.count()
            await cortex.conversations.save(conversation("after the kill"))
            assert await cortex.conversations.count() == before + 1
            assert (await cortex.send(SearchContext("xx"))).ok

    asyncio.run(go_on())
