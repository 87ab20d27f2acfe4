"""Runs units that only read, each on a connection of its own, side by side."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

from cortex_core.postgres.connections import Connections
from cortex_core.postgres.failures import FORGOTTEN, LostError, translated
from cortex_core.postgres.greenlets import in_greenlet
from cortex_core.postgres.pipeline import Pipeline
from cortex_core.postgres.statements import BEGIN_READ, Statements
from cortex_core.postgres.transaction import Transaction
from cortex_core.postgres.tx import PostgresTx

T = TypeVar("T")

_CANCEL_S = 5.0
_TRIES_MOST = 12


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
        """What `unit` returns, on one moment's view. Cancelled, it stops on the server too.

        Run again where the connection broke, or had not prepared what it should: after a restart
        of the server, each that was kept has to be found out about.
        """
        self._under_way += 1
        try:
            for _ in range(_TRIES_MOST - 1):
                with suppress(LostError, *FORGOTTEN):
                    return await self._attempt(unit)
            return await self._attempt(unit)
        except BaseException as error:
            shown = translated(error)
            if shown is error:
                raise
            raise shown from error
        finally:
            self._ended()

    async def _attempt(self, unit: Callable[[PostgresTx], T]) -> T:
        pipeline = await self._connections.take()
        transaction = Transaction(pipeline, BEGIN_READ)
        try:
            value = await in_greenlet(partial(unit, PostgresTx(transaction, self._statements)))
        except asyncio.CancelledError:
            self._stop_soon(pipeline, transaction)
            raise
        except BaseException:
            self._end(pipeline, transaction)
            raise
        self._end(pipeline, transaction)
        return value

    def _end(self, pipeline: Pipeline, transaction: Transaction) -> None:
        if pipeline.usable:
            transaction.end()
        self._connections.give(pipeline)

    async def drained(self) -> None:
        """Return when nothing is under way."""
        while self._under_way:
            self._idle = self._loop.create_future()
            await self._idle

    def _stop_soon(self, pipeline: Pipeline, transaction: Transaction) -> None:
        """The caller does not wait until the server has stopped; close() does."""
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
