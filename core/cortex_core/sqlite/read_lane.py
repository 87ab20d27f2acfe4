"""The way in for reads: those of one turn of the event loop go to the thread together.

Measured with 64 reads at once: 72,000 a second, against 16,000 with one hop each.
"""

import asyncio
import sqlite3
from collections.abc import Sequence
from functools import partial
from typing import Any

from cortex_core.sqlite.lane import Lane
from cortex_core.sqlite.unit import Run, Unit, cancel_all, fail_all, settle_all

BATCH_MOST = 128
"""Reads in one hop. They share a view of the store; all of them wait for the last."""


class ReadBatch:
    """Work for a reader's thread: after it, every unit holds a value or an error."""

    __slots__ = ("units",)

    def __init__(self, units: Sequence[Unit]) -> None:
        self.units = units

    def __call__(self, connection: sqlite3.Connection) -> None:
        try:
            connection.execute("BEGIN")
            for unit in self.units:
                try:
                    unit.value = unit.run(connection)
                except BaseException as error:
                    unit.error = error
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            for unit in self.units:
                unit.error = error
            if connection.in_transaction:
                connection.execute("ROLLBACK")


class ReadLane:
    """Collects the reads of a turn of the loop and takes them to the thread."""

    def __init__(self, lane: Lane, loop: asyncio.AbstractEventLoop) -> None:
        self._lane = lane
        self._loop = loop
        self._collected: list[Unit] = []
        self._under_way: set[asyncio.Task[None]] = set()

    def submit(self, run: Run) -> asyncio.Future[Any]:
        future: asyncio.Future[Any] = self._loop.create_future()
        collected = self._collected
        collected.append(Unit(run, future))
        if len(collected) == 1:
            self._begin_batch(collected)
        elif len(collected) == BATCH_MOST:
            self._collected = []
        return future

    def _begin_batch(self, units: list[Unit]) -> None:
        # The task takes its first step after everything else that is due in this turn.
        task = self._loop.create_task(self._run(units), name="cortex-core reads")
        self._under_way.add(task)
        task.add_done_callback(partial(self._ended, units))

    def _ended(self, units: list[Unit], task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._no_longer_collects(units)
        cancel_all(units)

    def _no_longer_collects(self, units: list[Unit]) -> None:
        if units is self._collected:
            self._collected = []

    async def drained(self) -> None:
        """Return when nothing waits any more."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def _run(self, units: list[Unit]) -> None:
        self._no_longer_collects(units)
        wanted = [unit for unit in units if not unit.future.cancelled()]
        batch = ReadBatch(wanted)
        try:
            await self._lane.run_to_the_end(batch)
        except Exception as error:
            fail_all(wanted, error)
        else:
            settle_all(wanted)
        finally:
            # The thread holds on to the batch until its next work arrives.
            batch.units = ()
