"""How near the core is to what a PostgreSQL server on loopback allows.

References are asyncpg and psycopg by hand: the same statements, on as many connections, of a
server that keeps what it has committed. By hand a row comes back as the driver gives it, and the
words of a text are made before the clock starts; the core makes both, and goes through its
behaviours.
`--quick` takes fewer rounds. Needs PostgreSQL's programs and the dependency group `peers`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from itertools import count
from random import Random
from typing import Any, Protocol

from cortex_core import CaptureConversation, Conversation, Cortex, GetConversationById
from cortex_core.data import conversation_id, conversations, seed_store
from cortex_core.postgres.tables import CONVERSATIONS
from tests.performance._bench import Bench, opened_bench
from tests.performance._measure import Measurements
from tests.postgres_server import PostgresServer, why_not

ROWS = 10_000
WORKERS = 64
CONNECTIONS = 8

COLUMNS = ", ".join(CONVERSATIONS.columns)
GET = f"SELECT {COLUMNS} FROM cortex.conversations WHERE id = $1"
CHANGES = ", ".join(f"{name} = excluded.{name}" for name in CONVERSATIONS.stored if name != "id")
VALUES = ", ".join(f"${n}" for n in range(1, len(CONVERSATIONS.columns) + 1))
SAVE = (
    f"INSERT INTO cortex.conversations ({', '.join(CONVERSATIONS.stored)}) "
    f"VALUES ({VALUES}, ${len(CONVERSATIONS.columns) + 1}::text::tsvector, "
    f"${len(CONVERSATIONS.columns) + 2}) ON CONFLICT (id) DO UPDATE SET {CHANGES}"
)


class ByHand(Protocol):
    """The two operations, written with a driver."""

    async def get(self, wanted: str) -> object: ...

    async def save(self, row: tuple[Any, ...]) -> None: ...


class Asyncpg:
    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def get(self, wanted: str) -> object:
        async with self._pool.acquire() as connection:
            return await connection.fetchrow(GET, wanted)

    async def save(self, row: tuple[Any, ...]) -> None:
        async with (
            self._pool.acquire() as connection,
            connection.transaction(isolation="serializable"),
        ):
            await connection.execute(SAVE, *row)


class Psycopg:
    """Connections that wait in a queue: psycopg's own pool would cost more than the statements."""

    GET = GET.replace("$1", "%s")
    SAVE = SAVE

    def __init__(self, connections: list[Any]) -> None:
        self._free: asyncio.LifoQueue[Any] = asyncio.LifoQueue()
        for connection in connections:
            self._free.put_nowait(connection)
        for number in reversed(range(1, len(CONVERSATIONS.stored) + 1)):
            self.SAVE = self.SAVE.replace(f"${number}", "%s")

    async def get(self, wanted: str) -> object:
        connection = await self._free.get()
        try:
            return await (await connection.execute(self.GET, (wanted,))).fetchone()
        finally:
            self._free.put_nowait(connection)

    async def save(self, row: tuple[Any, ...]) -> None:
        connection = await self._free.get()
        try:
            async with connection.transaction():
                await connection.execute(self.SAVE, row)
        finally:
            self._free.put_nowait(connection)


@asynccontextmanager
async def by_asyncpg(url: str) -> AsyncIterator[ByHand]:
    import asyncpg

    async with asyncpg.create_pool(url, min_size=CONNECTIONS, max_size=CONNECTIONS) as pool:
        yield Asyncpg(pool)


@asynccontextmanager
async def by_psycopg(url: str) -> AsyncIterator[ByHand]:
    import psycopg

    connections = []
    for _ in range(CONNECTIONS):
        connection = await psycopg.AsyncConnection.connect(url, autocommit=True)
        await connection.set_isolation_level(psycopg.IsolationLevel.SERIALIZABLE)
        connections.append(connection)
    yield Psycopg(connections)
    for connection in connections:
        await connection.close()


DRIVERS: dict[str, Callable[[str], Any]] = {"asyncpg": by_asyncpg, "psycopg": by_psycopg}


