"""Addresses and settings that no store on a server can have."""

from __future__ import annotations

import math
from typing import Any
from unittest.mock import AsyncMock, Mock

import psycopg
import pytest

from cortex_core import Cortex, Events, StoreBusyError, StoreError, UnknownStoreError
from cortex_core.postgres.address import Address
from cortex_core.postgres.store import PostgresStore
from cortex_core.stores import server_version, temporary_place
from tests.unit.core.contract.entities import conversation, save

NOWHERE = "127.0.0.1:1/database"


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://me:hid@hidden@{NOWHERE}",
        f"postgresql://me:hid@den/hidden@{NOWHERE}",
        f"postgresql://me:hidden/x@{NOWHERE}",
        f"postgresql://me:hidden?x@{NOWHERE}",
        f"postgresql://me:1?hidden@{NOWHERE}",
        f"postgresql://me:hid?den@hidden@{NOWHERE}?schema=mine",
        f"postgresql://me:hidden%@{NOWHERE}",
        f"postgresql://me:hidden%zz@{NOWHERE}",
        f"postgresql://me:hidden%00@{NOWHERE}",
        f"postgresql://me:hidden x@{NOWHERE}",
        f"postgresql://me:hidden@{NOWHERE}\n",
        f"postgresql://me:hidden\0@{NOWHERE}",
        f"postgresql://me:hidden\ud800@{NOWHERE}",
        f"postgresql://{NOWHERE}?password=hidden%00",
        f"postgresql://{NOWHERE}?hidden",
        "postgresql://me:hidden@[::1/database",
        "postgresql://me:hidden@host:port/database",
        "postgresql://me:hidden/database",
        "postgresql://me:hidden",
    ],
)
async def test_an_address_whose_password_is_not_certain_is_refused_and_not_shown(url: str) -> None:
    for opening in (
        Cortex.open(url).__aenter__,
        temporary_place(url).__aenter__,
        lambda: server_version(url),
    ):
        with pytest.raises(UnknownStoreError, match=r"as in %40 for @") as refused:
            await opening()
        assert "hid" not in str(refused.value)
        assert isinstance(refused.value, ValueError)


@pytest.mark.parametrize("parameters", ["schema=", "schema=pg_mine", "events=all"])
async def test_a_parameter_that_a_store_cannot_have_is_an_error_of_stores(parameters: str) -> None:
    with pytest.raises(StoreError, match=r"^(schema|events): "):
        await Cortex.open(f"postgresql://{NOWHERE}?{parameters}")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://",
        "postgresql:///database",
        "postgresql://host",
        "postgresql://me@host:5432/data%20base",
        "postgresql://me:p%40ss%2Fw%3Frd@host/database?sslmode=require",
        "postgresql://me:p:a#s[s@host/database",
        "postgresql://me:p@[::1]:5432,host,:5433/database",
        "postgresql://%2Fvar%2Frun/database",
        "postgresql://host/database?user=me%40realm&options=-c%20x%3D1",
    ],
)
def test_an_address_that_can_be_divided_is_passed_on(url: str) -> None:
    assert Address.parsed(url).url == url
    psycopg.conninfo.conninfo_to_dict(url)


def test_a_parameter_is_read_as_libpq_does() -> None:
    given = Address.parsed("PostgreSQL://host/database?&user=me@realm&password=a+b&")
    assert given.url == "postgresql://host/database?user=me%40realm&password=a%2Bb"


@pytest.mark.parametrize("given", [math.nan, math.inf, -1, 1e9])
@pytest.mark.parametrize("name", ["busy_timeout_s", "search_timeout_s", "answer_timeout_s"])
async def test_a_timeout_that_no_store_can_wait_for_is_refused(name: str, given: float) -> None:
    settings: dict[str, Any] = {name: given}
    pool = Mock(connection=AsyncMock(side_effect=AssertionError("it was used")))
    expected = f"{name}: expected seconds from 0 to 1,000,000, got {given}"
    with pytest.raises(ValueError, match=expected):
        await PostgresStore.open(f"postgresql://{NOWHERE}", Events().publish, **settings)
    with pytest.raises(ValueError, match=expected):
        await PostgresStore.over(pool, Events().publish, **settings)


@pytest.mark.parametrize("given", [0, -1, 1.5, True, None])
async def test_there_is_a_whole_number_of_connections(given: Any) -> None:
    with pytest.raises(ValueError, match="connections: expected a whole number of at least 1"):
        await PostgresStore.open(f"postgresql://{NOWHERE}", Events().publish, connections=given)


@pytest.mark.parametrize("schema", ["", "pg_mine", "a\0b", "a\ud800"])
async def test_a_store_over_a_pool_has_a_schema_that_can_be(schema: str) -> None:
    pool = Mock(connection=AsyncMock(side_effect=AssertionError("it was used")))
    with pytest.raises(UnknownStoreError, match="schema: "):
        await PostgresStore.over(pool, Events().publish, schema=schema)


@pytest.mark.parametrize("timeout_s", [0, 0.0001])
async def test_who_does_not_wait_for_others_waits_for_the_server(
    url: str, timeout_s: float
) -> None:
    store = await PostgresStore.open(url, Events().publish, busy_timeout_s=timeout_s)
    await save(store, conversation("locked"))
    address = Address.parsed(url)
    async with await psycopg.AsyncConnection.connect(address.url) as other:
        await other.execute(f'SELECT 1 FROM "{address.schema}".conversations FOR UPDATE'.encode())
        with pytest.raises(StoreBusyError, match="another client locked"):
            await store.write(lambda tx: tx.conversations.delete("locked"))
        await other.rollback()
    assert await store.write(lambda tx: tx.conversations.delete("locked"))
    await store.close()


async def test_the_longest_timeouts_are_those_of_the_server(url: str) -> None:
    most: dict[str, Any] = dict.fromkeys(("busy_timeout_s", "search_timeout_s"), 1_000_000)
    async with Cortex.open(url, **most) as cortex:
        await cortex.conversations.save(conversation("kept"))
        assert await cortex.conversations.count() == 1
