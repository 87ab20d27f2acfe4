"""Look-ups by id, all on one connection: each is sent when it is asked, behind those before it.

A connection of its own for each would cost more than the look-up takes.
"""

import asyncio
from contextlib import suppress
from typing import Any

import psycopg

from cortex_core.errors import SearchTimeoutError
from cortex_core.postgres.connections import Connections
from cortex_core.postgres.failures import FORGOTTEN, LostError, translated
from cortex_core.postgres.pipeline import Pipeline
from cortex_core.postgres.questions import Question
from cortex_core.postgres.under_way import UnderWay

_TRIES_MOST = 12
_KEPT_FROM = 3
"""A connection is kept for look-ups where there are at least this many."""


class LookUps:
    """Asks on a connection that it takes when there is something to ask."""

    def __init__(self, connections: Connections, under_way: UnderWay, timeout_s: float) -> None:
        """An answer may take `timeout_s`."""
        self._connections = connections
        self._keeps = connections.keeps and connections.most >= _KEPT_FROM
        self._pipeline: Pipeline | None = None
        self._under_way = under_way
        self._timeout_s = timeout_s
        self._asked = 0
        self._taking = asyncio.Lock()
        """Whoever asks first takes the connection, and the others wait for it."""

    async def ask(self, question: Question) -> Any:
        """What the answer comes to. Cancelled, it is answered all the same, to nobody."""
        self._asked += 1
        with self._under_way:
            try:
                for _ in range(_TRIES_MOST - 1):
                    with suppress(LostError, *FORGOTTEN):
                        return await self._answer(question)
                return await self._answer(question)
            except psycopg.Error as error:
                raise translated(error) from error
            finally:
                self._asked -= 1
                if not self._asked and not self._keeps:
                    self.release()

    def release(self) -> None:
        """Give the connection back."""
        if self._pipeline is not None:
            self._connections.give(self._pipeline)
            self._pipeline = None

    async def _answer(self, question: Question) -> Any:
        pipeline = self._pipeline
        if pipeline is None or not pipeline.usable:
            pipeline = await self._taken()
        try:
            async with asyncio.timeout(self._timeout_s) as time_limit:
                (result,) = await pipeline.ask((question.call,))
        except TimeoutError as error:
            if not time_limit.expired():
                raise
            # The server does not answer here: what is asked next gets another connection.
            pipeline.abandon()
            text = f"the look-up took longer than {self._timeout_s:g} s"
            raise SearchTimeoutError(text) from error
        return question.read(result)

    async def _taken(self) -> Pipeline:
        async with self._taking:
            if self._pipeline is None or not self._pipeline.usable:
                self.release()
                self._pipeline = await self._connections.take()
            return self._pipeline
