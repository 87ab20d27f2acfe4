"""Owns the connections: opens them, gives each kind of work its own, closes them."""

import asyncio
import sqlite3
import sys
import time
import warnings
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from os import PathLike
from typing import TypeVar

from cortex_core.addresses import MEMORY, file_path
from cortex_core.errors import SearchTimeoutError, StoreClosedError, StoreError
from cortex_core.lines import one_line
from cortex_core.search import Check
from cortex_core.settings import (
    BUSY_TIMEOUT_S,
    SEARCH_TIMEOUT_S,
    Synchronous,
    check_synchronous,
    check_timeout,
)
from cortex_core.sqlite.activity import Activity
from cortex_core.sqlite.checkpoints import Checkpoints
from cortex_core.sqlite.connection_thread import ConnectionThread, open_connection_threads
from cortex_core.sqlite.failures import FAILURES, translated
from cortex_core.sqlite.guard import Guard
from cortex_core.sqlite.look_ups import LookUps
from cortex_core.sqlite.read_batch import run_reads
from cortex_core.sqlite.schema import prepare_reader, prepare_writer
from cortex_core.sqlite.search_queue import SearchQueue, lower_priority
from cortex_core.sqlite.unit_queue import UnitQueue
from cortex_core.sqlite.write_batch import run_writes

T = TypeVar("T")

_FORGOTTEN_JOIN_S = 1.0


class Database:
    """One file and four connections: writes, reads, searches and scans do not wait for each other.

    Each connection has its own thread. A function that is given to it runs on that thread; it
    must return values, never a cursor. A fifth thread and connection are for checkpoints, and
    the event loop has a connection of its own for look-ups. In memory there is one connection
    for all, because SQLite's shared cache would lock whole tables.

    It belongs to the event loop that opened it. Make one with `Database.open`.
    """

    def __init__(
        self,
        path: str,
        threads: list[ConnectionThread],
        loop_connection: sqlite3.Connection | None,
        loop: asyncio.AbstractEventLoop,
        search_timeout_s: float,
    ) -> None:
        self.path = path
        self._threads = threads
        self._loop = loop
        self._activity = activity = Activity()
        self._writes = UnitQueue(threads[0], loop, "cortex-core writes", run_writes, activity)
        self._reads = UnitQueue(
            threads[1 % len(threads)],
            loop,
            "cortex-core reads",
            run_reads,
            activity,
            search_timeout_s,
        )
        self._look_ups = LookUps(loop_connection, self._reads, loop)
        self._search_timeout_s = search_timeout_s
        self._searches = SearchQueue(threads[2 % len(threads)], loop, search_timeout_s, activity)
        self._scans = SearchQueue(
            threads[3 % len(threads)], loop, search_timeout_s, activity, "scan"
        )
        self._checkpoints = Checkpoints(threads[4], threads[0], loop) if len(threads) > 1 else None
        self._closing: asyncio.Task[None] | None = None
        self._closed = False

    @classmethod
    async def open(
        cls,
        path: str | PathLike[str],
        *,
        synchronous: Synchronous = "NORMAL",
        busy_timeout_s: float = BUSY_TIMEOUT_S,
        search_timeout_s: float = SEARCH_TIMEOUT_S,
    ) -> "Database":
        """Open the file, or make it; `:memory:` is a database that ends with this object.

        With `synchronous` NORMAL a power cut may lose the last commits, never their order or
        the file; with FULL a commit is on the disk when it is reported. Raises StoreError and
        its subclasses, ValueError for settings that no store can have; a file that it refuses is
        left as it was.
        """
        name = file_path(path)
        check_synchronous(synchronous)
        check_timeout("busy_timeout_s", busy_timeout_s)
        check_timeout("search_timeout_s", search_timeout_s)
        threads: list[ConnectionThread] = []
        try:
            threads = await open_connection_threads(
                name, 1 if name == MEMORY else 5, busy_timeout_s
            )
            await _call(threads[0], lambda connection: prepare_writer(connection, synchronous))
            for thread in threads[1:4]:
                await _call(thread, prepare_reader)
            for thread in threads[2:4]:
                await _call(thread, lambda _: lower_priority())
            loop_connection = (
                None if name == MEMORY else await _call(threads[0], partial(_open_for_loop, name))
            )
            loop = asyncio.get_running_loop()
            opened = cls(name, threads, loop_connection, loop, search_timeout_s)
        except BaseException as error:
            for thread in threads:
                await thread.close()
            if isinstance(error, Exception):
                raise _named(name, error) from error
            raise
        try:
            for guard in opened._guards():
                await guard.start()
        except BaseException:
            await opened.close()
            raise
        return opened

    def _guards(self) -> tuple[Guard, ...]:
        """Those of what the loop drives by callbacks."""
        checkpoints = () if self._checkpoints is None else (self._checkpoints.guard,)
        queues = (self._writes, self._reads, self._searches, self._scans)
        return (*(queue.guard for queue in queues), *checkpoints)

    def __del__(self) -> None:
        # During finalization the threads stand still, and the process takes them with it.
        if self._closed or sys.is_finalizing():
            return
        self._look_ups.close()
        # The loop may be closed, and this may be any thread.
        with suppress(RuntimeError):
            for guard in self._guards():
                self._loop.call_soon_threadsafe(guard.release)
        self._stop()
        warnings.warn(
            f"{self.path}: the store was not closed; use `async with`, or await its close()",
            ResourceWarning,
            stacklevel=2,
            source=self,
        )

    def write(
        self,
        run: Callable[[sqlite3.Connection], T],
        after_commit: Callable[[], None] | None = None,
    ) -> Awaitable[T]:
        """Run `run` in a transaction, perhaps shared; done when it is committed.

        `after_commit` is called on the event loop once it is, even if nobody waits any more.
        `run` may be called again when the shared transaction failed.
        """
        self._refuse_if_unusable()
        written = self._writes.submit(run, after_commit)
        if self._checkpoints is not None:
            self._checkpoints.wrote()
        return written

    def read(self, run: Callable[[sqlite3.Connection], T]) -> Awaitable[T]:
        """Run `run` on a consistent view, together with the other reads of this turn; SQLite
        stops it past the deadline or if cancelled."""
        self._refuse_if_unusable()
        return self._reads.submit(run)

    def read_check(self) -> Check:
        """For a read that is submitted now: raises SearchTimeoutError past its deadline, where it
        works on rows in Python and SQLite cannot stop it."""
        timeout_s = self._search_timeout_s
        deadline_s = time.perf_counter() + timeout_s

        def check() -> None:
            if time.perf_counter() > deadline_s:
                raise SearchTimeoutError(f"the read took longer than {timeout_s:g} s")

        return check

    def look_up(self, run: Callable[[sqlite3.Connection], T]) -> Awaitable[T]:
        """The same for a `run` that finds a few rows by their id: it may run on the event
        loop, at the end of the turn."""
        self._refuse_if_unusable()
        return self._look_ups.submit(run)

    def search(self, run: Callable[[sqlite3.Connection, Check], T]) -> Awaitable[T]:
        """Run `run` on a consistent view; it is stopped past the deadline or if cancelled, by
        SQLite or by the function that it is given and calls between steps of its own."""
        self._refuse_if_unusable()
        return self._searches.submit(run)

    def scan(self, run: Callable[[sqlite3.Connection, Check], T]) -> Awaitable[T]:
        """The same for a `run` that may look at every row of a table."""
        self._refuse_if_unusable()
        return self._scans.submit(run)

    async def close(self) -> None:
        """Refuse new work, finish what was accepted, write the log back, end the threads.

        Further calls wait for the first. Cancelled, it still closes. When the loop that the
        database belongs to has been closed, any other may call this, to end the threads.
        """
        if self._closed:
            return
        if self._loop.is_closed():
            self._look_ups.close()
            self._stop()
            self._closed = True
            return
        if asyncio.get_running_loop() is not self._loop:
            raise StoreError(f"{self.path}: the store belongs to another event loop")
        if self._closing is None:
            self._closing = self._loop.create_task(self._close(), name="cortex-core close")
            self._closing.add_done_callback(self._closing_ended)
        await asyncio.shield(self._closing)

    def _refuse_if_unusable(self) -> None:
        if self._closing is not None or self._closed:
            raise StoreClosedError(f"{self.path}: the store is closed")
        if asyncio.get_running_loop() is not self._loop:
            raise StoreError(f"{self.path}: the store belongs to another event loop")
        self._activity.requests += 1

    async def _close(self) -> None:
        self._look_ups.close()
        # A loop that is torn down cancels this too, and waits for it: every step can be repeated.
        for guard in self._guards():
            await _despite_cancelling(guard.drained)
        await _despite_cancelling(partial(_call, self._threads[0], _checkpoint))
        # The writer last: SQLite removes the log when the last connection is closed.
        for thread in reversed(self._threads):
            await _despite_cancelling(thread.close)

    def _closing_ended(self, closing: asyncio.Task[None]) -> None:
        if closing.cancelled() or closing.exception() is not None:
            # Cancelled before its first step, or stopped by an error of SQLite's own.
            self._look_ups.close()
            self._stop()
        self._closed = True

    def _stop(self) -> None:
        """End the threads and wait for them. Blocks."""
        for thread in self._threads:
            thread.stop()
        for thread in self._threads:
            # The thread reports its end to the event loop; it must do so before that closes.
            thread.join(_FORGOTTEN_JOIN_S)


