"""Writes what has changed of a session since it was last written."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import aiosqlite

from cortex_tui.limits import MAX_STORED_LINE_CHARS, MAX_STORED_LOG_LINES
from cortex_tui.store.records import LogRecord, SessionBatch
from cortex_tui.store.sqlite import rows
from cortex_tui.text import cut, encodable

_TOGETHER = 32
"""Intervals that are asked for before they are written, in a transaction that may have many more:
a thousand of a long run are megabytes."""


async def write_batch(connection: aiosqlite.Connection, batch: SessionBatch) -> None:
    """In the transaction of the caller; the session is there."""
    session = batch.session
    await _each(
        connection,
        "DELETE FROM interval WHERE session = ? AND run = ?",
        [(session, run) for run in batch.rewritten],
    )
    await _each(
        connection,
        "INSERT OR REPLACE INTO run (session, run, profile, state, operations, record) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        [rows.run_row(session, record) for record in batch.runs],
    )
    intervals = iter(batch.intervals)
    while part := list(islice(intervals, _TOGETHER)):
        await _each(
            connection,
            "DELETE FROM interval WHERE session = ? AND run = ? AND first > ? AND first < ?",
            [
                (session, each.run, each.first, each.first + each.length)
                for each in part
                if each.length > 1
            ],
        )
        await connection.executemany(
            "INSERT OR REPLACE INTO interval (session, run, first, length, "
            "service, response, lateness, failure, facts) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [rows.interval_row(session, record) for record in part],
        )
    if batch.runs:
        await connection.executemany(
            "INSERT OR REPLACE INTO measured (profile, session, run, facts) VALUES (?, ?, ?, ?)",
            [rows.measured_row(session, record) for record in batch.runs],
        )
        await connection.execute_fetchall(
            "UPDATE overview SET (profiles, operations) = "
            "(SELECT json_group_array(profile), sum(operations) FROM "
            "(SELECT profile, operations FROM run WHERE session = ? ORDER BY run)) "
            "WHERE session = ?",
            (session, session),
        )
    if batch.log:
        await _write_log(connection, session, batch.log)


async def _each(
    connection: aiosqlite.Connection, statement: str, parameters: Sequence[rows.Row]
) -> None:
    """Executes it with each of these. To have nothing done on the connection's thread, too, takes
    two changes of threads."""
    if parameters:
        await connection.executemany(statement, parameters)


async def _write_log(
    connection: aiosqlite.Connection, session: str, lines: Sequence[LogRecord]
) -> None:
    """Adds the lines; of all that the session has, the newest stay."""
    await connection.executemany(
        "INSERT OR REPLACE INTO log (session, number, run, stream, text) VALUES (?, ?, ?, ?, ?)",
        [
            (
                session,
                line.number,
                line.run,
                line.stream,
                encodable(cut(line.text, MAX_STORED_LINE_CHARS)),
            )
            for line in lines
        ],
    )
    await connection.executemany(
        "INSERT OR REPLACE INTO log_time (session, number, offset_ns) VALUES (?, ?, ?)",
        [(session, line.number, line.offset_ns) for line in lines if line.offset_ns is not None],
    )
    for table in ("log", "log_time"):
        await connection.execute_fetchall(
            f"DELETE FROM {table} WHERE session = ? AND number <= "
            "(SELECT max(number) FROM log WHERE session = ?) - ?",
            (session, session, MAX_STORED_LOG_LINES),
        )
