"""What the core is compared with below the mediator: sqlite3, and aiosqlite as it is used."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite

from cortex_core import Cortex, Event, Events
from cortex_core.ports import Tx
from cortex_core.settings import Synchronous
from cortex_core.sqlite.database import Database
from cortex_core.sqlite.full_text import add_word_functions
from cortex_core.sqlite.store import SqliteStore, SqliteTx

GET = "SELECT * FROM conversations WHERE id = ?"

Statement = tuple[str, tuple[Any, ...]]
"""SQL and its parameters."""

T = TypeVar("T")


def in_one_thread(path: Path, synchronous: str = "NORMAL") -> sqlite3.Connection:
    """sqlite3 on a file of the core's, with the core's pragmas."""
    connection = sqlite3.connect(path, isolation_level=None)
    add_word_functions(connection)
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute("PRAGMA wal_autocheckpoint = 4000")
    connection.execute("PRAGMA cache_size = -16000")
    add_word_functions(connection)
    return connection


def transaction(connection: sqlite3.Connection, *statements: Statement) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for statement, parameters in statements:
        connection.execute(statement, parameters).fetchall()
    connection.execute("COMMIT")


class CheckedOutPool:
    """Two aiosqlite connections, each of them one operation's at a time."""

    def __init__(self, connections: list[aiosqlite.Connection]) -> None:
        self._free: asyncio.Queue[aiosqlite.Connection] = asyncio.Queue()
        for connection in connections:
            self._free.put_nowait(connection)

    async def get(self, conversation_id: str) -> None:
        connection = await self._free.get()
        try:
            async with connection.execute(GET, (conversation_id,)) as cursor:
                row = await cursor.fetchone()
            assert row is not None
        finally:
            self._free.put_nowait(connection)


@asynccontextmanager
async def checked_out_pool(path: Path) -> AsyncIterator[CheckedOutPool]:
    async with aiosqlite.connect(path) as one, aiosqlite.connect(path) as other:
        yield CheckedOutPool([one, other])


class _Transactions(sqlite3.Connection):
    """Runs a function in a transaction of its own, where aiosqlite means to run a script."""

    def executescript(self, work: Any, /) -> Any:
        self.execute("BEGIN IMMEDIATE")
        work(self)
        self.execute("COMMIT")


class OneTransactionEach(SqliteStore):
    """The core's store, but that every unit is a transaction and a hop to the writer."""

    def __init__(self, database: Database, events: Events, writer: aiosqlite.Connection) -> None:
        super().__init__(database, events.publish)
        self._events = events
        self._writer = writer

    def write(self, unit: Callable[[Tx], T]) -> Awaitable[T]:
        return self._alone(unit)

    async def _alone(self, unit: Callable[[Tx], T]) -> T:
        values: list[T] = []
        recorded: list[Event] = []

        def work(connection: sqlite3.Connection) -> None:
            tx = SqliteTx(connection)
            values.append(unit(tx))
            recorded.extend(tx.events)

        await self._writer.executescript(work)
        self._events.publish(recorded)
        return values[0]


@asynccontextmanager
async def one_transaction_each(path: Path, synchronous: Synchronous) -> AsyncIterator[Cortex]:
    events = Events()
    database = await Database.open(path, synchronous=synchronous)
    async with aiosqlite.connect(path, isolation_level=None, factory=_Transactions) as writer:
        await writer.execute(f"PRAGMA synchronous = {synchronous}")
        await writer.execute("PRAGMA wal_autocheckpoint = 4000")
        yield Cortex(OneTransactionEach(database, events, writer), events=events)
    await database.close()