class Fresh:
    """Conversations that are not stored yet, and their rows."""

    def __init__(self) -> None:
        self._numbers = count()
        self._pool = list(conversations(500))
        self._words = [_vector_text(conversation) for conversation in self._pool]

    def next(self) -> Conversation:
        number = next(self._numbers)
        return replace(self._pool[number % 500], id=f"fresh-{number}")

    def row(self) -> tuple[Any, ...]:
        number = next(self._numbers)
        made = self._pool[number % 500]
        values = (getattr(made, name) for name in CONVERSATIONS.columns if name != "id")
        return (f"by hand-{number}", *values, self._words[number % 500], 100)


def _vector_text(conversation: Conversation) -> str:
    from cortex_core.words import index_text

    places: dict[str, list[str]] = {}
    for number, word in enumerate(index_text(conversation.content).split(), 1):
        places.setdefault(word, []).append(str(number))
    return " ".join(f"'{word}':{','.join(found)}" for word, found in places.items())


def compare(bench: Bench, cortex: Cortex, name: str, by_hand: ByHand) -> None:
    rng, fresh = Random(1), Fresh()
    rounds = bench.rounds(quick=7, full=21)
    gets, saves = bench.rounds(quick=200, full=1000), bench.rounds(quick=60, full=200)

    async def get(_: int) -> None:
        wanted = conversation_id(rng.randrange(ROWS))
        assert (await cortex.send(GetConversationById(wanted))).value is not None

    async def get_by_hand(_: int) -> None:
        assert await by_hand.get(conversation_id(rng.randrange(ROWS))) is not None

    async def capture(_: int) -> None:
        made = fresh.next()
        sent = CaptureConversation(title=made.title, content=made.content, quality=made.quality)
        assert (await cortex.send(sent)).ok

    async def save_by_hand(_: int) -> None:
        await by_hand.save(fresh.row())

    pairs: tuple[tuple[str, Any, Any, int], ...] = (
        ("get", get, get_by_hand, gets),
        ("capture", capture, save_by_hand, saves),
    )
    for what, ours, theirs, each in pairs:
        bench.at_most(
            f"{what} / {name} by hand",
            bench.one_by_one(ours, each), bench.one_by_one(theirs, each),
            unit="ns", goal=1.3, rounds=rounds,
        )  # fmt: skip
        p99s: tuple[list[float], list[float]] = ([], [])
        title = f"{what}, {WORKERS} at once / {name} by hand"
        bench.at_most(
            title,
            bench.at_once(ours, WORKERS, max(4, each // 32), p99s[0]),
            bench.at_once(theirs, WORKERS, max(4, each // 32), p99s[1]),
            unit="ns", goal=1 / 0.8, rounds=rounds,
        )  # fmt: skip
        if all(p99s):
            best = [sorted(each_p99s)[len(each_p99s) // 2] for each_p99s in p99s]
            bench.measurements.show(f"{title}, p99", *best, unit="ns")


@contextmanager
def opened_server() -> Iterator[PostgresServer]:
    server = PostgresServer({"autovacuum": "on", "shared_buffers": "256MB"})
    try:
        yield server
    finally:
        server.remove()


def main() -> None:
    measurements = Measurements(__doc__ or "")
    reason = why_not()
    if reason is not None:
        measurements.line(reason, 0.0, None, 0.0, None, met=False, unit="")
        measurements.exit()
    with (
        opened_server() as server,
        opened_bench(measurements) as bench,
        bench.open(Cortex.open(server.url)) as cortex,
    ):
        bench.run(lambda: seed_store(cortex.store, conversations=ROWS))
        for name, opening in DRIVERS.items():
            try:
                with bench.open(opening(server.url)) as by_hand:
                    compare(bench, cortex, name, by_hand)
            except ModuleNotFoundError as error:
                what = f"{error.name} is not installed (`make perf` does)"
                measurements.line(what, 0.0, None, 0.0, None, met=False, unit="")
    measurements.exit()


if __name__ == "__main__":
    main()
