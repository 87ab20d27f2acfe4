"""Runs waiting units in one transaction, each as if it had one of its own."""

import sqlite3
from collections.abc import Sequence
from contextlib import suppress

from cortex_core.sqlite.failures import FAILURES
from cortex_core.sqlite.unit import Unit


def run_writes(connection: sqlite3.Connection, units: Sequence[Unit]) -> None:
    """After it, every unit holds a value that is committed, or the error that rolled it back.

    A savepoint around each unit lets one fail without the others. Where an error takes the
    whole transaction with it (a full disk, a failing device), and where the commit fails, the
    units are run again one by one: only those that fail on their own then have failed.
    """
    if len(units) == 1:
        _run_alone(connection, units[0])
    elif not _run_together(connection, units):
        for unit in units:
            _run_alone(connection, unit)


def _run_together(connection: sqlite3.Connection, units: Sequence[Unit]) -> bool:
    """Whether the transaction came to its end; if not, nothing of it is left."""
    execute = connection.execute
    try:
        execute("BEGIN IMMEDIATE")
    except (*FAILURES, MemoryError) as error:
        # Locked by another process for the whole timeout: each attempt would take that long again.
        for unit in units:
            unit.error = error
        _roll_back(connection)
        return True
    try:
        for unit in units:
            execute("SAVEPOINT unit")
            try:
                unit.value = unit.run(connection)
            except BaseException as error:
                if not connection.in_transaction:
                    return False
                unit.error = error
                execute("ROLLBACK TO unit")
            execute("RELEASE unit")
        execute("COMMIT")
    except (*FAILURES, MemoryError):
        _roll_back(connection)
        return False
    return True


def _run_alone(connection: sqlite3.Connection, unit: Unit) -> None:
    unit.error = None
    try:
        connection.execute("BEGIN IMMEDIATE")
        unit.value = unit.run(connection)
        connection.execute("COMMIT")
    except BaseException as error:
        unit.error = error
        _roll_back(connection)


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        # Should this fail too, the next unit's BEGIN fails and says so: raising here would
        # report units as failed that were committed one by one before.
        with suppress(*FAILURES):
            connection.execute("ROLLBACK")
