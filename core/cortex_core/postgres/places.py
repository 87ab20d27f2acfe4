"""Schemas that end with who uses them: for measurements and tests."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, LiteralString
from weakref import WeakKeyDictionary

import psycopg
from psycopg import AsyncConnection

from cortex_core.postgres import schema as schemas
from cortex_core.postgres.address import Address, with_schema
from cortex_core.postgres.store import drop, named

_PREFIX = "cortex_temporary_"
_KEY: LiteralString = "hashtextextended(%s, 0)"
"""The number of the advisory lock on a schema, which is locked as long as it is in use."""


@asynccontextmanager
async def temporary_place(url: str) -> AsyncIterator[str]:
    """The URL of a schema on that server that nobody else has; it is dropped at the end.

    What killed processes left behind is dropped before. One connection is kept meanwhile, for all
    places on a server, by which others see that they are in use. Raises StoreError.
    """
    address = Address.parsed(url)
    schema = f"{_PREFIX}{secrets.token_hex(8)}"
    place = with_schema(url, schema)
    async with _guarding(address) as guard:
        try:
            await guard.lock(schema)
        except psycopg.Error as error:
            raise named(address.shown, error) from error
        try:
            yield place
        finally:
            await drop(place)
            # Where its connection is gone, its locks are, too.
            with suppress(psycopg.Error):
                await guard.unlock(schema)


async def server_version(url: str) -> str:
    """What the server there is, such as "PostgreSQL 15.4". Raises StoreError."""
    address = Address.parsed(url)
    try:
        async with await AsyncConnection.connect(address.url, **address.settings) as connection:
            version = connection.pgconn.parameter_status(b"server_version") or b""
    except psycopg.Error as error:
        raise named(address.shown, error) from error
    return f"PostgreSQL {version.decode()}"


class _Guard:
    """A connection that has the locks of places."""

    def __init__(self) -> None:
        self.users = 0
        self._connection: AsyncConnection[Any] | None = None
        self._turn = asyncio.Lock()
        self._schemas: set[str] = set()

    async def open(self, url: str) -> None:
        """Connect, the first time; and drop what is left of others. Raises psycopg.Error."""
        async with self._turn:
            if self._connection is None:
                self._connection = await AsyncConnection.connect(url, autocommit=True)
            await self._drop_left_behind()

    async def lock(self, schema: str) -> None:
        async with self._turn:
            await self._execute(f"SELECT pg_advisory_lock({_KEY})", schema)
            self._schemas.add(schema)

    async def unlock(self, schema: str) -> None:
        async with self._turn:
            self._schemas.discard(schema)
            await self._unlock(schema)

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()

    async def _drop_left_behind(self) -> None:
        assert self._connection is not None
        there = "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s)"
        for (schema,) in await self._execute(there, _PREFIX):
            # A connection is given again what it has locked itself.
            if schema in self._schemas:
                continue
            ((free,),) = await self._execute(f"SELECT pg_try_advisory_lock({_KEY})", schema)
            if free:
                try:
                    await schemas.drop(self._connection, schema)
                finally:
                    await self._unlock(schema)

    async def _unlock(self, schema: str) -> None:
        await self._execute(f"SELECT pg_advisory_unlock({_KEY})", schema)

    async def _execute(self, sql: LiteralString, parameter: str) -> list[tuple[Any, ...]]:
        assert self._connection is not None
        return await (await self._connection.execute(sql, (parameter,))).fetchall()


_guards: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, _Guard]] = WeakKeyDictionary()


@asynccontextmanager
async def _guarding(address: Address) -> AsyncIterator[_Guard]:
    """The guard of this event loop's places on the server. Raises StoreError."""
    guards = _guards.setdefault(asyncio.get_running_loop(), {})
    guard = guards.setdefault(address.url, _Guard())
    guard.users += 1
    try:
        try:
            await guard.open(address.url)
        except psycopg.Error as error:
            raise named(address.shown, error) from error
        yield guard
    finally:
        guard.users -= 1
        if not guard.users:
            del guards[address.url]
            await guard.close()
