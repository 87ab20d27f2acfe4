"""Runs units that only read, each on a connection of its own, side by side."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from cortex_core.postgres.connections import Connections
from cortex_core.postgres.failures import translated
from cortex_core.postgres.greenlets import in_greenlet
from cortex_core.postgres.pipeline import Pipeline
from cortex_core.postgres.statements import BEGIN_READ, Statements
from cortex_core.postgres.transaction import Transaction
from cortex_core.postgres.tx import PostgresTx

T = TypeVar("T")

_CANCEL_S = 5.0


class Reader:
    """Reads, as many at once as there are connections."""

    def __init__(
        self, connections: Connections, loop: asyncio.AbstractEventLoop, statements: Statements
    ) -> None:
        self._connections = connections
        self._loop = loop
        self._statements = statements
        self._under_way = 0
        self._idle: asyncio.Future[None] | None = None
        self._cancelling: set[asyncio.Task[None]] = set()

    async def run(self, unit: Callable[[PostgresTx], T]) -> T:
        """What `unit` returns, on one moment's view. Cancelled, it stops on the server too."""
        self._under_way += 1
        try:
            pipeline = await self._connections.take()
            transaction = Transaction(pipeline, BEGIN_READ)
            try:
                value = await in_greenlet(partial(unit, PostgresTx(transaction, self._statements)))
            except asyncio.CancelledError:
                self._cancel(pipeline, transaction)
                raise
            except BaseException as error:
                self._end(pipeline, transaction)
                shown = translated(error)
                if shown is error:
                    raise
                raise shown from error
            self._end(pipeline, transaction)
            return value
        finally:
            self._ended()

    async def drained(self) -> None:
        """Return when nothing is under way."""
        while self._under_way:
            self._idle = self._loop.create_future()
            await self._idle

    def _end(self, pipeline: Pipeline, transaction: Transaction) -> None:
        if pipeline.usable:
            transaction.end()
        self._connections.give(pipeline)

    def _cancel(self, pipeline: Pipeline, transaction: Transaction) -> None:
        """The caller does not wait for the server to stop; close() does."""
        self._under_way += 1
        task = self._loop.create_task(
            self._stopped(pipeline, transaction), name="cortex-core cancel"
        )
        self._cancelling.add(task)
        task.add_done_callback(self._cancelling.discard)

    async def _stopped(self, pipeline: Pipeline, transaction: Transaction) -> None:
        try:
            if await pipeline.cancel(_CANCEL_S):
                transaction.failed = True
                transaction.end()
            else:
                pipeline.abandon()
        except BaseException:
            pipeline.abandon()
            raise
        finally:
            self._connections.give(pipeline)
            self._ended()

    def _ended(self) -> None:
        self._under_way -= 1
        if not self._under_way and self._idle is not None and not self._idle.done():
            self._idle.set_result(None)
