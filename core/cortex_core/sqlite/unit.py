"""A unit waiting for its turn on a connection's thread, and the future of who waits for it."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from typing import Any

from cortex_core.sqlite.failures import translated

Run = Callable[[sqlite3.Connection], Any]


class Unit:
    """One function to run, and what came of it. The thread fills in `value` or `error`; the
    event loop makes, reads and settles everything else."""

    __slots__ = ("after_commit", "error", "future", "run", "value")

    def __init__(
        self,
        run: Run,
        future: asyncio.Future[Any],
        after_commit: Callable[[], None] | None = None,
    ) -> None:
        self.run = run
        self.future = future
        self.after_commit = after_commit
        self.value: Any = None
        self.error: BaseException | None = None

    def settle(self) -> None:
        """Tell who waits. What was committed is announced even if nobody waits any more."""
        future = self.future
        if self.error is not None:
            if not future.done():
                future.set_exception(translated(self.error))
            return
        if self.after_commit is not None:
            try:
                self.after_commit()
            except Exception as error:
                # It is committed all the same, and the units behind this one wait.
                future.get_loop().call_exception_handler(
                    {"message": "announcing a commit failed", "exception": error}
                )
        if not future.done():
            future.set_result(self.value)


def settle_all(units: Iterable[Unit]) -> None:
    for unit in units:
        unit.settle()


def fail_all(units: Iterable[Unit], error: Exception) -> None:
    """Settle units that may not have run, because their connection failed as a whole."""
    for unit in units:
        unit.error = error
        unit.settle()


def cancel_all(units: Iterable[Unit]) -> None:
    """Give up what is not settled: the event loop is being torn down."""
    for unit in units:
        unit.future.cancel()
