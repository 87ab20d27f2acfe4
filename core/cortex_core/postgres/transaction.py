"""The statements of one transaction, in order, on a connection of its own."""

import asyncio

import psycopg
from psycopg.pq.abc import PGresult

from cortex_core.errors import StoreError
from cortex_core.postgres.greenlets import waited_for
from cortex_core.postgres.pipeline import Call, Pipeline
from cortex_core.postgres.statements import COMMIT, ROLLBACK

_WAITING_MOST = 64


class Transaction:
    """A transaction. What nobody needs the answer of is sent with the next question, so a unit
    that saves once takes one round trip: begin, save and commit in the same packet."""

    def __init__(self, pipeline: Pipeline, begin: Call) -> None:
        self.pipeline = pipeline
        self.failed = False
        """Whether the server refused something, and with it all of the transaction."""
        self.writes = 0
        self._begun = False
        self._over = False
        self._named = 0
        self._waiting = [begin]
        self._sent: list[asyncio.Future[list[PGresult]]] = []

    def write(self, call: Call) -> None:
        """Send it soon. Where it fails, so does the next question, or the commit."""
        self._refuse_if_over()
        self.writes += 1
        self._waiting.append(call)
        if len(self._waiting) > _WAITING_MOST:
            self._sent.append(self._send())

    def ask(self, call: Call) -> PGresult:
        """Its result, in a unit."""
        self._refuse_if_over()
        self._waiting.append(call)
        sent = self._send()
        try:
            return waited_for(sent)[-1]
        except psycopg.Error as error:
            self.failed = True
            # What failed first is the reason: the server refuses all that follows.
            earlier = (e for e in map(asyncio.Future.exception, self._sent) if e is not None)
            raise next(earlier, error) from None

    def fresh_name(self) -> str:
        """A name for something that ends with the transaction."""
        self._named += 1
        return f"cortex_{self._named}"

    async def commit(self) -> None:
        """Raises what the server reports. Then nothing was committed, or the connection broke."""
        if self._begun or len(self._waiting) > 1:
            self._waiting.append(COMMIT)
            last = self._send()
            for sent in (*self._sent, last):
                await sent
        self._over = True

    def end(self) -> None:
        """Have the server end a transaction that only read. Does not wait for it."""
        self._over = True
        if self._begun and self.pipeline.usable:
            self.pipeline.ask((ROLLBACK if self.failed else COMMIT,))

    async def roll_back(self) -> None:
        """Leave the connection as it was before; closes it where that fails."""
        self._over = True
        if not self._begun:
            return
        try:
            await self.pipeline.ask((ROLLBACK,))
        except psycopg.Error:
            self.pipeline.abandon()

    def _send(self) -> asyncio.Future[list[PGresult]]:
        calls, self._waiting = self._waiting, []
        self._begun = True
        return self.pipeline.ask(calls)

    def _refuse_if_over(self) -> None:
        if self._over:
            raise StoreError("a unit's transaction was used after its end")
        if self.failed:
            raise StoreError(
                "the unit caught an error that ended its transaction: it must not be caught"
            )
