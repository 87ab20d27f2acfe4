"""Connections that break, servers that stop: what was acknowledged is there, and work resumes."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from itertools import count

import psycopg
import pytest

from cortex_core import Events, SearchTimeoutError, ops
from cortex_core.errors import StoreOutcomeUnknownError, StoreUnavailableError
from cortex_core.ports import ReadTx, Tx
from cortex_core.postgres.address import Address
from cortex_core.postgres.store import PostgresStore
from tests.patience import PATIENCE_S
from tests.postgres_server import PostgresServer
from tests.unit.core.contract.entities import conversation, pattern, save

ENDS_OURS = """
    SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
    WHERE application_name = 'cortex-core' AND pid <> pg_backend_pid() {}
"""


async def end_connections(url: str, which: str = "") -> int:
    """Have the server end the stores' connections; returns their number."""
    address = Address.parsed(url)
    async with await psycopg.AsyncConnection.connect(address.url, autocommit=True) as connection:
        return (await connection.execute(ENDS_OURS.format(which).encode())).rowcount


async def executed(url: str, sql: str) -> None:
    address = Address.parsed(url)
    async with await psycopg.AsyncConnection.connect(address.url, autocommit=True) as connection:
        await connection.execute(f'SET search_path TO "{address.schema}"'.encode())
        await connection.execute(sql.encode())


async def test_idle_connections_that_were_ended_are_replaced_unnoticed(
    url: str, store: PostgresStore
) -> None:
    await asyncio.gather(*(store.read(lambda tx: tx.conversations.count()) for _ in range(2)))
    for number in range(2):
        assert await end_connections(url)
        await save(store, conversation(str(number)))
        assert await end_connections(url)
        assert await store.read(lambda tx: tx.conversations.count()) == number + 1


async def test_a_unit_whose_connection_breaks_is_run_again(url: str, store: PostgresStore) -> None:
    await save(store, conversation("one"))
    runs = 0

    def counts(tx: ReadTx) -> int:
        nonlocal runs
        runs += 1
        return tx.patterns.count() + tx.conversations.count()

    address = Address.parsed(url)
    async with await psycopg.AsyncConnection.connect(address.url) as client:
        for run in (store.write, store.read):
            runs = 0
            await client.execute(f'LOCK TABLE "{address.schema}".conversations'.encode())
            unit = asyncio.ensure_future(run(counts))
            while not await end_connections(url, "AND wait_event_type = 'Lock'"):
                assert not unit.done()
            await client.rollback()
            assert await unit == 1
            assert runs == 2


SLOW_COMMIT = """
    CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_sleep(60); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON conversations
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow();
"""


@pytest.mark.parametrize("shared", [False, True])
async def test_a_connection_that_breaks_in_a_commit_leaves_the_outcome_unknown(
    stoppable_server: PostgresServer, stoppable_url: str, shared: bool
) -> None:
    """Also where it shared a transaction with one that failed, and so is run once more alone."""
    store = await PostgresStore.open(stoppable_url, Events().publish)
    await executed(stoppable_url, SLOW_COMMIT)

    def fails_after_writing(tx: Tx) -> None:
        tx.patterns.save(pattern("gone"))
        raise LookupError("on purpose")

    failing = [asyncio.ensure_future(store.write(fails_after_writing))] if shared else []
    writing = asyncio.ensure_future(save(store, conversation("one")))
    await until_committing(stoppable_url)
    stoppable_server.kill()
    stoppable_server.start()
    with pytest.raises(StoreOutcomeUnknownError, match="may have happened"):
        await writing
    assert await store.read(lambda tx: tx.conversations.count()) == 0
    outcomes = await asyncio.gather(*failing, return_exceptions=True)
    assert all(isinstance(outcome, LookupError) for outcome in outcomes)
    await store.close()


async def test_a_commit_that_the_server_says_it_has_given_up_is_run_again(
    url: str, store: PostgresStore
) -> None:
    await executed(url, SLOW_COMMIT)
    writing = asyncio.ensure_future(save(store, conversation("one")))
    await until_committing(url)
    await executed(
        url, "CREATE OR REPLACE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RETURN NULL; END $$"
    )  # fmt: skip
    await end_connections(url, "AND wait_event = 'PgSleep'")
    await writing
    assert await store.read(lambda tx: tx.conversations.count()) == 1


