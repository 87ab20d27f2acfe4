"""Closes that were forgotten, and loops that end under work: nothing is lost, nothing hangs."""

import asyncio
import gc
import sqlite3
import sys
import textwrap
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from cortex_core import (
    CaptureConversation,
    ConversationCaptured,
    Cortex,
)
from cortex_core.domain.rules import utc_now
from cortex_core.ports import Tx
from cortex_core.search import Check
from cortex_core.sqlite.database import Database
from cortex_core.sqlite.store import SqliteStore
from tests.patience import PATIENCE_S
from tests.unit.core.trouble import conversation, run, stored_ids

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
    done = run(code, str(path))
    assert (done.returncode, done.stderr) == (0, "")
    assert stored_ids(path) == {"one"}


def test_an_endless_search_does_not_keep_the_event_loop(path: Path) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    started = threading.Event()

    def search(connection: sqlite3.Connection, check: Check) -> object:
        started.set()
        return connection.execute(endless).fetchall()

    async def main() -> None:
        async with Cortex.open(path, search_timeout_s=3600) as cortex:
            assert isinstance(cortex.store, SqliteStore)
            keep.append(asyncio.ensure_future(cortex.store.database.search(search)))
            await asyncio.to_thread(started.wait, PATIENCE_S)
            raise LookupError("on the way out")

    async def cancelled_later() -> None:
        task = asyncio.ensure_future(main())
        await asyncio.to_thread(started.wait, PATIENCE_S)
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
                go_on.wait()
                return tx.conversations.count()
            pending = asyncio.ensure_future(cortex.store.write(slow))
            await asyncio.to_thread(started.wait)

        go_on = threading.Event()
        loop.run_until_complete(begin())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
        go_on.set()
    """
    done = run(code, str(path))
    assert done.returncode == 0
    assert stored_ids(path) == {"one"}


async def test_a_forgotten_cortex_ends_its_threads_and_says_so(path: Path) -> None:
    threads = threading.active_count()
    cortex = await Cortex.open(path)
    await cortex.conversations.save(conversation("one"))
    workers = [t for t in threading.enumerate() if t.daemon and "connection_worker" in t.name]
    assert len(workers) == 5
    with pytest.warns(ResourceWarning, match="was not closed"):
        del cortex
    assert threading.active_count() == threads


def test_closing_waits_for_what_asyncio_run_cancels(path: Path) -> None:
    """What had begun when the loop was torn down is stored, and told to those who listen."""
    received: list[str] = []

    async def main() -> None:
        cortex = await Cortex.open(path)
        cortex.events.subscribe(ConversationCaptured, lambda e: received.append(e.conversation_id))
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
        begun.wait(PATIENCE_S)

    keep: list[object] = []
    asyncio.run(main())
    assert received == ["begun"]
    assert stored_ids(path) == {"begun"}
    with pytest.warns(ResourceWarning):
        keep.clear()


def test_a_subscriber_that_ends_the_program_leaves_nobody_waiting(path: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def hold_the_writer(tx: Tx) -> None:
        begun.set()
        go_on.wait(PATIENCE_S)

    async def main() -> None:
        async with Cortex.open(path) as cortex:
            cortex.events.subscribe(ConversationCaptured, lambda event: sys.exit(3))
            first = asyncio.ensure_future(cortex.store.write(hold_the_writer))
            assert begun.wait(PATIENCE_S)
            captures = [
                asyncio.ensure_future(
                    cortex.send(
                        CaptureConversation(id=f"{n}", title="t", content="x" * 20, quality=0.9)
                    )
                )
                for n in range(3)
            ]
            # Each has asked the store at its first step: they wait for the next transaction.
            await asyncio.sleep(0)
            go_on.set()
            await asyncio.gather(first, *captures)

    with pytest.raises(SystemExit):
        asyncio.run(main())
    assert stored_ids(path) == {"0", "1", "2"}


@pytest.mark.parametrize("busy", ["read", "write", "search", ""])
def test_a_close_that_the_end_of_the_loop_catches_is_seen_to_its_end(path: Path, busy: str) -> None:
    started, go_on = threading.Event(), threading.Event()

    def wait(connection: sqlite3.Connection, *check: Check) -> None:
        started.set()
        go_on.wait(PATIENCE_S)

    async def main() -> None:
        database = await Database.open(path)
        kept = [database.close()]
        if busy:
            kept.insert(0, getattr(database, busy)(wait))
            assert await asyncio.to_thread(started.wait, PATIENCE_S)
        tasks.extend(map(asyncio.ensure_future, kept))
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_later(0.01, go_on.set)

    tasks: list[asyncio.Future[None]] = []
    threads = threading.active_count()
    asyncio.run(main())
    assert threading.active_count() == threads
    assert [p.name for p in path.parent.iterdir()] == [path.name]


async def test_a_store_that_is_collected_on_its_own_thread_ends(path: Path) -> None:
    threads = threading.active_count()
    in_a_cycle: list[object] = [database := await Database.open(path)]
    in_a_cycle.append(in_a_cycle)
    let_go = threading.Event()
    collected = database.read(lambda connection: let_go.wait(PATIENCE_S) and gc.collect())
    # aiosqlite says so of its connections too, which are collected with it.
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del database, in_a_cycle
        let_go.set()
        await collected
    assert any("the store was not closed" in str(warning.message) for warning in caught)
    await asyncio.to_thread(until, lambda: threading.active_count() <= threads + 1)


def until(met: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 10
    while not met():
        assert time.monotonic() < give_up
        time.sleep(0.001)
