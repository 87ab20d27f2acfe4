"""Writes that meet those of other clients: nothing is lost, and nobody waits for long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest

from cortex_core import Events, StoreBusyError, StoreError
from cortex_core.ports import Tx
from cortex_core.postgres.address import Address
from cortex_core.postgres.store import PostgresStore
from tests.unit.core.contract.entities import NOW, conversation, pattern, save


@asynccontextmanager
async def another_client(url: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    address = Address.parsed(url)
    async with await psycopg.AsyncConnection.connect(address.url) as connection:
        await connection.execute(f'SET search_path TO "{address.schema}"'.encode())
        yield connection
        await connection.rollback()


def observe(tx: Tx) -> None:
    before = tx.patterns.get("one")
    assert before is not None
    tx.patterns.save(before.observed(success=True, at=NOW))


async def test_two_stores_that_observe_one_pattern_count_every_observation(
    url: str, store: PostgresStore
) -> None:
    other = await PostgresStore.open(url, Events().publish)
    await save(store, pattern("one"))
    await asyncio.gather(*(s.write(observe) for _ in range(50) for s in (store, other)))
    after = await other.read(lambda tx: tx.patterns.get("one"))
    assert after is not None
    assert after.observation_count == 100
    await other.close()


async def test_two_writes_that_read_what_the_other_changes_are_not_both_right(
    url: str, store: PostgresStore
) -> None:
    """At most one of two may be stored, and each looks first: write skew, which only a
    serialisable transaction notices."""
    other = await PostgresStore.open(url, Events().publish)

    def unless_there_is_one(name: str) -> Any:
        def unit(tx: Tx) -> bool:
            if tx.conversations.count():
                return False
            tx.conversations.save(conversation(name))
            return True

        return unit

    for number in range(20):
        stored = await asyncio.gather(
            store.write(unless_there_is_one("a")), other.write(unless_there_is_one("b"))
        )
        assert sorted(stored) == [False, True], number
        await store.write(lambda tx: (tx.conversations.delete("a"), tx.conversations.delete("b")))
    await other.close()


async def test_a_write_that_waits_for_a_lock_does_not_hold_up_the_others(
    url: str, store: PostgresStore
) -> None:
    await save(store, conversation("locked"))
    async with another_client(url) as client:
        await client.execute("UPDATE conversations SET title = 'theirs' WHERE id = 'locked'")
        blocked = asyncio.ensure_future(store.write(lambda tx: tx.conversations.delete("locked")))
        await asyncio.sleep(0)
        await save(store, conversation("free"))
        assert not blocked.done()
        await client.commit()
        assert await blocked


async def test_a_lock_that_is_not_released_is_waited_for_as_long_as_was_said(url: str) -> None:
    store = await PostgresStore.open(url, Events().publish, busy_timeout_s=0.2)
    await save(store, conversation("locked"))
    async with another_client(url) as client:
        await client.execute("UPDATE conversations SET title = 'theirs' WHERE id = 'locked'")
        with pytest.raises(StoreBusyError, match="another client locked"):
            await store.write(lambda tx: tx.conversations.delete("locked"))
    assert await store.write(lambda tx: tx.conversations.delete("locked"))
    await store.close()


async def test_units_that_share_a_transaction_fail_by_themselves(store: PostgresStore) -> None:
    def fails_after_writing(tx: Tx) -> None:
        tx.conversations.save(conversation("gone"))
        raise LookupError("on purpose")

    def fails(tx: Tx) -> None:
        raise KeyError("at once")

    def swallows(tx: Tx) -> None:
        tx.conversations.save(conversation("gone too"))
        try:
            tx.patterns.in_namespace("a", 0.1, -1)
        except psycopg.Error:
            tx.conversations.count()

    outcomes = await asyncio.gather(
        save(store, conversation("one")),
        store.write(fails_after_writing),
        store.write(fails),
        save(store, conversation("two")),
        store.write(swallows),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [
        type(None), LookupError, KeyError, type(None), StoreError,
    ]  # fmt: skip
    assert await store.read(lambda tx: tx.conversations.count()) == 2


async def test_a_transaction_that_outlives_its_unit_is_refused(store: PostgresStore) -> None:
    kept: list[Tx] = []
    await store.write(kept.append)
    with pytest.raises(StoreError, match="after its end"):
        kept[0].conversations.count()
    with pytest.raises(StoreError, match="after its end"):
        kept[0].conversations.save(conversation("late"))