async def until_committing(url: str) -> None:
    async with await psycopg.AsyncConnection.connect(
        Address.parsed(url).url, autocommit=True
    ) as connection:
        while True:
            found = await connection.execute(
                "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
            )
            if await found.fetchone():
                return


async def test_a_server_that_restarts_loses_nothing_that_was_acknowledged(
    stoppable_server: PostgresServer,
    stoppable_url: str,
) -> None:
    store = await PostgresStore.open(stoppable_url, Events().publish, busy_timeout_s=30)
    stored: list[str] = []
    failed: list[BaseException] = []
    numbers = count()
    over = False

    async def client() -> None:
        while not over:
            name = str(next(numbers))
            try:
                await save(store, conversation(name))
            except (StoreUnavailableError, StoreOutcomeUnknownError) as error:
                failed.append(error)
            else:
                stored.append(name)

    async def stored_more() -> None:
        enough = len(stored) + 100
        while len(stored) < enough:  # noqa: ASYNC110
            await asyncio.sleep(0.005)

    clients = [asyncio.ensure_future(client()) for _ in range(8)]
    await stored_more()
    stoppable_server.stop()
    stoppable_server.start()
    await stored_more()
    stoppable_server.kill()
    stoppable_server.start()
    await stored_more()
    over = True
    await asyncio.gather(*clients)
    found = {c.id for c in await store.read(lambda tx: tx.conversations.recent(1_000_000))}
    assert set(stored) - found == set()
    await store.close()


async def test_a_server_that_does_not_answer_is_not_waited_for(
    stoppable_server: PostgresServer, stoppable_url: str
) -> None:
    store = await PostgresStore.open(
        stoppable_url, Events().publish, search_timeout_s=1.0, answer_timeout_s=1.0
    )
    await save(store, conversation("before"))

    def reads_first(tx: Tx) -> None:
        tx.conversations.get("before", for_update=True)
        tx.conversations.save(conversation("never"))

    stoppable_server.pause()
    try:
        with pytest.raises(StoreOutcomeUnknownError, match=r"did not answer for 1 s"):
            await save(store, conversation("perhaps"))
        with pytest.raises(StoreUnavailableError, match=r"did not answer for 1 s|reached"):
            await store.write(reads_first)
        with pytest.raises((SearchTimeoutError, StoreUnavailableError)):
            await store.ask(ops.GetConversation("before"))
        with pytest.raises((SearchTimeoutError, StoreUnavailableError)):
            await store.read(lambda tx: tx.conversations.count())
    finally:
        stoppable_server.resume()
    await save(store, conversation("after"))
    assert await store.ask(ops.GetConversation("after")) is not None
    assert await store.ask(ops.GetConversation("never")) is None
    await store.close()


async def test_without_a_server_requests_fail_and_say_why(
    stoppable_server: PostgresServer, stoppable_url: str
) -> None:
    store = await PostgresStore.open(stoppable_url, Events().publish, busy_timeout_s=0.3)
    await save(store, conversation("one"))
    stoppable_server.stop()
    with pytest.raises(StoreUnavailableError, match=r"could not be reached within 1 s"):
        await store.read(lambda tx: tx.conversations.count())
    with pytest.raises(StoreUnavailableError):
        await save(store, conversation("two"))
    await store.close()


FORGETS_TO_CLOSE = """
import asyncio, sys
from cortex_core import Events
from cortex_core.postgres.store import PostgresStore

async def main():
    store = await PostgresStore.open(sys.argv[1], Events().publish, busy_timeout_s=60)
    print("open", flush=True)
    sys.stdin.readline()
    # Its pool connects, in vain, when the loop ends.
    reads = [asyncio.ensure_future(store.read(lambda tx: tx.conversations.count()))
             for _ in range(20)]
    await asyncio.sleep(0.3)

asyncio.run(main())
"""


def test_a_store_that_nobody_closes_does_not_keep_the_interpreter_from_ending(
    stoppable_server: PostgresServer, stoppable_url: str
) -> None:
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", FORGETS_TO_CLOSE, stoppable_url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == b"open\n"
        stoppable_server.stop()
        try:
            program.communicate(b"\n", timeout=PATIENCE_S)
        finally:
            program.kill()
    assert program.returncode == 0
