"""The tables of a store, and how an older file becomes a newer one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from functools import cache
from pathlib import Path

import aiosqlite

from cortex_tui.paths import APPLICATION_ID
from cortex_tui.store.errors import SnapshotError

_RUNS = "json_each(CASE WHEN json_valid(runs) THEN runs ELSE '{}' END)"
"""The runs of a headline, by number."""

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
    (
        # What lists show of a session, and what a person wrote about it. `profiles` has the name
        # of each run's profile.
        """CREATE TABLE overview (
            session TEXT PRIMARY KEY REFERENCES session (id) ON DELETE CASCADE,
            profiles TEXT NOT NULL,
            operations INTEGER NOT NULL,
            revision TEXT NOT NULL,
            note TEXT NOT NULL,
            tags TEXT NOT NULL) WITHOUT ROWID""",
        f"""INSERT INTO overview (session, profiles, operations, revision, note, tags)
            SELECT session.id,
                coalesce((SELECT json_group_array(json_extract(value, '$[0]')) FROM {_RUNS}), '[]'),
                coalesce((SELECT sum(json_extract(value, '$[1]')) FROM {_RUNS}), 0),
                CASE WHEN json_valid(record) THEN
                    coalesce(json_extract(record, '$.environment.git_commit'), '') ELSE '' END,
                coalesce((SELECT group_concat(note, '; ') FROM (
                    SELECT DISTINCT note FROM snapshot WHERE session = session.id AND note <> ''
                    ORDER BY created_at)), ''),
                coalesce((SELECT json_group_array(value) FROM (SELECT DISTINCT value
                    FROM snapshot, json_each(CASE WHEN json_valid(tags) THEN tags ELSE '[]' END)
                    WHERE session = session.id ORDER BY value)), '[]')
            FROM session LEFT JOIN headline ON headline.session = session.id""",
        # A name of a session, or of one run of it; a baseline can be pointed at another.
        """CREATE TABLE name (
            name TEXT PRIMARY KEY,
            session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
            run INTEGER,
            baseline INTEGER NOT NULL,
            created_at TEXT NOT NULL)""",
        """INSERT INTO name (name, session, run, baseline, created_at)
            SELECT name, session, run, 0, created_at FROM snapshot""",
        # What was removed and can be restored: a name, or where that is null, the session itself.
        # Rows with the same number were removed by one command.
        """CREATE TABLE tombstone (
            removal INTEGER NOT NULL,
            removed_at TEXT NOT NULL,
            session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
            name TEXT,
            run INTEGER,
            baseline INTEGER NOT NULL,
            created_at TEXT NOT NULL)""",
        # What the history of a profile is made of: `facts` are a few numbers of a run, and empty
        # where an older version wrote the run.
        """CREATE TABLE measured (
            profile TEXT NOT NULL,
            session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
            run INTEGER NOT NULL,
            facts TEXT NOT NULL,
            PRIMARY KEY (profile, session, run)) WITHOUT ROWID""",
        f"""INSERT INTO measured (profile, session, run, facts)
            SELECT json_extract(value, '$[0]'), session, CAST(key AS INTEGER), ''
            FROM headline, {_RUNS}
            WHERE json_extract(value, '$[0]') IS NOT NULL""",
        """CREATE TABLE acknowledgement (
            profile TEXT NOT NULL,
            statistic TEXT NOT NULL,
            session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
            note TEXT NOT NULL,
            created_at TEXT NOT NULL,
            PRIMARY KEY (profile, statistic, session)) WITHOUT ROWID""",
        # How far equal code comes out apart, by what is measured and where.
        """CREATE TABLE noise (
            profile TEXT NOT NULL,
            machine TEXT NOT NULL,
            record TEXT NOT NULL,
            PRIMARY KEY (profile, machine)) WITHOUT ROWID""",
        "DROP TABLE headline",
        "DROP TABLE snapshot",
        # Lists are read from the index alone: the rows of sessions are long.
        "CREATE INDEX session_list ON session (started_at, id, state)",
        "CREATE INDEX session_running ON session (id) WHERE state = 'running'",
        "CREATE INDEX name_session ON name (session)",
        "CREATE INDEX tombstone_session ON tombstone (session)",
        "CREATE INDEX measured_session ON measured (session)",
        "CREATE INDEX acknowledgement_session ON acknowledgement (session)",
    ),
    (
        # When a line was printed, since the session's start. A table of its own, so that files
        # without it can be read.
        """CREATE TABLE log_time (
            session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
            number INTEGER NOT NULL,
            offset_ns INTEGER NOT NULL,
            PRIMARY KEY (session, number)) WITHOUT ROWID""",
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


async def read_as_newest(connection: aiosqlite.Connection, version: int) -> None:
    """Lets an older file be read like one of VERSION, without changing it, in a transaction of
    the caller's.

    The tables that it lacks are made in the connection's own temporary database, where names are
    looked up first.
    """
    for statements in MIGRATIONS[version:]:
        for statement in statements:
            if statement.startswith("CREATE TABLE"):
                await connection.execute(statement.replace("CREATE", "CREATE TEMPORARY", 1))
            elif statement.startswith("INSERT"):
                await connection.execute(statement)


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
