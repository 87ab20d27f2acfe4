"""Closes that were forgotten, and loops that end under work: nothing is lost, nothing hangs."""

import asyncio
import sqlite3
import textwrap
import threading
from pathlib import Path

import pytest

from cortex_core import (
    ConversationCaptured,
    Cortex,
)
from cortex_core.domain.rules import utc_now
from cortex_core.ports import Tx
from cortex_core.sqlite.store import SqliteStore
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
    assert len(workers) == 4
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
