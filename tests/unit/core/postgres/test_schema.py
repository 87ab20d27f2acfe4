"""A schema is made once, brought up to date, and left alone where it is not a store's."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from cortex_core import ConversationSearch, Events, ForeignFileError, NewerSchemaError, StoreError
from cortex_core.errors import StoreUnavailableError
from cortex_core.postgres.address import Address, with_schema
from cortex_core.postgres.store import PostgresStore, drop
from tests.unit.core.contract.entities import NOW, conversation, pattern, save


async def test_stores_that_open_one_schema_at_once_make_it_once(url: str) -> None:
    stores = await asyncio.gather(
        *(PostgresStore.open(url, Events().publish, connections=2) for _ in range(4))
    )
    await save(stores[0], conversation("one"))
    for store in stores:
        assert await store.read(lambda tx: tx.conversations.count()) == 1
        await store.close()


async def test_what_was_stored_is_there_when_it_is_opened_again(url: str) -> None:
    for number in range(2):
        store = await PostgresStore.open(url, Events().publish)
        assert await store.read(lambda tx: tx.conversations.count()) == number
        await save(store, conversation("kept"))
        await store.close()


async def test_schemas_do_not_see_each_other(url: str) -> None:
    other_url = with_schema(url, 'an "other" one\'s schema')
    one = await PostgresStore.open(url, Events().publish)
    other = await PostgresStore.open(other_url, Events().publish)
    await save(one, conversation("one"))
    assert await other.read(lambda tx: tx.conversations.count()) == 0
    await save(other, conversation("other"), pattern("other"))
    hits = (await other.search_conversations(ConversationSearch("everything", NOW))).hits
    assert [hit.conversation_id for hit in hits] == ["other"]
    await one.close()
    await other.close()
    await drop(other_url)


def executed(url: str, sql: str) -> None:
    address = Address.parsed(url)
    with psycopg.connect(address.url, autocommit=True) as connection:
        connection.execute(f'SET search_path TO "{address.schema}"')
        connection.execute(sql.encode())


async def test_a_schema_of_something_else_is_left_untouched(url: str) -> None:
    name = Address.parsed(url).schema
    executed(url, f"CREATE SCHEMA {name}; CREATE TABLE {name}.conversations (theirs int)")
    with pytest.raises(ForeignFileError, match="has the table conversations"):
        await PostgresStore.open(url, Events().publish)
    with pytest.raises(ForeignFileError, match="left untouched"):
        await drop(url)
    executed(url, f"DROP SCHEMA {name} CASCADE")


async def test_a_schema_of_a_newer_version_is_left_untouched(url: str) -> None:
    await (await PostgresStore.open(url, Events().publish)).close()
    executed(url, "UPDATE cortex_schema SET version = 99")
    with pytest.raises(NewerSchemaError, match="of version 99"):
        await PostgresStore.open(url, Events().publish)


async def test_a_server_that_is_not_there_is_named_without_the_password() -> None:
    url = "postgresql://me:secret@127.0.0.1:1/memories?schema=mine"
    with pytest.raises(StoreUnavailableError) as raised:
        await PostgresStore.open(url, Events().publish)
    assert str(raised.value).startswith("postgresql://me:***@127.0.0.1:1/memories: ")
    assert "secret" not in str(raised.value)


async def test_a_database_that_is_not_there_is_reported(url: str) -> None:
    with pytest.raises(StoreError, match=r'refuses .*"nowhere" does not exist') as raised:
        await PostgresStore.open(url.replace("/postgres?", "/nowhere?"), Events().publish)
    assert not isinstance(raised.value, StoreUnavailableError)


@pytest.mark.parametrize("schema", ["", "pg_mine", "x" * 64, "é" * 32])
def test_a_name_that_postgresql_refuses_is_refused_at_once(schema: str) -> None:
    with pytest.raises(ValueError, match="schema"):
        Address.parsed(with_schema("postgresql://host/db", schema))


def test_an_address_keeps_what_is_meant_for_libpq() -> None:
    url = with_schema("postgresql://u:p@h:5/d?sslmode=require&schema=old", "new one")
    assert Address.parsed(url) == Address("postgresql://u:p@h:5/d?sslmode=require", "new one")
    shared = Address.parsed("postgresql:///d?events=shared")
    assert shared == Address("postgresql:///d", "cortex", shares_events=True)


async def test_what_the_address_says_of_the_connection_holds(url: str) -> None:
    assert Address.parsed(url).settings["keepalives_idle"] == 30
    given = Address.parsed(f"{url}&application_name=mine&keepalives_idle=5")
    assert not {"application_name", "keepalives_idle"} & set(given.settings)
    store = await PostgresStore.open(f"{url}&application_name=mine", Events().publish)
    assert await store.read(lambda tx: tx.conversations.count()) == 0
    with psycopg.connect(Address.parsed(url).url, autocommit=True) as connection:
        named = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'mine'"
        assert connection.execute(named).fetchone() == (1,)
    await store.close()
