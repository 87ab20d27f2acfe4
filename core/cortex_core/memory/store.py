"""The store's port, all of it on the event loop's thread."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from cortex_core.domain.plain import returned
from cortex_core.errors import SearchTimeoutError, StoreClosedError
from cortex_core.memory.documents import Documents
from cortex_core.memory.search import search_conversations, search_patterns
from cortex_core.memory.tx import MemoryTx, Tables
from cortex_core.ports import Capabilities, Op, Publish, ReadTx, Tx
from cortex_core.search import Check, ConversationSearch, PatternSearch, SearchHits, SimilarPattern
from cortex_core.settings import SEARCH_TIMEOUT_S, check_timeout

T = TypeVar("T")

_CAPABILITIES = Capabilities(
    persistent=False,
    across_processes=False,
    remote=False,
)


class MemoryStore:
    """Units and searches run on the event loop, one turn after they were given, and are gone at
    the end of the process. `publish` gets the events of what was committed."""

    def __init__(self, publish: Publish, search_timeout_s: float = SEARCH_TIMEOUT_S) -> None:
        check_timeout("search_timeout_s", search_timeout_s)
        self._tables = Tables()
        self._documents = Documents()
        self._search_timeout_s = search_timeout_s
        self._publish = publish
        self._closed = False
        self._waiting: set[asyncio.Future[Any]] = set()

    @property
    def capabilities(self) -> Capabilities:
        return _CAPABILITIES

    def ask(self, op: Op[T]) -> Awaitable[T]:
        return op.through(self)

    def write(self, unit: Callable[[Tx], T]) -> Awaitable[T]:
        def run() -> T:
            tx = MemoryTx(self._tables)
            try:
                value = returned("unit", unit(tx))
            except BaseException:
                tx.roll_back()
                raise
            self._publish(tx.events)
            return value

        return self._soon(run)

    def read(self, unit: Callable[[ReadTx], T]) -> Awaitable[T]:
        return self._read(unit, "read")

    def scan(self, unit: Callable[[ReadTx], T]) -> Awaitable[T]:
        return self._read(unit, "scan")

    def look_up(self, unit: Callable[[ReadTx], T]) -> Awaitable[T]:
        return self.read(unit)

    def search_conversations(self, search: ConversationSearch) -> Awaitable[SearchHits]:
        def run(check: Check) -> SearchHits:
            stored = self._tables.conversations.in_order_of_storing()
            return search_conversations(stored, search, check, self._documents)

        return self._in_time(run, "search")

    def search_patterns(self, search: PatternSearch) -> Awaitable[tuple[SimilarPattern, ...]]:
        stored = self._tables.patterns
        return self._in_time(
            lambda check: search_patterns(stored.in_order_of_storing(), search, check), "search"
        )

    async def close(self) -> None:
        self._closed = True
        if self._waiting:
            await asyncio.wait(self._waiting)

    def _read(self, unit: Callable[[ReadTx], T], what: str) -> Awaitable[T]:
        return self._in_time(
            lambda check: returned("unit", unit(MemoryTx(self._tables, check))), what
        )

    def _in_time(self, run: Callable[[Check], T], what: str) -> Awaitable[T]:
        """Run it with a check that raises once it has taken too long, waiting included."""
        deadline_s = time.perf_counter() + self._search_timeout_s

        def check() -> None:
            if time.perf_counter() > deadline_s:
                raise SearchTimeoutError(
                    f"the {what} took longer than {self._search_timeout_s:g} s"
                )

        def started() -> T:
            check()
            return run(check)

        return self._soon(started)

    def _soon(self, run: Callable[[], T]) -> Awaitable[T]:
        if self._closed:
            raise StoreClosedError("the store is closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._waiting.add(future)
        future.add_done_callback(self._waiting.discard)
        loop.call_soon(_settle, future, run)
        return future


def _settle(future: asyncio.Future[T], run: Callable[[], T]) -> None:
    if future.cancelled():
        return
    try:
        value = run()
    except Exception as error:
        future.set_exception(RuntimeError(error) if isinstance(error, StopIteration) else error)
    else:
        future.set_result(value)
