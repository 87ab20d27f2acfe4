"""The store's port on a PostgreSQL server."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from cortex_core.errors import StoreClosedError, StoreError
from cortex_core.lines import one_line
from cortex_core.ports import Capabilities, Op, Publish, ReadTx, Tx
from cortex_core.postgres import schema as schemas
from cortex_core.postgres.address import DEFAULT_SCHEMA, Address, check_schema
from cortex_core.postgres.announcements import Announcements
from cortex_core.postgres.connections import Connections, Pool
from cortex_core.postgres.failures import translated
from cortex_core.postgres.look_ups import LookUps
from cortex_core.postgres.questions import look_ups, reads
from cortex_core.postgres.reader import Reader
from cortex_core.postgres.silence import ANSWER_TIMEOUT_S
from cortex_core.postgres.statements import Statements
from cortex_core.postgres.under_way import UnderWay
from cortex_core.postgres.write_queue import WriteQueue
from cortex_core.search import ConversationSearch, PatternSearch, SearchHits, SimilarPattern
from cortex_core.settings import BUSY_TIMEOUT_S, SEARCH_TIMEOUT_S, check_timeout

T = TypeVar("T")

CONNECTIONS_MOST = 8
_FORGOTTEN_S = 1.0

_CAPABILITIES = Capabilities(
    persistent=True,
    across_processes=True,
    remote=True,
)


class PostgresStore:
    """Units and searches on a server; `publish` gets the events of what was committed.

    It belongs to the event loop that opened it. Make one with `open` or `over`.
    """

    def __init__(
        self,
        pool: Pool,
        publish: Publish,
        *,
        name: str,
        schema: str,
        owned: Pool | None,
        busy_timeout_s: float,
        search_timeout_s: float,
        answer_timeout_s: float,
        announcements: Announcements | None = None,
    ) -> None:
        """`owned` is the pool where it is closed with the store, and used by it alone."""
        self.name = name
        self._loop = asyncio.get_running_loop()
        self._owned = owned
        self.connections = Connections(
            pool, self._loop, keep=owned is not None, wait_s=busy_timeout_s
        )
        statements = Statements(schema)
        self._under_way = UnderWay(self._loop)
        self._announcements = announcements
        announced = None if announcements is None else announcements.calls
        self._writes = WriteQueue(
            self.connections, self._loop, statements, publish, announced, answer_timeout_s
        )
        self._reads = Reader(
            self.connections, self._loop, statements, self._under_way, search_timeout_s
        )
        self._look_ups = LookUps(self.connections, self._under_way, search_timeout_s)
        self._asks_look_up = look_ups(statements)
        self._asks_read = reads(statements)
        self._closing: asyncio.Task[None] | None = None
        self._ended = asyncio.Event()
        self._guard = self._loop.create_task(self._close_with_the_loop(), name="cortex-core guard")

    @classmethod
    async def open(
        cls,
        url: str,
        publish: Publish,
        *,
        connections: int = CONNECTIONS_MOST,
        busy_timeout_s: float = BUSY_TIMEOUT_S,
        search_timeout_s: float = SEARCH_TIMEOUT_S,
        answer_timeout_s: float = ANSWER_TIMEOUT_S,
    ) -> "PostgresStore":
        """Connect to `postgresql://user@host/database?schema=name`, and make the schema there.
        With `&events=shared`, events go to every store that was opened so in the schema, in
        whichever process; on one more connection.

        It has `connections` at most. A write waits `busy_timeout_s` for another client's lock, and
        anything that long for a connection. A write fails once the server has not answered for
        `answer_timeout_s`, everything else past `search_timeout_s`. Raises StoreError and its
        subclasses, ValueError for settings that no store can have.
        """
        _check_timeouts(busy_timeout_s, search_timeout_s, answer_timeout_s)
        if isinstance(connections, bool) or not isinstance(connections, int) or connections < 1:
            raise ValueError(
                f"connections: expected a whole number of at least 1, got {connections!r}"
            )
        address = Address.parsed(url)
        try:
            # Not through the pool, which would try again for long instead of giving the reason.
            async with await AsyncConnection.connect(address.url, **address.settings) as connection:
                await schemas.prepare(connection, address.schema)
            announcements = None
            if address.shares_events:
                announcements = Announcements(address, publish)
                await announcements.start()
        except (psycopg.Error, StoreError) as error:
            raise named(address.shown, error) from error

        async def configure(connection: AsyncConnection[Any]) -> None:
            await connection.execute(_lock_timeout(busy_timeout_s))

        pool = AsyncConnectionPool(
            address.url,
            kwargs=address.settings,
            configure=configure,
            min_size=1,
            max_size=connections,
            open=False,
            name=f"cortex-core {address.shown}",
        )
        await pool.open()
        store = cls(
            pool,
            publish,
            name=address.shown,
            schema=address.schema,
            owned=pool,
            busy_timeout_s=busy_timeout_s,
            search_timeout_s=search_timeout_s,
            answer_timeout_s=answer_timeout_s,
            announcements=announcements,
        )
        # A task that is cancelled before its first step could not guard anything.
        await asyncio.sleep(0)
        return store

    @classmethod
    async def over(
        cls,
        pool: Pool,
        publish: Publish,
        *,
        schema: str = DEFAULT_SCHEMA,
        busy_timeout_s: float = BUSY_TIMEOUT_S,
        search_timeout_s: float = SEARCH_TIMEOUT_S,
        answer_timeout_s: float = ANSWER_TIMEOUT_S,
    ) -> "PostgresStore":
        """Use an application's own pool, which is open and stays open after the store is closed.

        Takes a connection only for as long as it needs it, with the settings that it has. Raises
        the same errors as `open`.
        """
        _check_timeouts(busy_timeout_s, search_timeout_s, answer_timeout_s)
        check_schema(schema)
        try:
            async with pool.connection() as connection:
                await schemas.prepare(connection, schema)
        except psycopg.Error as error:
            raise named(pool.name, error) from error
        return cls(
            pool,
            publish,
            name=pool.name,
            schema=schema,
            owned=None,
            busy_timeout_s=busy_timeout_s,
            search_timeout_s=search_timeout_s,
            answer_timeout_s=answer_timeout_s,
        )

    @property
    def capabilities(self) -> Capabilities:
        return _CAPABILITIES

    def ask(self, op: Op[T]) -> Awaitable[T]:
        self._refuse_if_unusable()
        kind = type(op)
        if (asks := self._asks_look_up.get(kind)) and (question := asks(op)):
            return self._look_ups.ask(question)
        if (asks := self._asks_read.get(kind)) and (question := asks(op)):
            return self._reads.ask(question)
        return op.through(self)

    def write(self, unit: Callable[[Tx], T]) -> Awaitable[T]:
        self._refuse_if_unusable()
        return self._writes.submit(unit)

    def read(self, unit: Callable[[ReadTx], T]) -> Awaitable[T]:
        self._refuse_if_unusable()
        return self._reads.run(unit)

    def scan(self, unit: Callable[[ReadTx], T]) -> Awaitable[T]:
        self._refuse_if_unusable()
        return self._reads.run(unit, "scan")

    def look_up(self, unit: Callable[[ReadTx], T]) -> Awaitable[T]:
        return self.read(unit)

    def search_conversations(self, search: ConversationSearch) -> Awaitable[SearchHits]:
        self._refuse_if_unusable()
        return self._reads.run(lambda tx: tx.search_conversations(search), "search")

    def search_patterns(self, search: PatternSearch) -> Awaitable[tuple[SimilarPattern, ...]]:
        self._refuse_if_unusable()
        return self._reads.run(lambda tx: tx.search_patterns(search), "search")

    async def close(self) -> None:
        """Refuse new work, finish what was accepted, and close the connections.

        Further calls wait for the first. Cancelled, it still closes.
        """
        if self._closing is None:
            self._closing = self._loop.create_task(self._close(), name="cortex-core close")
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        await self._writes.drained()
        if self._announcements is not None:
            await self._announcements.stop()
        await self._under_way.drained()
        self._look_ups.release()
        await self.connections.close()
        if self._owned is not None:
            await self._owned.close()
        self._ended.set()
        await self._guard

    async def _close_with_the_loop(self) -> None:
        """Where nobody closes the store, end the tasks of its pool when the loop is torn down: they
        take being cancelled while they connect for a failure, and wait for more to do."""
        try:
            await self._ended.wait()
        finally:
            if self._owned is not None and not self._ended.is_set():
                with suppress(Exception):
                    await self._owned.close(_FORGOTTEN_S)

    def _refuse_if_unusable(self) -> None:
        if self._closing is not None:
            raise StoreClosedError(f"{self.name}: the store is closed")
        if asyncio.get_running_loop() is not self._loop:
            raise StoreError(f"{self.name}: the store belongs to another event loop")


async def drop(url: str) -> None:
    """Remove the schema that the URL names, with all that is in it.

    Raises StoreError where the server cannot be reached or refuses, ForeignFileError where the
    schema is not a store's.
    """
    address = Address.parsed(url)
    try:
        async with await AsyncConnection.connect(address.url, **address.settings) as connection:
            await connection.execute(_lock_timeout(BUSY_TIMEOUT_S))
            await schemas.drop(connection, address.schema)
    except psycopg.Error as error:
        raise named(address.shown, error) from error


def _check_timeouts(busy_s: float, search_s: float, answer_s: float) -> None:
    check_timeout("busy_timeout_s", busy_s)
    check_timeout("search_timeout_s", search_s)
    check_timeout("answer_timeout_s", answer_s)


def _lock_timeout(timeout_s: float) -> bytes:
    # With 0 the server waits without an end.
    return b"SET lock_timeout = %d" % max(1, math.ceil(timeout_s * 1000))


def named(name: str, error: Exception) -> BaseException:
    """The store's error for `error`, with the server's address in front."""
    shown = translated(error)
    return type(shown)(one_line(f"{name}: {shown}")) if isinstance(shown, StoreError) else shown
