"""Full disks, other processes, kills and forgotten closes: read it back afterwards."""

import asyncio
import os
import sqlite3
import subprocess
import sys
import textwrap
import threading
from contextlib import closing
from pathlib import Path

import pytest

from cortex_core import (
    Conversation,
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


def conversation(name: str, size: int = 100) -> Conversation:
    return Conversation(id=name, title="t", content="x" * size, quality=0.8)


def stored_ids(path: Path) -> set[str]:
    """What another process would find, after checking that the file is whole."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.execute(
            "INSERT INTO conversations_text (conversations_text) VALUES ('integrity-check')"
        )
        return {row[0] for row in connection.execute("SELECT id FROM conversations")}


def run(code: str, *arguments: str, timeout_s: float = 30) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


async def limited_store(path: Path, pages_more: int, published: list[str]) -> SqliteStore:
    """A store whose file may grow by so many pages only."""
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


FORGOTTEN = {
    "at the end of main": """
        async def main():
            cortex = await Cortex.open(sys.argv[1])
            await cortex.conversations.save(one)
        asyncio.run(main())
    """,
    "in a global, which outlives every thread": """
        async def main():
            global cortex
            cortex = await Cortex.open(sys.argv[1])
            await cortex.conversations.save(one)
        asyncio.run(main())
    """,
    "with writes, reads and searches under way": """
        async def main():
            global cortex, tasks
            cortex = await Cortex.open(sys.argv[1])
            await cortex.conversations.save(one)
            tasks = [asyncio.ensure_future(cortex.conversations.save(one)) for _ in range(50)]
            tasks += [asyncio.ensure_future(cortex.conversations.get("one")) for _ in range(50)]
            tasks += [asyncio.ensure_future(cortex.send(SearchContext("xx"))) for _ in range(5)]
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        asyncio.run(main())
    """,
    "with an exception on the way out": """
        async def main():
            global cortex
            cortex = await Cortex.open(sys.argv[1])
            await cortex.conversations.save(one)
            raise SystemExit(0)
        asyncio.run(main())
    """,
}


@pytest.mark.parametrize("how", list(FORGOTTEN))
def test_a_forgotten_close_does_not_keep_the_interpreter(path: Path, how: str) -> None:
    prelude = """
        import asyncio, sys
        from cortex_core import Conversation, Cortex, SearchContext
        one = Conversation(id="one", title="", content="x" * 20, quality=1)
    """
    code = textwrap.dedent(prelude) + textwrap.dedent(FORGOTTEN[how])
    done = run(code, str(path), timeout_s=20)
    assert (done.returncode, done.stderr) == (0, "")
    assert stored_ids(path) == {"one"}


def test_an_endless_search_does_not_keep_the_event_loop(path: Path) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    started = threading.Event()

    def search(connection: sqlite3.Connection) -> object:
        started.set()
        return connection.execute(endless).fetchall()

    async def main() -> None:
        async with Cortex.open(path, search_timeout_s=3600) as cortex:
            assert isinstance(cortex.store, SqliteStore)
            keep.append(asyncio.ensure_future(cortex.store.database.search(search)))
            await asyncio.to_thread(started.wait, 10)
            raise LookupError("on the way out")

    async def cancelled_later() -> None:
        task = asyncio.ensure_future(main())
        await asyncio.to_thread(started.wait, 10)
        # Nobody waits for the search, but closing does: only cancelling it lets that end.
        keep[0].cancel()
        with pytest.raises(LookupError):
            await task

    keep: list[asyncio.Future[object]] = []
    asyncio.run(cancelled_later())


def test_an_event_loop_closed_under_work_loses_nothing_that_was_reported(path: Path) -> None:
    code = """
        import asyncio, sys, threading
        from cortex_core import Conversation, Cortex
        one = Conversation(id="one", title="", content="x" * 20, quality=1)
        loop = asyncio.new_event_loop()

        async def begin():
            global cortex, pending
            cortex = await Cortex.open(sys.argv[1])
            await cortex.conversations.save(one)
            started = threading.Event()
            def slow(tx):
                started.set()
                go_on.wait(10)
                return tx.conversations.count()
            pending = asyncio.ensure_future(cortex.store.write(slow))
            await asyncio.to_thread(started.wait, 10)

        go_on = threading.Event()
        loop.run_until_complete(begin())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
        go_on.set()
    """
    done = run(code, str(path), timeout_s=20)
    assert done.returncode == 0
    assert stored_ids(path) == {"one"}


async def test_a_forgotten_cortex_ends_its_threads_and_says_so(path: Path) -> None:
    threads = threading.active_count()
    cortex = await Cortex.open(path)
    await cortex.conversations.save(conversation("one"))
    workers = [t for t in threading.enumerate() if t.daemon and "connection_worker" in t.name]
    assert len(workers) == 3
    with pytest.warns(ResourceWarning, match="was not closed"):
        del cortex
    assert threading.active_count() == threads


def test_closing_waits_for_what_asyncio_run_cancels(path: Path) -> None:
    """What had begun when the loop was torn down is stored, and told to those who listen."""
    heard: list[str] = []

    async def main() -> None:
        cortex = await Cortex.open(path)
        cortex.events.subscribe(ConversationCaptured, lambda e: heard.append(e.conversation_id))
        begun = threading.Event()

        def unit(tx: Tx) -> None:
            begun.set()
            tx.conversations.save(conversation("begun"))
            tx.record(
                ConversationCaptured(
                    occurred_at=utc_now(),
                    conversation_id="begun",
                    namespace="workspace",
                    quality=0.8,
                    replaced=False,
                )
            )

        keep.append(cortex)
        keep.append(asyncio.ensure_future(cortex.store.write(unit)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        begun.wait(10)

    keep: list[object] = []
    asyncio.run(main())
    assert heard == ["begun"]
    assert stored_ids(path) == {"begun"}
    with pytest.warns(ResourceWarning):
        keep.clear()
