"""Temporary places: a schema for who asks, gone at the end."""

from __future__ import annotations

import asyncio
import sys

import psycopg
import pytest

from cortex_core import Cortex, StoreUnavailableError, UnknownStoreError
from cortex_core.stores import temporary_place
from tests.patience import PATIENCE_S
from tests.postgres_server import PostgresServer
from tests.unit.core.contract.entities import conversation


def schemas(server: PostgresServer) -> set[str]:
    with psycopg.connect(server.url) as connection:
        found = connection.execute(
            "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'cortex_temporary_%'"
        )
        return {name for (name,) in found}


async def test_each_place_has_memories_of_its_own_and_leaves_none(
    postgres_server: PostgresServer,
) -> None:
    async def fill(count: int) -> int:
        async with temporary_place(postgres_server.url) as place, Cortex.open(place) as cortex:
            for number in range(count):
                await cortex.conversations.save(conversation(str(number)))
            return await cortex.conversations.count()

    assert await asyncio.gather(*map(fill, (1, 2, 3))) == [1, 2, 3]
    assert schemas(postgres_server) == set()


async def test_a_place_ends_with_a_failure_too(postgres_server: PostgresServer) -> None:
    async def fail() -> None:
        async with temporary_place(postgres_server.url) as place, Cortex.open(place):
            assert len(schemas(postgres_server)) == 1
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert schemas(postgres_server) == set()


KILLED = """
import asyncio, os, signal, sys
from cortex_core import Cortex
from cortex_core.stores import temporary_place

async def main():
    async with temporary_place(sys.argv[1]) as place, Cortex.open(place):
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def test_what_a_killed_process_left_is_dropped_by_the_next_and_what_is_used_stays(
    postgres_server: PostgresServer,
) -> None:
    async with temporary_place(postgres_server.url) as used, Cortex.open(used) as cortex:
        command = (sys.executable, "-c", KILLED, postgres_server.url)
        await (await asyncio.create_subprocess_exec(*command)).wait()
        assert len(schemas(postgres_server)) == 2
        # The server notices the end of a connection a moment later.
        async with asyncio.timeout(PATIENCE_S):
            while len(schemas(postgres_server)) > 1:
                async with temporary_place(postgres_server.url):
                    pass
        assert await cortex.conversations.count() == 0
    assert schemas(postgres_server) == set()


async def test_there_are_none_without_a_server() -> None:
    with pytest.raises(UnknownStoreError, match="a store on sqlite has no temporary places"):
        temporary_place("notes.db")
    with pytest.raises(StoreUnavailableError, match=r"me:\*\*\*@127"):
        async with temporary_place("postgresql://me:hidden@127.0.0.1:1/db"):
            pass
