"""Runs waiting reads on one view of the store."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from cortex_core.errors import SearchTimeoutError
from cortex_core.sqlite.failures import FAILURES
from cortex_core.sqlite.unit import Unit

INSTRUCTIONS = 20_000
"""How many instructions of its virtual machine SQLite runs between two checks of the clock:
about half a millisecond. Each check takes Python's lock from the event loop."""


def run_look_ups(connection: sqlite3.Connection, units: Iterable[Unit]) -> None:
    """Run reads that are too brief to be stopped, each on a view of its own: what begins and ends
    a transaction takes Python's lock four times more. After it, each holds a value or an error."""
    for unit in units:
        try:
            unit.value = unit.run(connection)
        except BaseException as error:
            unit.error = error


def run_reads(connection: sqlite3.Connection, units: Sequence[Unit]) -> None:
    """Run reads, each until it is done, cancelled or past its deadline; after it, each holds a
    value or an error."""
    running: list[Unit] = []

    def must_stop() -> bool:
        # Nothing runs while the transaction ends, which must not be stopped.
        return bool(running) and running[0].must_stop()

    def in_time() -> Iterator[Unit]:
        for unit in units:
            if unit.must_stop():
                unit.error = SearchTimeoutError("it waited too long for other reads")
                continue
            running[:] = (unit,)
            yield unit
            running.clear()

    connection.set_progress_handler(must_stop, INSTRUCTIONS)
    try:
        connection.execute("BEGIN")
        for unit in in_time():
            try:
                unit.value = unit.run(connection)
            except BaseException as error:
                unit.error = error
        connection.execute("COMMIT")
    except (*FAILURES, MemoryError) as error:
        for unit in units:
            unit.error = error
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    finally:
        connection.set_progress_handler(None, 0)
