"""Runs what only reads, each on a connection of its own, side by side."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from psycopg.pq import TransactionStatus

from cortex_core.domain.plain import returned
from cortex_core.errors import SearchTimeoutError
from cortex_core.postgres.connections import Connections
from cortex_core.postgres.failures import FORGOTTEN, LostError, translated
from cortex_core.postgres.greenlets import in_greenlet
from cortex_core.postgres.pipeline import Pipeline
from cortex_core.postgres.questions import Question
from cortex_core.postgres.statements import BEGIN_READ, ROLLBACK, Statements
from cortex_core.postgres.transaction import Transaction
from cortex_core.postgres.tx import PostgresTx
from cortex_core.postgres.under_way import UnderWay

T = TypeVar("T")

_CANCEL_S = 5.0
_TRIES_MOST = 12
"""After a restart of the server, each connection that was kept has to be found out about."""


class Reader:
    """Reads, as many at once as there are connections.

    What is cancelled, or takes longer than it may, is stopped on the server, too. What lost its
    connection is run again on another: it has changed nothing.
    """

    def __init__(
        self,
        connections: Connections,
        loop: asyncio.AbstractEventLoop,
        statements: Statements,
        under_way: UnderWay,
        timeout_s: float,
    ) -> None:
        """A read has `timeout_s`, the wait for a connection included."""
        self._connections = connections
        self._loop = loop
        self._statements = statements
        self._under_way = under_way
        self._timeout_s = timeout_s
        self._stopping: set[asyncio.Task[None]] = set()

    async def run(self, unit: Callable[[PostgresTx], T], what: str = "read") -> T:
        """What `unit` returns, on one moment's view; an error calls it `what`."""
        deadline_s = self._loop.time() + self._timeout_s

        def check() -> None:
            # What is done on the loop's own thread cannot be cancelled meanwhile.
            if self._loop.time() > deadline_s:
                raise self._took_too_long(what)

        async def on(pipeline: Pipeline) -> T:
            transaction = Transaction(pipeline, BEGIN_READ)
            tx = PostgresTx(transaction, self._statements, check)
            try:
                return returned("unit", await in_greenlet(partial(unit, tx)))
            finally:
                transaction.end()

        return await self._with_connection(on, what)

    async def ask(self, question: Question) -> Any:
        """What the answer to one question comes to."""

        async def on(pipeline: Pipeline) -> Any:
            (result,) = await pipeline.ask((question.call,))
            return question.read(result)

        return await self._with_connection(on, "read")

    def _took_too_long(self, what: str) -> SearchTimeoutError:
        return SearchTimeoutError(f"the {what} took longer than {self._timeout_s:g} s")

    async def _with_connection(self, on: Callable[[Pipeline], Awaitable[T]], what: str) -> T:
        with self._under_way:
            try:
                async with asyncio.timeout(self._timeout_s) as time_limit:
                    for _ in range(_TRIES_MOST - 1):
                        with suppress(LostError, *FORGOTTEN):
                            return await self._attempt(on)
                    return await self._attempt(on)
            except BaseException as error:
                if isinstance(error, TimeoutError) and time_limit.expired():
                    raise self._took_too_long(what) from error
                shown = translated(error)
                if shown is error:
                    raise
                raise shown from error

    async def _attempt(self, on: Callable[[Pipeline], Awaitable[T]]) -> T:
        pipeline = await self._connections.take()
        try:
            value = await on(pipeline)
        except asyncio.CancelledError:
            self._stop_soon(pipeline)
            raise
        except BaseException:
            self._connections.give(pipeline)
            raise
        self._connections.give(pipeline)
        return value

    def _stop_soon(self, pipeline: Pipeline) -> None:
        """The caller does not wait until the server has stopped; closing does."""
        self._under_way.begin()
        task = self._loop.create_task(self._stopped(pipeline), name="cortex-core cancel")
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)

    async def _stopped(self, pipeline: Pipeline) -> None:
        try:
            if not await pipeline.cancel(_CANCEL_S):
                pipeline.abandon()
            elif pipeline.connection.info.transaction_status != TransactionStatus.IDLE:
                await pipeline.ask((ROLLBACK,))
        except BaseException:
            pipeline.abandon()
            raise
        finally:
            self._connections.give(pipeline)
            self._under_way.end()
