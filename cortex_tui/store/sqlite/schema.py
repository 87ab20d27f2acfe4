"""The tables of a store, and how an older file becomes a newer one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from functools import cache
from pathlib import Path

import aiosqlite

from cortex_tui.store.errors import SnapshotError

APPLICATION_ID = 0x63747569
"""In the header of the file, so that somebody else's database is never written to."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE session (
            id TEXT PRIMARY KEY,
            started_at TEXT NOT NULL,
            state TEXT NOT NULL,
            record TEXT NOT NULL)""",
        """CREATE TABLE run (
            session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
            run INTEGER NOT NULL,
            profile TEXT NOT NULL,
            state TEXT NOT NULL,
            operations INTEGER NOT NULL,
            record TEXT NOT NULL,
            PRIMARY KEY (session, run))""",
        """CREATE TABLE interval (
            session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
            run INTEGER NOT NULL,
            first INTEGER NOT NULL,
            length INTEGER NOT NULL,
            service BLOB, response BLOB, lateness BLOB, failure BLOB,
            facts TEXT NOT NULL,
            PRIMARY KEY (session, run, first))""",
        """CREATE TABLE log (
            session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
            number INTEGER NOT NULL,
            run INTEGER NOT NULL,
            stream TEXT NOT NULL,
            text TEXT NOT NULL,
            PRIMARY KEY (session, number))""",
        """CREATE TABLE snapshot (
            name TEXT PRIMARY KEY,
            session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
            run INTEGER,
            note TEXT NOT NULL,
            tags TEXT NOT NULL,
            created_at TEXT NOT NULL)""",
        "CREATE INDEX snapshot_session ON snapshot (session)",
    ),
    (
        # What lists show of a session: by run, its profile and its operations, as JSON. The rows
        # of `run` are long, and a list would read them all.
        """CREATE TABLE headline (
            session TEXT PRIMARY KEY REFERENCES session (id) ON DELETE CASCADE,
            runs TEXT NOT NULL)""",
        """INSERT INTO headline (session, runs)
            SELECT session, json_group_object(run, json_array(profile, operations))
            FROM run GROUP BY session""",
    ),
)
"""Entry n takes a file from version n to n + 1. Entries are added, never changed."""

VERSION = len(MIGRATIONS)


async def version_of(connection: aiosqlite.Connection, path: Path) -> int:
    """The version of the file, 0 for an empty one; only reads.

    Raises SnapshotError for a file of a newer program, and for one that is no store, or none that
    this program alone has written.
    """
    version = await _number(connection, "PRAGMA user_version")
    application = await _number(connection, "PRAGMA application_id")
    if application != APPLICATION_ID:
        if version or await _number(connection, "SELECT count(*) FROM sqlite_master"):
            raise SnapshotError(f"{path}: it is a database of another program: use another --store")
        return 0
    if version > VERSION:
        raise SnapshotError(
            f"{path}: written by a newer cortex-tui (schema {version}, expected at most "
            f"{VERSION}): upgrade cortex-tui, or use another --store"
        )
    if version > 0:
        await _check_tables(connection, path, version)
    return version


async def migrate(connection: aiosqlite.Connection, path: Path) -> None:
    """Brings the file to VERSION within the caller's transaction."""
    # Read again: another process may have migrated while this one waited for the lock.
    version = await version_of(connection, path)
    for statements in MIGRATIONS[version:]:
        for statement in statements:
            await connection.execute(statement)
    await connection.execute(f"PRAGMA user_version = {VERSION}")
    await connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")


async def _check_tables(connection: aiosqlite.Connection, path: Path, version: int) -> None:
    """Raises SnapshotError for a file with other tables than its version has; only reads.

    A view or a trigger in place of a table would have SQLite run whatever stands in the file.
    """
    found = await connection.execute_fetchall(
        "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' "
        "ESCAPE '\\' LIMIT 100"
    )
    expected, there = _objects_of(version), {_object(row) for row in found}
    wrong = sorted((expected ^ there), key=str)
    if wrong:
        kind, name, *_ = wrong[0]
        what = "lacks the" if wrong[0] in expected else "has an unknown"
        raise SnapshotError(
            f"{path}: it {what} {kind} {name!r}, so it was changed by another program: "
            "restore the file, or use another --store"
        )


@cache
def _objects_of(version: int) -> frozenset[tuple[str, ...]]:
    """Tables and indexes of a store of that version."""
    with closing(sqlite3.connect(":memory:")) as made:
        for statements in MIGRATIONS[:version]:
            for statement in statements:
                made.execute(statement)
        found = made.execute(
            "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' "
            "ESCAPE '\\'"
        )
        return frozenset(map(_object, found))


def _object(row: Iterable[object]) -> tuple[str, ...]:
    """With its definition as far as blanks do not matter."""
    return tuple(" ".join(str(part).split()) for part in row)


async def _number(connection: aiosqlite.Connection, sql: str) -> int:
    rows = list(await connection.execute_fetchall(sql))
    return int(rows[0][0])
