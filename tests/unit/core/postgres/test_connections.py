"""Few connections, those of an application, and requests that are cancelled on the server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from unittest.mock import patch

import psycopg
import pytest
from psycopg.pq import TransactionStatus
from psycopg_pool import AsyncConnectionPool

from cortex_core import (
    ConversationSearch,
    Events,
    SearchTimeoutError,
    StoreBusyError,
    ops,
)
from cortex_core.ports import ReadTx
from cortex_core.postgres.address import Address
from cortex_core.postgres.store import PostgresStore
from tests.unit.core.contract.entities import NOW, conversation, save


@asynccontextmanager
async def locked(url: str) -> AsyncIterator[None]:
    """Nobody else can read or write conversations meanwhile."""
    address = Address.parsed(url)
    async with await psycopg.AsyncConnection.connect(address.url) as connection:
        table = f'"{address.schema}".conversations'
        await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE".encode())
        yield
        await connection.rollback()


async def until_waiting_for_locks(url: str, number: int) -> None:
    """Return when this number of the store's connections waits for a lock."""
    async with await psycopg.AsyncConnection.connect(
        Address.parsed(url).url, autocommit=True
    ) as connection:
        while True:
            cursor = await connection.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE application_name = 'cortex-core' AND wait_event_type = 'Lock'"
            )
            if await cursor.fetchone() == (number,):
                return
            await asyncio.sleep(0.005)


async def reading(store: PostgresStore) -> int:
    return await store.read(lambda tx: tx.conversations.count())


@pytest.mark.parametrize("own", [True, False])
async def test_an_exhausted_pool_is_reported_and_recovers(url: str, own: bool) -> None:
    address = Address.parsed(url)
    async with AsyncConnectionPool(
        address.url, min_size=2, max_size=2, open=False, kwargs={"application_name": "cortex-core"}
    ) as pool:
        if own:
            store = await PostgresStore.open(url, Events().publish, connections=2)
        else:
            store = await PostgresStore.over(pool, Events().publish, schema=address.schema)
        async with locked(url):
            blocked = [asyncio.ensure_future(reading(store)) for _ in range(2)]
            await until_waiting_for_locks(url, 2)
            with patch.object(store.connections, "wait_s", 0.1):
                # Two connections, and neither is free: nothing else can begin.
                with pytest.raises(StoreBusyError, match="all 2 connections of the pool were in"):
                    await reading(store)
                with pytest.raises(StoreBusyError, match="all 2 connections"):
                    await save(store, conversation("one"))
        assert await asyncio.gather(*blocked) == [0, 0]
        await save(store, conversation("one"))
        assert await asyncio.gather(*(reading(store) for _ in range(20))) == [1] * 20
        await store.close()


async def test_a_cancelled_read_is_cancelled_on_the_server(url: str) -> None:
    store = await PostgresStore.open(url, Events().publish, connections=1, busy_timeout_s=10)
    async with locked(url):
        read = asyncio.ensure_future(reading(store))
        await until_waiting_for_locks(url, 1)
        read.cancel()
        with pytest.raises(asyncio.CancelledError):
            await read
        await until_waiting_for_locks(url, 0)
        after = asyncio.ensure_future(store.read(lambda tx: tx.patterns.count()))
        assert await after == 0
    assert await reading(store) == 0
    await store.close()


async def test_reads_that_wait_for_a_connection_can_be_cancelled(url: str) -> None:
    store = await PostgresStore.open(url, Events().publish, connections=1, busy_timeout_s=10)
    reads = [asyncio.ensure_future(reading(store)) for _ in range(20)]
    await asyncio.sleep(0)
    for read in reads[::2]:
        read.cancel()
    done = await asyncio.gather(*reads, return_exceptions=True)
    assert done[1::2] == [0] * 10
    assert all(isinstance(outcome, asyncio.CancelledError) for outcome in done[::2])
    assert await reading(store) == 0
    await store.close()


@pytest.mark.parametrize("discards", [False, True])
async def test_a_store_on_an_application_s_pool(url: str, discards: bool) -> None:
    address = Address.parsed(url)

    async def reset(connection: psycopg.AsyncConnection[Any]) -> None:
        await connection.execute("DISCARD ALL")

    async with AsyncConnectionPool(
        address.url,
        min_size=2,
        max_size=2,
        open=False,
        kwargs={"autocommit": True},
        reset=reset if discards else None,
    ) as pool:
        stores = [
            await PostgresStore.over(pool, Events().publish, schema=address.schema)
            for _ in range(2)
        ]
        for number, store in enumerate(stores * 3):
            await save(store, conversation(str(number)))
            counts = await asyncio.gather(*(reading(store) for _ in range(10)))
            assert counts == [number + 1] * 10
        for store in stores:
            await store.close()
        for _ in range(4):
            async with pool.connection() as connection:
                assert connection.info.transaction_status == TransactionStatus.IDLE
                row = await (await connection.execute("SELECT 1 + %s", (1,))).fetchone()
                assert row == (2,)


async def test_texts_need_unicode(url: str) -> None:
    address = Address.parsed(url)
    async with AsyncConnectionPool(
        address.url, min_size=1, open=False, kwargs={"client_encoding": "latin1"}
    ) as pool:
        store = await PostgresStore.over(pool, Events().publish, schema=address.schema)
        with pytest.raises(Exception, match="UTF8"):
            await reading(store)
        await store.close()


async def test_an_error_of_a_unit_s_own_is_not_taken_for_the_store_s(url: str) -> None:
    store = await PostgresStore.open(url, Events().publish)

    def out_of_time(tx: ReadTx) -> None:
        raise TimeoutError("the unit's own")

    for run in (store.read, store.scan, store.write):
        with pytest.raises(TimeoutError, match="the unit's own"):
            await run(out_of_time)
    await store.close()


async def test_a_scan_that_takes_too_long_is_cancelled_on_the_server(url: str) -> None:
    store = await PostgresStore.open(url, Events().publish, search_timeout_s=0.1)
    async with locked(url):
        with pytest.raises(SearchTimeoutError, match=r"longer than 0\.1 s"):
            await store.scan(lambda tx: tx.conversations.count())
        with pytest.raises(SearchTimeoutError):
            await store.ask(ops.CountConversations())
        with pytest.raises(SearchTimeoutError):
            await store.search_conversations(ConversationSearch("anything", NOW))
        await until_waiting_for_locks(url, 0)
    assert await reading(store) == 0
    await store.close()
