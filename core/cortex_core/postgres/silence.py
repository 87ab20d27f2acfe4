"""Ends a connection to a server that does not answer."""

import asyncio
from types import TracebackType

from cortex_core.errors import StoreUnavailableError
from cortex_core.postgres.pipeline import Pipeline

ANSWER_TIMEOUT_S = 30.0
"""How long a write waits for the next answer. A server that has stopped, or lies behind a network
that has, sends nothing at all; one that works on a long transaction answers each of its parts."""


class Silence:
    """Watches a connection; once the server has not answered for `most_s`, it is closed, and
    `broken` says so."""

    def __init__(self, pipeline: Pipeline, loop: asyncio.AbstractEventLoop, most_s: float) -> None:
        self._pipeline = pipeline
        self._loop = loop
        self._most_s = most_s
        self._timer: asyncio.TimerHandle | None = None
        self.broken: StoreUnavailableError | None = None

    def __enter__(self) -> "Silence":
        self._look()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        left_s = self._most_s - self._pipeline.silent_s
        if left_s > 0:
            self._timer = self._loop.call_later(left_s, self._look)
            return
        self.broken = StoreUnavailableError(f"the server did not answer for {self._most_s:g} s")
        self._pipeline.abandon(str(self.broken))
