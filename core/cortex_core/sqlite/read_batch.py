"""Runs waiting reads on one view of the store."""

import sqlite3
from collections.abc import Sequence

from cortex_core.sqlite.unit import Unit


def run_reads(connection: sqlite3.Connection, units: Sequence[Unit]) -> None:
    """After it, every unit holds a value or an error."""
    try:
        connection.execute("BEGIN")
        for unit in units:
            try:
                unit.value = unit.run(connection)
            except BaseException as error:
                unit.error = error
        connection.execute("COMMIT")
    except (sqlite3.Error, MemoryError) as error:
        for unit in units:
            unit.error = error
        if connection.in_transaction:
            connection.execute("ROLLBACK")
