"""Look-ups by id run on the event loop itself, as long as that is quick.

A hop to a thread and back costs the caller 25 to 80 µs, and of that the event loop's own time some
20. A look-up of a row whose pages are in memory takes 7. So where a turn of the loop has few
look-ups, they run on the loop at the end of the turn, on a connection of its own: 16 µs each, and
no thread has to wake up during a search. Many at once go to the readers' thread, where they cost
the loop less.

The loop must not wait for a disk. A look-up that needs a page that is not in memory takes a hundred
times as long, and cold pages seldom come alone. So look-ups start on the readers' thread, move to
the loop when several in a row found all they needed in memory, and move back as soon as one did
not: of a cold store, the loop waits for single pages, now and then.
"""

import asyncio
import sqlite3
import sys
import time
from functools import partial
from typing import Any

from cortex_core.sqlite.read_batch import run_look_ups
from cortex_core.sqlite.unit import Run, Unit, settle_all
from cortex_core.sqlite.unit_queue import UnitQueue

AT_ONCE_MOST = 4
"""Look-ups of one turn that run on the loop: together they block it as long as one hop does."""

IN_A_ROW = 16
"""How many look-ups in a row must have needed no disk before the next one runs on the loop."""

QUICK_NS = 250_000
"""A look-up that takes longer has waited for something: in memory it takes a thirtieth of that."""

if sys.platform == "linux":
    from resource import RUSAGE_THREAD, getrusage

    def _blocks_read() -> int:
        """From a disk, by this thread, as the kernel counts them."""
        return getrusage(RUSAGE_THREAD).ru_inblock

    _COUNTS_BLOCKS = True
else:

    def _blocks_read() -> int:
        return 0

    _COUNTS_BLOCKS = False


class LookUps:
    """Collects the look-ups of a turn of the loop, and decides where they run."""

    def __init__(
        self,
        connection: sqlite3.Connection | None,
        reads: UnitQueue,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """Without a connection that the loop may use, all of them go to `reads`."""
        self._connection = connection
        self._reads = reads
        self._loop = loop
        self._collected: list[Unit] = []
        # Written on both threads; a lost count does no harm.
        self._in_a_row = 0

    def submit(self, run: Run) -> asyncio.Future[Any]:
        unit = Unit(run, self._loop.create_future())
        if self._connection is None:
            self._reads.add(unit)
            return unit.future
        self._collected.append(unit)
        if len(self._collected) == 1:
            # It is called after everything else that is due in this turn.
            self._loop.call_soon(self._begin)
        return unit.future

    def close(self) -> None:
        """Close the connection. What was collected before still runs, on the thread."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _begin(self) -> None:
        units = [unit for unit in self._collected if not unit.future.cancelled()]
        self._collected.clear()
        if not units:
            return
        connection = self._connection
        trusted = self._in_a_row >= IN_A_ROW and len(units) <= AT_ONCE_MOST
        if trusted and connection is not None:
            self._run_here(connection, units)
            return
        for unit in units:
            self._hand_over(unit)

    def _hand_over(self, unit: Unit) -> None:
        unit.run = partial(self._run_there, unit.run)
        self._reads.add(unit)

    def _run_here(self, connection: sqlite3.Connection, units: list[Unit]) -> None:
        blocks, started_ns = _blocks_read(), time.perf_counter_ns()
        run_look_ups(connection, units)
        quick = time.perf_counter_ns() - started_ns <= QUICK_NS * len(units)
        if not quick or _blocks_read() != blocks:
            self._in_a_row = 0
        failed = [unit for unit in units if isinstance(unit.error, sqlite3.Error)]
        for unit in failed:
            # A file that is locked for a moment is waited for, but not on the loop.
            self._in_a_row = 0
            unit.error = None
            self._hand_over(unit)
        settle_all(unit for unit in units if unit not in failed)

    def _run_there(self, run: Run, connection: sqlite3.Connection) -> Any:
        blocks, started_ns = _blocks_read(), time.perf_counter_ns()
        value = run(connection)
        # While the loop is busy, the time shows little: the thread waits for Python's lock.
        quick = _COUNTS_BLOCKS or time.perf_counter_ns() - started_ns <= QUICK_NS
        self._in_a_row = self._in_a_row + 1 if quick and _blocks_read() == blocks else 0
        return value
