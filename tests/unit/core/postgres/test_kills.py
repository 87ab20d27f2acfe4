"""kill -9 of the server, and of the client, in the middle of batches: what was acknowledged is
stored. Each twenty times."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from itertools import count

import psycopg
import pytest

from cortex_core import Events
from cortex_core.errors import StoreOutcomeUnknownError, StoreUnavailableError
from cortex_core.postgres.address import Address
from cortex_core.postgres.store import PostgresStore
from tests.postgres_server import PostgresServer
from tests.unit.core.contract.entities import conversation, save

pytestmark = pytest.mark.soak

KILLS = 20
WRITERS = 64

WRITES_UNTIL_KILLED = """
import asyncio, sys
from itertools import count
from cortex_core import Events, ops
from cortex_core.data import conversations
from cortex_core.postgres.store import PostgresStore
from dataclasses import replace

url, name = sys.argv[1:]
made = next(conversations(1))
numbers = count()

async def writer(store):
    while True:
        entity = replace(made, id=f"{name} {next(numbers)}")
        await store.ask(ops.SaveConversation(entity))
        print(entity.id, flush=True)

async def main():
    store = await PostgresStore.open(url, Events().publish)
    await asyncio.gather(*(writer(store) for _ in range(64)))

asyncio.run(main())
"""


async def stored_ids(url: str) -> set[str]:
    address = Address.parsed(url)
    async with await psycopg.AsyncConnection.connect(address.url) as connection:
        found = await connection.execute(f"SELECT id FROM {address.schema}.conversations".encode())
        return {row[0] for row in await found.fetchall()}


async def test_a_killed_server_has_all_that_was_acknowledged(
    stoppable_server: PostgresServer, stoppable_url: str
) -> None:
    rng = random.Random(20)
    store = await PostgresStore.open(stoppable_url, Events().publish, busy_timeout_s=30)
    stored: set[str] = set()
    unknown = 0
    numbers = count()
    over = False

    async def writer() -> None:
        nonlocal unknown
        while not over:
            name = str(next(numbers))
            try:
                await save(store, conversation(name))
            except StoreOutcomeUnknownError:
                unknown += 1
            except StoreUnavailableError:
                await asyncio.sleep(0.01)
            else:
                stored.add(name)

    writers = [asyncio.ensure_future(writer()) for _ in range(WRITERS)]
    for kill in range(KILLS):
        enough = len(stored) + rng.randrange(50, 500)
        while len(stored) < enough:  # noqa: ASYNC110
            await asyncio.sleep(0.002)
        stoppable_server.kill()
        stoppable_server.start()
        acknowledged = set(stored)
        missing = acknowledged - await stored_ids(stoppable_url)
        assert not missing, f"kill {kill}: {len(missing)} of {len(acknowledged)} are missing"
    over = True
    await asyncio.gather(*writers)
    assert stored <= await stored_ids(stoppable_url)
    print(f"{KILLS} kills, {len(stored)} acknowledged, {unknown} with an unknown outcome")
    await store.close()


async def test_a_killed_client_leaves_all_that_was_acknowledged(url: str) -> None:
    rng = random.Random(21)
    store = await PostgresStore.open(url, Events().publish)
    acknowledged: list[str] = []
    for kill in range(KILLS):
        client = subprocess.Popen(  # noqa: ASYNC220
            [sys.executable, "-c", WRITES_UNTIL_KILLED, url, str(kill)], stdout=subprocess.PIPE
        )
        assert client.stdout is not None
        until_s = None
        while until_s is None or time.monotonic() < until_s:
            acknowledged.append(client.stdout.readline().decode().strip())
            until_s = until_s or time.monotonic() + rng.uniform(0.05, 0.5)
        client.kill()
        rest, _ = client.communicate()
        # What was being printed when it was killed may be cut.
        lines = rest.decode().split("\n")[:-1]
        acknowledged += lines
        missing = set(acknowledged) - await stored_ids(url)
        assert not missing, f"kill {kill}: {len(missing)} of {len(acknowledged)} are missing"
        # Its transaction does not stand in anybody's way.
        await save(store, conversation(f"after {kill}"))
    print(f"{KILLS} kills, {len(acknowledged)} acknowledged")
    await store.close()
