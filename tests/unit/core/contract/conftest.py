"""The stores that are held to the contract: one more line here is one more store."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from cortex_core import Events
from cortex_core.memory.store import MemoryStore
from cortex_core.ports import Store
from cortex_core.sqlite.database import Database
from cortex_core.sqlite.store import SqliteStore


async def sqlite(path: Path, events: Events) -> Store:
    return SqliteStore(await Database.open(path), events.publish)


async def sqlite_in_memory(path: Path, events: Events) -> Store:
    return SqliteStore(await Database.open(":memory:"), events.publish)


async def memory(path: Path, events: Events) -> Store:
    return MemoryStore(events.publish)


STORES: tuple[Callable[[Path, Events], Awaitable[Store]], ...] = (sqlite, sqlite_in_memory, memory)


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture(params=STORES, ids=lambda opened: opened.__name__)
async def store(request: pytest.FixtureRequest, path: Path, events: Events) -> AsyncIterator[Store]:
    opened: Store = await request.param(path, events)
    yield opened
    await opened.close()
