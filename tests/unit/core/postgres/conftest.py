"""A schema for each test on a server that they share, and a store in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count

import pytest

from cortex_core import Events
from cortex_core.postgres.address import with_schema
from cortex_core.postgres.store import PostgresStore, drop
from tests.postgres_server import PostgresServer

_schemas = count(1)


@pytest.fixture
async def url(postgres_server: PostgresServer) -> AsyncIterator[str]:
    url = with_schema(postgres_server.url, f"test_{next(_schemas)}")
    yield url
    await drop(url)


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
async def store(url: str, events: Events) -> AsyncIterator[PostgresStore]:
    opened = await PostgresStore.open(url, events.publish)
    yield opened
    await opened.close()


@pytest.fixture
def stoppable_url(stoppable_server: PostgresServer) -> str:
    """A schema on a server that the test may stop and kill."""
    return with_schema(stoppable_server.url, f"test_{next(_schemas)}")
