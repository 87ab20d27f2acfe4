"""Takes connections from a psycopg pool, and keeps those of a pool of its own between two uses.

psycopg's pool opens connections, opens them again when they break, and keeps their number. Taking
one from it and giving it back costs 200 µs, so a store that has the pool to itself keeps what it
was given. From an application's pool it takes a connection for as long as it has work for it.
"""

import asyncio
from collections import deque
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

from cortex_core.errors import StoreBusyError, StoreClosedError, StoreError, StoreUnavailableError
from cortex_core.postgres.pipeline import Pipeline

Connection = AsyncConnection[Any]


Pool = AsyncConnectionPool[Any]

_CONNECT_LEAST_S = 1.0
"""Opening a connection takes its time, however short somebody would wait for others."""


class Connections:
    """The connections of a store, at most as many as the pool may have."""

    def __init__(
        self, pool: Pool, loop: asyncio.AbstractEventLoop, *, keep: bool, wait_s: float
    ) -> None:
        """`keep` them between two uses; wait `wait_s` at most where all are in use."""
        self._pool = pool
        self._loop = loop
        self.keeps = keep
        self.wait_s = wait_s
        self._connect_s = max(wait_s, _CONNECT_LEAST_S)
        self._idle: list[Pipeline] = []
        self._in_use = 0
        self._waiting: deque[asyncio.Future[Pipeline | None]] = deque()
        self._prepared: WeakKeyDictionary[Connection, set[bytes]] = WeakKeyDictionary()
        self._prepares = True
        self._returning: set[asyncio.Task[None]] = set()
        self._closed = False

    async def take(self) -> Pipeline:
        """A connection for the caller alone, until `give`.

        Raises StoreBusyError where none becomes free in time, StoreUnavailableError where the
        server cannot be reached.
        """
        if self._closed:
            raise StoreClosedError("the store is closed")
        while self._idle:
            pipeline = self._idle.pop()
            if pipeline.check():
                self._in_use += 1
                return pipeline
            self._return(pipeline)
        if self._in_use < self.most:
            return await self._lease()
        waiting: asyncio.Future[Pipeline | None] = self._loop.create_future()
        self._waiting.append(waiting)
        try:
            async with asyncio.timeout(self.wait_s):
                found = await waiting
        except (TimeoutError, asyncio.CancelledError) as error:
            if waiting.done() and not waiting.cancelled():
                self._pass_on(waiting.result())
            if isinstance(error, TimeoutError):
                raise self._exhausted() from None
            raise
        if found is not None:
            return found
        self._in_use -= 1  # the place that was handed over is taken anew
        return await self._lease()

    def give(self, pipeline: Pipeline) -> None:
        """The caller does not need it any more. What was asked last may still be under way."""
        if (
            pipeline.usable
            and self.keeps
            and self._prepares == pipeline.prepares
            and not self._closed
        ):
            self._pass_on(pipeline)
        else:
            self._return(pipeline)
            self._pass_on(None)

    async def close(self) -> None:
        """Give every connection back to the pool."""
        self._closed = True
        while self._idle:
            self._return(self._idle.pop())
        while self._returning:
            await asyncio.wait(self._returning)

    @property
    def most(self) -> int:
        """How many there can be."""
        return self._pool.max_size

    def _pass_on(self, pipeline: Pipeline | None) -> None:
        """To who waits longest: a connection, or the place of one."""
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(pipeline)
                return
        self._in_use -= 1
        if pipeline is not None:
            self._idle.append(pipeline)

    async def _lease(self) -> Pipeline:
        """A connection of the pool that the server has not closed meanwhile."""
        self._in_use += 1
        try:
            while True:
                connection = await self._getconn()
                try:
                    return self._pipeline(connection)
                except psycopg.OperationalError:
                    await self._pool.putconn(connection)
        except BaseException:
            self._pass_on(None)
            raise

    def _pipeline(self, connection: Connection) -> Pipeline:
        encoding = connection.pgconn.parameter_status(b"client_encoding")
        if encoding != b"UTF8":
            raise StoreError(
                f"expected connections with the client encoding UTF8, got {encoding!r}"
            )
        prepared = self._prepared.setdefault(connection, set()) if self._prepares else None
        pipeline = Pipeline(connection, self._loop, prepared, self._forgotten)
        if not pipeline.check():
            raise psycopg.OperationalError("the server closed the connection")
        return pipeline

    async def _getconn(self) -> Connection:
        failed_before = self._pool.get_stats().get("connections_errors", 0)
        try:
            connection: Connection = await self._pool.getconn(self._connect_s)
        except PoolClosed as error:
            raise StoreClosedError("the pool is closed") from error
        except (PoolTimeout, TooManyRequests) as error:
            failed = self._pool.get_stats().get("connections_errors", 0) > failed_before
            # Of its own pool there is one left, but not one that could be opened.
            if failed or self.keeps:
                raise StoreUnavailableError(
                    f"the server could not be reached within {self._connect_s:g} s"
                ) from error
            raise self._exhausted() from error
        return connection

    def _forgotten(self) -> None:
        """Connections lose what they have prepared: from now on, nothing is."""
        self._prepares = False
        while self._idle:
            self._return(self._idle.pop())

    def _exhausted(self) -> StoreError:
        return StoreBusyError(
            f"all {self.most} connections of the pool were in use for {self.wait_s:g} s"
        )

    def _return(self, pipeline: Pipeline) -> None:
        """To the pool, which replaces a connection that is closed."""
        task = self._loop.create_task(self._returned(pipeline), name="cortex-core connections")
        self._returning.add(task)
        task.add_done_callback(self._returning.discard)

    async def _returned(self, pipeline: Pipeline) -> None:
        try:
            await pipeline.drained(self._connect_s)
        finally:
            pipeline.close()
            # Where the application has closed its pool, the connection is closed, too.
            with suppress(psycopg.Error, ValueError):
                await self._pool.putconn(pipeline.connection)
