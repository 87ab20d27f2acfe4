"""Schemas that end with who uses them: for measurements and tests."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from psycopg import AsyncConnection

from cortex_core.postgres import schema as schemas
from cortex_core.postgres.address import Address, with_schema
from cortex_core.postgres.store import drop, named

_PREFIX = "cortex_temporary_"
_KEY = "hashtextextended(%s, 0)"
"""The number of the advisory lock on a schema, which is held as long as it is in use."""


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
            await guard.execute(f"SELECT pg_advisory_lock({_KEY})", (schema,))
        except psycopg.Error as error:
            raise named(address.shown, error) from error
        try:
            yield place
        finally:
            await drop(place)
            # Where the guard is gone, its locks are, too.
            with suppress(psycopg.Error):
                await guard.execute(f"SELECT pg_advisory_unlock({_KEY})", (schema,))


class _Guard:
    """The connection that has the locks, and how many places use it."""

    def __init__(self) -> None:
        self.connection: AsyncConnection[Any] | None = None
        self.opening = asyncio.Lock()
        self.users = 0


_guards: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, _Guard]] = WeakKeyDictionary()


@asynccontextmanager
async def _guarding(address: Address) -> AsyncIterator[AsyncConnection[Any]]:
    """The connection of this event loop that guards places on the server. Raises StoreError."""
    guards = _guards.setdefault(asyncio.get_running_loop(), {})
    guard = guards.setdefault(address.url, _Guard())
    guard.users += 1
    try:
        async with guard.opening:
            if guard.connection is None:
                guard.connection = await _opened(address)
        yield guard.connection
    finally:
        guard.users -= 1
        if not guard.users:
            del guards[address.url]
            if guard.connection is not None:
                await guard.connection.close()


async def _opened(address: Address) -> AsyncConnection[Any]:
    try:
        guard = await AsyncConnection.connect(address.url, autocommit=True)
        try:
            await _drop_left_behind(guard)
        except BaseException:
            await guard.close()
            raise
    except psycopg.Error as error:
        raise named(address.shown, error) from error
    return guard


async def _drop_left_behind(guard: AsyncConnection[Any]) -> None:
    found = await guard.execute(
        "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s)", (_PREFIX,)
    )
    for (schema,) in await found.fetchall():
        locked = await guard.execute(f"SELECT pg_try_advisory_lock({_KEY})", (schema,))
        if (await locked.fetchone() or (False,))[0]:
            try:
                await schemas.drop(guard, schema)
            finally:
                await guard.execute(f"SELECT pg_advisory_unlock({_KEY})", (schema,))
