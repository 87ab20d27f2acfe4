"""One aiosqlite connection, and a public way to run a function on its thread.

aiosqlite hands a single sqlite3 call at a time to its thread; each hop there and back costs
25 to 80 µs. A unit of several statements in one hop is atomic whatever is cancelled, and
several times as fast. The way in is `connect(factory=...)`: the connection made is ours, and
its `executescript`, which aiosqlite calls on its thread, accepts a function.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Protocol, cast

import aiosqlite

Work = Callable[[sqlite3.Connection], object]
"""Runs on the connection's thread. It stores its outcome and raises nothing."""

Ended = Callable[[Exception | None], None]
"""Called on the event loop when work has run, or with the reason why it may not have."""

_JOIN_S = 5.0


class _WorkConnection(sqlite3.Connection):
    def executescript(self, script: Any, /) -> Any:
        return super().executescript(script) if isinstance(script, str) else script(self)


class _RunsWork(Protocol):
    def executescript(self, work: Work) -> Coroutine[Any, Any, object]: ...


class _Maker:
    """Makes an aiosqlite connection, and records which thread it got.

    The factory is called on that thread, also where opening the file then fails: the thread has
    to be joined in that case too.
    """

    def __init__(self, path: str, busy_timeout_s: float) -> None:
        # The function below must not refer to this object: a cycle would keep a connection that
        # nobody closed, and its thread, until the garbage collector runs.
        self._threads = threads = list[threading.Thread]()

        def make_on_its_thread(*args: Any, **kwargs: Any) -> sqlite3.Connection:
            threads.append(threading.current_thread())
            return _WorkConnection(*args, **kwargs)

        self.connection = aiosqlite.connect(
            path, factory=make_on_its_thread, isolation_level=None, timeout=busy_timeout_s
        )

    def join(self, timeout_s: float = _JOIN_S) -> None:
        """Wait for the thread to end, once that has been requested."""
        for thread in self._threads:
            # A collection that ends a forgotten store may happen on the very thread.
            if thread is not threading.current_thread():
                thread.join(timeout_s)


def _makers(path: str, count: int, busy_timeout_s: float) -> Sequence[_Maker]:
    """Connections, not yet open, whose threads do not keep the interpreter from ending.

    A thread is a daemon if the one that makes it is. The interpreter would otherwise wait for
    aiosqlite's threads at exit, forever where a close was forgotten. A commit cut off by the end of
    the process is undone when the file is opened next, so nothing is lost that was reported done.
    """
    makers: list[_Maker] = []

    def make() -> None:
        makers.extend(_Maker(path, busy_timeout_s) for _ in range(count))

    thread = threading.Thread(target=make, daemon=True, name="cortex-core connect")
    thread.start()
    thread.join()
    return makers


class ConnectionThread:
    """An open connection and its thread, which runs work in the order of the calls."""

    def __init__(self, maker: _Maker) -> None:
        self._maker = maker
        self._connection = maker.connection
        self._runner = cast(_RunsWork, maker.connection)

    def start(self, work: Work, ended: Ended) -> None:
        """Give `work` to the thread at once, and have `ended` called after it.

        It takes no task, which makes a hop that nobody awaits a sixth cheaper. The caller makes
        sure that the event loop lasts until the work has ended (`Guard`).
        """
        _step(self._runner.executescript(work), ended)

    async def run(self, work: Work) -> None:
        """Run `work` on the thread.

        Cancelled, it stops waiting: the work still runs in its turn.
        """
        await self._runner.executescript(work)

    async def close(self) -> None:
        """Close the connection after the work accepted so far, and wait for its thread to end."""
        try:
            await self._connection.close()
        except BaseException:
            self._connection.stop()
            raise
        self._maker.join()

    def stop(self) -> None:
        """Request that the thread closes the connection and ends. Does not wait."""
        self._connection.stop()

    def join(self, timeout_s: float) -> None:
        """Wait for the thread to end, after `stop`. Blocks."""
        self._maker.join(timeout_s)


def _step(coroutine: Coroutine[Any, Any, object], ended: Ended, _: object = None) -> None:
    """Drive a coroutine that waits for futures, as a task does but at less cost."""
    try:
        future: asyncio.Future[object] = coroutine.send(None)
    except StopIteration:
        ended(None)
    except Exception as error:
        ended(error)
    else:
        future.add_done_callback(partial(_step, coroutine, ended))


async def open_connection_threads(
    path: str, count: int, busy_timeout_s: float
) -> list[ConnectionThread]:
    """Open `count` connections to the same file; all of them, or none."""
    started: list[_Maker] = []
    try:
        for maker in _makers(path, count, busy_timeout_s):
            started.append(maker)
            await maker.connection
    except BaseException:
        for maker in started:
            maker.connection.stop()
            maker.join()
        raise
    return [ConnectionThread(maker) for maker in started]
