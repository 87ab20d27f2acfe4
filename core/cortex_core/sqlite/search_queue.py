"""Searches have a connection of their own, a deadline, and can be cancelled while they run.

A search takes milliseconds where a read takes microseconds. On the readers' connection it
would delay them: their p99 rises from 130 µs to 35 ms. Scans take seconds where a search takes
milliseconds; they are queued in the same way, for another connection.
"""

import asyncio
import os
import sqlite3
import sys
import time
from collections.abc import Callable
from functools import partial
from traceback import clear_frames
from typing import Any

from cortex_core.errors import SearchTimeoutError
from cortex_core.search import Check
from cortex_core.sqlite.activity import Activity
from cortex_core.sqlite.connection_thread import ConnectionThread
from cortex_core.sqlite.failures import translated
from cortex_core.sqlite.guard import Guard
from cortex_core.sqlite.read_batch import INSTRUCTIONS

_NICENESS = 10

_SLICE_NS = 1_000_000
_BUSY_SLICE_NS = 25_000
_PAUSE_S = 1e-6
"""How long a search works on its rows in Python before it pauses, so that the event loop need not
wait for Python's lock: less where requests arrived meanwhile, each of which takes the lock several
times. (Linux makes the pause 60 µs.)"""

_HOP_PAUSE_S = 60e-6
"""The pause while units are on their way through another thread (Linux makes it 115 µs): as long as
that takes. After a shorter one the search takes the lock in the middle of it, several times, and
each time the other thread has to wake up again."""

RunSearch = Callable[[sqlite3.Connection, Check], Any]


def lower_priority() -> None:
    """Lower the priority of the calling thread, which runs the searches.

    The scheduler may put a search on the processor that the event loop or the reader needs, and
    leave it there for a slice of 3 to 4 ms, though another one is free. With a lower priority (a
    tenth of the weight; on an idle machine it changes nothing) the p99 of reads on the readers'
    thread during searches falls from 450 to 150 µs; it is 115 without searches. Only Linux has
    priorities of threads; elsewhere this would change the whole process.
    """
    if sys.platform == "linux":
        os.nice(_NICENESS)


class _Search:
    """Work for the searcher's thread. SQLite calls `must_stop_sql` while it runs: an interrupt from
    outside could hit the next search instead."""

    __slots__ = (
        "activity",
        "deadline_ns",
        "error",
        "future",
        "paused_ns",
        "run",
        "seen",
        "value",
    )

    def __init__(
        self,
        run: RunSearch,
        future: asyncio.Future[Any],
        deadline_ns: int,
        activity: Activity,
    ) -> None:
        self.run = run
        self.future = future
        self.deadline_ns = deadline_ns
        self.activity = activity
        self.seen = activity.requests
        self.paused_ns = time.perf_counter_ns()
        self.value: Any = None
        self.error: BaseException | None = None

    def must_stop(self) -> bool:
        # Cancelled, or failed by the timer.
        return self.future.done() or time.perf_counter_ns() > self.deadline_ns

    def must_stop_sql(self) -> bool:
        # Who runs a statement does not have Python's lock.
        self.paused_ns = time.perf_counter_ns()
        return self.must_stop()

    def check(self) -> None:
        now_ns = time.perf_counter_ns()
        if self.future.done() or now_ns > self.deadline_ns:
            raise SearchTimeoutError
        worked_ns = now_ns - self.paused_ns
        if worked_ns < _BUSY_SLICE_NS:
            return
        requests = self.activity.requests
        if worked_ns > _SLICE_NS or requests != self.seen:
            # Who sleeps gives Python's lock away at once; others are asked for it after 5 ms.
            time.sleep(_HOP_PAUSE_S if self.activity.hops else _PAUSE_S)
            self.seen, self.paused_ns = requests, time.perf_counter_ns()

    def __call__(self, connection: sqlite3.Connection) -> None:
        if self.must_stop():
            self.error = SearchTimeoutError()
            return
        connection.set_progress_handler(self.must_stop_sql, INSTRUCTIONS)
        try:
            connection.execute("BEGIN")
            self.value = self.run(connection, self.check)
            connection.execute("COMMIT")
        except BaseException as error:
            self.error = SearchTimeoutError() if _was_interrupted(error) else error
            # Cursors that are left in its frames would be closed on the event loop, which waits
            # for this connection's next statement then.
            clear_frames(error.__traceback__)
        finally:
            # Before the rollback, which would be stopped as well.
            connection.set_progress_handler(None, 0)
            if connection.in_transaction:
                connection.execute("ROLLBACK")


def _was_interrupted(error: BaseException) -> bool:
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT


class SearchQueue:
    """Runs searches one after the other, each until it is done, cancelled or out of time."""

    def __init__(
        self,
        thread: ConnectionThread,
        loop: asyncio.AbstractEventLoop,
        timeout_s: float,
        activity: Activity,
        what: str = "search",
    ) -> None:
        self._activity = activity
        self._what = what
        self._thread = thread
        self._loop = loop
        self._timeout_s = timeout_s
        self._under_way: set[_Search] = set()
        self.guard = Guard(loop, f"cortex-core {what}", self._give_up)

    def submit(self, run: RunSearch) -> asyncio.Future[Any]:
        """A future of what `run` returns. It fails with SearchTimeoutError when waiting and
        searching together take longer than the timeout."""
        future: asyncio.Future[Any] = self._loop.create_future()
        deadline_ns = time.perf_counter_ns() + int(self._timeout_s * 1e9)
        search = _Search(run, future, deadline_ns, self._activity)
        # Who waits learns of the deadline at once: the thread has a low priority, and may be in a
        # step that does not check.
        timer = self._loop.call_later(self._timeout_s, self._expire, future)
        self._under_way.add(search)
        self.guard.begin()
        self._thread.start(search, partial(self._ended, search, timer))
        return future

    def _expire(self, future: asyncio.Future[Any]) -> None:
        if not future.done():
            future.set_exception(
                SearchTimeoutError(f"the {self._what} took longer than {self._timeout_s:g} s")
            )

    def _ended(
        self, search: _Search, timer: asyncio.TimerHandle, not_run: Exception | None
    ) -> None:
        timer.cancel()
        self._under_way.discard(search)
        self.guard.end()
        future = search.future
        error = not_run or search.error
        if future.done():
            return
        if error is None:
            future.set_result(search.value)
        elif isinstance(error, SearchTimeoutError):
            self._expire(future)
        else:
            future.set_exception(translated(error))

    def _give_up(self) -> None:
        # The event loop is being torn down: each stops at its next check.
        for search in tuple(self._under_way):
            search.future.cancel()
