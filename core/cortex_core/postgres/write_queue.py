"""Runs writes one after the other, in transactions that they share.

Serialisable transactions that run side by side and touch the same pages of an index make the server
refuse most of them (PostgreSQL's manual, 13.2.3), and each costs a commit of its own. So the writes
of one store share a transaction, as they do on SQLite: they never conflict with each other, and
those that wait are committed together. Other clients can still be in the way: then each write is
run again, alone. Where a transaction waits for another client's lock, the writes behind it do not
wait with it: the next batch begins on a connection of its own.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import psycopg

from cortex_core.domain.plain import returned
from cortex_core.errors import StoreError, StoreOutcomeUnknownError
from cortex_core.events import Event
from cortex_core.ports import Tx
from cortex_core.postgres.connections import Connections
from cortex_core.postgres.failures import RETRIED, LostError, translated
from cortex_core.postgres.greenlets import in_greenlet
from cortex_core.postgres.pipeline import Call, Pipeline
from cortex_core.postgres.silence import Silence
from cortex_core.postgres.statements import BEGIN_WRITE, Statements
from cortex_core.postgres.transaction import Transaction
from cortex_core.postgres.tx import PostgresTx

BATCH_MOST = 128
"""The most writes in one transaction: all of them wait for the last."""

NEXT_AFTER_S = 0.05
"""A batch that takes longer does not hold up the next."""

_AT_ONCE_MOST = 4
_TRIES_MOST = 12
_PAUSE_S = 0.002

Publish = Callable[[Iterable[Event]], None]


class _Write:
    """A unit that waits for its turn, and what came of it."""

    __slots__ = ("error", "events", "future", "unit", "value")

    def __init__(self, unit: Callable[[Tx], Any], future: asyncio.Future[Any]) -> None:
        self.unit = unit
        self.future = future
        self.value: Any = None
        self.error: BaseException | None = None
        self.events: Sequence[Event] = ()


class WriteQueue:
    """Takes all that wait, runs them, and reports each outcome."""

    def __init__(
        self,
        connections: Connections,
        loop: asyncio.AbstractEventLoop,
        statements: Statements,
        publish: Publish,
        announced: Callable[[Sequence[Event]], Sequence[Call]] | None,
        answer_timeout_s: float,
    ) -> None:
        """`announced` gives what a transaction also asks, to let others know of its events. A
        write waits `answer_timeout_s` for each answer."""
        self._answer_timeout_s = answer_timeout_s
        self._connections = connections
        self._loop = loop
        self._statements = statements
        self._publish = publish
        self._announced = announced
        self._waiting: deque[_Write] = deque()
        self._batches: set[asyncio.Task[None]] = set()
        self._current: asyncio.Task[None] | None = None
        """The batch after whose end the next begins."""

    def submit(self, unit: Callable[[Tx], Any]) -> asyncio.Future[Any]:
        """The future of what `unit` returns, once that is committed."""
        write = _Write(unit, self._loop.create_future())
        self._waiting.append(write)
        self._begin()
        return write.future

    async def drained(self) -> None:
        """Return when nothing waits and nothing is under way."""
        while self._batches:
            await asyncio.wait(self._batches)

    def _begin(self) -> None:
        if self._waiting and self._current is None and len(self._batches) < _AT_ONCE_MOST:
            task = self._loop.create_task(self._run(), name="cortex-core writes")
            self._batches.add(task)
            self._current = task
            task.add_done_callback(self._ended)

    def _let_next_begin(self, task: asyncio.Task[None] | None) -> None:
        if self._current is task:
            self._current = None
            self._begin()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._batches.discard(task)
        if task.cancelled():
            # The event loop is being torn down.
            for write in self._waiting:
                write.future.cancel()
            self._waiting.clear()
        if self._current is task:
            self._current = None
        self._begin()

    async def _run(self) -> None:
        timer = self._loop.call_later(NEXT_AFTER_S, self._let_next_begin, self._current)
        writes: list[_Write] = []
        try:
            pipeline = await self._connections.take()
            writes = self._taken()
            if await self._attempt(pipeline, writes) is not None:
                await self._one_by_one(writes)
        except StoreError as error:
            # There is no connection: those that wait for one would only fail later.
            writes = writes or self._taken()
            for write in writes:
                write.error = error
        except BaseException:
            for write in writes:
                write.future.cancel()
            raise
        finally:
            timer.cancel()
        for write in writes:
            self._settle(write)

    def _taken(self) -> list[_Write]:
        taken: list[_Write] = []
        while self._waiting and len(taken) < BATCH_MOST:
            write = self._waiting.popleft()
            if not write.future.cancelled():
                taken.append(write)
        return taken

    async def _one_by_one(self, writes: Sequence[_Write]) -> None:
        for number, write in enumerate(writes):
            try:
                await self._alone(write)
            except StoreError as error:
                # There is no connection any more. Those before are committed.
                for left in writes[number:]:
                    left.error = error
                return

    async def _alone(self, write: _Write) -> None:
        """Run a write in a transaction of its own, as often as others are in the way."""
        for number in range(_TRIES_MOST):
            write.error = None
            failure = await self._attempt(await self._connections.take(), [write])
            if failure is None:
                return  # with a value, or an error of its own
            write.error = failure
            if not isinstance(failure, (*RETRIED, LostError)):
                return
            # Of several that wait for each other, one must come first.
            await asyncio.sleep(random.uniform(0, _PAUSE_S * 2 ** min(number, 6)))

    async def _attempt(self, pipeline: Pipeline, writes: Sequence[_Write]) -> BaseException | None:
        """Run the writes in one transaction, and give the connection back.

        None where it came to its end: each write then has its value or its error. Otherwise what
        rolled all of it back. Raises StoreUnavailableError where the server does not answer.
        """
        try:
            with Silence(pipeline, self._loop, self._answer_timeout_s) as silence:
                transaction = Transaction(pipeline, BEGIN_WRITE)
                failure = await self._run_units(transaction, writes)
                if failure is None:
                    failure = await self._commit(transaction, writes)
                if failure is not None:
                    await transaction.roll_back()
            if failure is not None and silence.broken is not None:
                raise silence.broken from failure
            return failure
        except BaseException:
            pipeline.abandon()
            raise
        finally:
            self._connections.give(pipeline)

    async def _run_units(
        self, transaction: Transaction, writes: Sequence[_Write]
    ) -> BaseException | None:
        """Run each; returns what makes it necessary to undo all of them."""
        for write in writes:
            tx = PostgresTx(transaction, self._statements)
            before = transaction.writes
            try:
                write.value = returned("unit", await in_greenlet(partial(write.unit, tx)))
            except asyncio.CancelledError:
                raise
            except BaseException as error:
                if transaction.failed or transaction.writes > before or len(writes) == 1:
                    return error
                write.error = error
            else:
                write.events = tx.events
        return None

    async def _commit(
        self, transaction: Transaction, writes: Sequence[_Write]
    ) -> BaseException | None:
        if self._announced is not None:
            committed = [event for write in writes if write.error is None for event in write.events]
            for call in self._announced(committed):
                transaction.write(call)
        try:
            await transaction.commit()
        except LostError as lost:
            if lost.undone:
                return lost
            for write in writes:
                write.error = write.error or _unknown(lost)
        except psycopg.Error as error:
            return error
        return None

    def _settle(self, write: _Write) -> None:
        """Tell who waits. What was committed is announced even if nobody waits any more."""
        future = write.future
        if write.error is not None:
            if not future.done():
                future.set_exception(translated(write.error))
            return
        try:
            self._publish(write.events)
        except Exception as error:
            self._loop.call_exception_handler(
                {"message": "announcing a commit failed", "exception": error}
            )
        finally:
            # It is committed all the same.
            if not future.done():
                future.set_result(write.value)


def _unknown(lost: LostError) -> StoreOutcomeUnknownError:
    error = StoreOutcomeUnknownError(
        f"the connection to the server broke during the commit, which may have happened: {lost}"
    )
    error.__cause__ = lost
    return error
