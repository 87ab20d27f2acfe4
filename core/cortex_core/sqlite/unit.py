"""A unit waiting for its turn on a connection's thread, and the future of who waits for it."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from cortex_core.sqlite.failures import translated

Run = Callable[[sqlite3.Connection], Any]


class Execute(Protocol):
    """Runs one statement of a unit's transaction."""

    def __call__(self, sql: str, parameters: Sequence[Any] = (), /) -> sqlite3.Cursor: ...


class Unit:
    """One function to run, and what came of it. The thread fills in `value` or `error`; the
    event loop makes, reads and settles everything else."""

    __slots__ = ("after_commit", "deadline_ns", "error", "future", "run", "value")

    def __init__(
        self,
        run: Run,
        future: asyncio.Future[Any],
        after_commit: Callable[[], None] | None = None,
    ) -> None:
        self.run = run
        self.future = future
        self.after_commit = after_commit
        self.deadline_ns: int | None = None
        self.value: Any = None
        self.error: BaseException | None = None

    def must_stop(self) -> bool:
        """Whether nobody waits any more, or it is past its deadline."""
        if self.future.cancelled():
            return True
        return self.deadline_ns is not None and time.perf_counter_ns() > self.deadline_ns

    def settle(self) -> None:
        """Tell who waits. What was committed is announced even if nobody waits any more."""
        future = self.future
        if self.error is not None:
            if not future.done():
                future.set_exception(translated(self.error))
            return
        try:
            if self.after_commit is not None:
                self.after_commit()
        except Exception as error:
            future.get_loop().call_exception_handler(
                {"message": "announcing a commit failed", "exception": error}
            )
        finally:
            # It is committed all the same.
            if not future.done():
                future.set_result(self.value)


def settle_all(units: Iterable[Unit]) -> None:
    """Tell all of them. What ends the program, such as a subscriber's sys.exit(), is raised
    when that is done."""
    raised: BaseException | None = None
    for unit in units:
        try:
            unit.settle()
        except BaseException as error:
            raised = raised or error
    if raised is not None:
        raise raised


def fail_all(units: Sequence[Unit], error: Exception) -> None:
    """Settle units that may not have run, because their connection failed as a whole."""
    for unit in units:
        unit.error = error
    settle_all(units)


def cancel_all(units: Iterable[Unit]) -> None:
    """Give up what is not settled: the event loop is being torn down."""
    for unit in units:
        unit.future.cancel()