async def _despite_cancelling(step: Callable[[], Awaitable[object]]) -> None:
    """Complete a step, though this task is cancelled meanwhile."""
    while True:
        try:
            await step()
        except asyncio.CancelledError:
            continue
        return


def _open_for_loop(path: str, _: sqlite3.Connection) -> sqlite3.Connection:
    """A connection for the event loop: one that is busy reports so and does not wait. Made on
    a thread, as opening a file may wait for a disk."""
    connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    prepare_reader(connection)
    return connection


def _checkpoint(connection: sqlite3.Connection) -> None:
    # PASSIVE copies back what it can without waiting for readers in other processes. What it
    # cannot is safe in the log, and read from there when the file is opened next.
    with suppress(*FAILURES):
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


async def _call(thread: ConnectionThread, function: Callable[[sqlite3.Connection], T]) -> T:
    """What `function` returns, or raises, on the thread."""
    returned: list[T] = []
    raised: list[BaseException] = []

    def work(connection: sqlite3.Connection) -> None:
        try:
            returned.append(function(connection))
        except BaseException as error:
            raised.append(error)

    await thread.run(work)
    if raised:
        raise raised[0]
    return returned[0]


def _named(path: str, error: Exception) -> BaseException:
    """The store's error for `error`, with the file's path in front."""
    shown = translated(error)
    return type(shown)(one_line(f"{path}: {shown}")) if isinstance(shown, StoreError) else shown
