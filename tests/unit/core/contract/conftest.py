"""The stores that the contract is tested on: one more line here is one more store."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Protocol

import pytest

from cortex_core import Events
from cortex_core.memory.store import MemoryStore
from cortex_core.ports import Store
from cortex_core.sqlite.database import Database
from cortex_core.sqlite.store import SqliteStore
from tests.postgres_server import PostgresServer
from tests.unit.core.conftest import LONG_S


class Open(Protocol):
    def __call__(self, events: Events, search_timeout_s: float = LONG_S) -> Awaitable[Store]:
        """Open the store of one test; a second call opens another over the same data, if it can."""


_schemas = count(1)


@asynccontextmanager
async def sqlite(request: pytest.FixtureRequest) -> AsyncIterator[Open]:
    path: Path = request.getfixturevalue("path")

    async def opened(events: Events, search_timeout_s: float = LONG_S) -> Store:
        return SqliteStore(
            await Database.open(path, search_timeout_s=search_timeout_s), events.publish
        )

    yield opened


@asynccontextmanager
async def sqlite_in_memory(request: pytest.FixtureRequest) -> AsyncIterator[Open]:
    async def opened(events: Events, search_timeout_s: float = LONG_S) -> Store:
        database = await Database.open(":memory:", search_timeout_s=search_timeout_s)
        return SqliteStore(database, events.publish)

    yield opened


@asynccontextmanager
async def memory(request: pytest.FixtureRequest) -> AsyncIterator[Open]:
    async def opened(events: Events, search_timeout_s: float = LONG_S) -> Store:
        return MemoryStore(events.publish, search_timeout_s=search_timeout_s)

    yield opened


@asynccontextmanager
async def postgres(request: pytest.FixtureRequest) -> AsyncIterator[Open]:
    server: PostgresServer = request.getfixturevalue("postgres_server")
    from cortex_core.postgres.address import with_schema
    from cortex_core.postgres.store import PostgresStore, drop

    url = with_schema(server.url, f"contract_{next(_schemas)}")

    async def opened(events: Events, search_timeout_s: float = LONG_S) -> Store:
        return await PostgresStore.open(url, events.publish, search_timeout_s=search_timeout_s)

    yield opened
    await drop(url)


STORES: tuple[Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[Open]], ...] = (
    sqlite,
    sqlite_in_memory,
    memory,
    postgres,
)


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture(params=STORES, ids=lambda opening: opening.__name__)
async def open_store(request: pytest.FixtureRequest) -> AsyncIterator[Open]:
    """Opens a store; what it opened is closed at the end of the test."""
    opened: list[Store] = []
    async with request.param(request) as open_:

        async def opens(events: Events, search_timeout_s: float = LONG_S) -> Store:
            opened.append(await open_(events, search_timeout_s))
            return opened[-1]

        yield opens
        for store in opened:
            await store.close()


@pytest.fixture
async def store(open_store: Open, events: Events) -> Store:
    return await open_store(events)
