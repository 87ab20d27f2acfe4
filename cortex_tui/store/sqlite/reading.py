"""What is read from a store: lists of what there is, and one session whole."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any, get_args

import aiosqlite

from cortex_tui.store import names
from cortex_tui.store.errors import SnapshotError, damaged
from cortex_tui.store.records import (
    IntervalRecord,
    SessionEnd,
    SessionEntry,
    SessionRecord,
    SessionState,
    SnapshotEntry,
    StoredSession,
)
from cortex_tui.store.sqlite import rows
from cortex_tui.store.writer import is_alive

HEADLINES = (
    "SELECT session, json_group_object(run, json_array(profile, operations)) AS runs FROM run"
)
"""The rows of the table `headline`, made from those of `run`; to be grouped by session."""

_WRITER = "CASE WHEN state = 'running' THEN record END"
"""Only of a session that has not ended does it matter who writes it."""

_ENDS: dict[str, SessionEnd] = {end: end for end in get_args(SessionEnd)}


class Reader:
    """Queries on one connection, within a transaction of the caller's where there is one."""

    def __init__(self, connection: aiosqlite.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    async def sessions(self) -> list[SessionEntry]:
        """All sessions, the newest first."""
        headlines = await self._headlines()
        named: defaultdict[str, list[str]] = defaultdict(list)
        for name, session in await self._all("SELECT name, session FROM snapshot ORDER BY name"):
            named[session].append(name)
        found = await self._all(
            f"SELECT id, started_at, state, {_WRITER} FROM session "
            "ORDER BY started_at DESC, id DESC"
        )
        return [
            SessionEntry(
                id=session,
                started_at=started_at,
                state=self._state(state, record),
                profiles=tuple(name for name, _ in headlines.get(session, {}).values()),
                operations=sum(count for _, count in headlines.get(session, {}).values()),
                names=tuple(named.get(session, ())),
            )
            for session, started_at, state, record in found
        ]

    async def snapshots(self) -> list[SnapshotEntry]:
        """All names, the newest first."""
        headlines = await self._headlines()
        found = await self._all(
            f"SELECT name, session, run, note, tags, created_at, started_at, state, {_WRITER} "
            "FROM snapshot JOIN session ON session.id = snapshot.session "
            "ORDER BY created_at DESC, name"
        )
        entries = []
        for name, session, run, note, tags, created_at, started_at, state, record in found:
            runs = headlines.get(session, {})
            if run is not None:
                runs = {number: what for number, what in runs.items() if number == run}
            entries.append(
                SnapshotEntry(
                    name=name,
                    session=session,
                    run=run,
                    note=note,
                    tags=self._tags(tags),
                    created_at=created_at,
                    started_at=started_at,
                    state=self._state(state, record),
                    profiles=tuple(profile for profile, _ in runs.values()),
                    operations=sum(count for _, count in runs.values()),
                )
            )
        return entries

    async def load(self, ref: str) -> StoredSession:
        """The session of a snapshot, or of the start of a session's id."""
        snapshots = {entry.name: entry for entry in await self.snapshots()}
        snapshot = snapshots.get(ref)
        if snapshot is not None:
            return await self._session(snapshot.session, snapshot)
        ids = [
            session
            for (session,) in await self._all(
                "SELECT id FROM session WHERE ? <> '' AND substr(id, 1, length(?)) = ? "
                "ORDER BY id LIMIT 9",
                (ref, ref, ref),
            )
        ]
        if not ids:
            raise names.unknown(self._path, ref, snapshots)
        if len(ids) > 1 and ref not in ids:
            raise SnapshotError(
                f"{self._path}: {ref!r} is the start of several sessions "
                f"({', '.join(ids[:8])}): give more of it"
            )
        return await self._session(ref if ref in ids else ids[0], None)

    async def _session(self, session: str, snapshot: SnapshotEntry | None) -> StoredSession:
        await self._check_sizes(session)
        ((state, record),) = await self._all(
            "SELECT state, record FROM session WHERE id = ?", (session,)
        )
        only = None if snapshot is None else snapshot.run
        chosen = (session, only, only)
        where = "WHERE session = ? AND (? IS NULL OR run = ?) "
        runs = await self._all(f"SELECT record FROM run {where} ORDER BY run", chosen)
        log = await self._all(
            f"SELECT number, run, stream, text FROM log {where} ORDER BY number", chosen
        )
        return StoredSession(
            session=rows.session_of((record,), self._path),
            state=self._state(state, record),
            runs=tuple(rows.run_of(row, self._path) for row in runs),
            intervals=tuple(await self._intervals(where, chosen)),
            log=tuple(rows.log_of(row, self._path) for row in log),
            snapshot=snapshot,
        )

    async def _intervals(self, where: str, chosen: rows.Row) -> list[IntervalRecord]:
        found = await self._all(
            "SELECT run, first, length, service, response, lateness, failure, facts "
            f"FROM interval {where} ORDER BY run, first",
            chosen,
        )
        return [rows.interval_of(row, self._path) for row in found]

    async def _check_sizes(self, session: str) -> None:
        """Refuses what no program of ours has written before it is read into memory."""
        longest = "max(length(CAST({} AS BLOB)))"
        checks = [
            ("session", "id", longest.format("record"), rows.MAX_TEXT_BYTES),
            ("run", "session", longest.format("record"), rows.MAX_TEXT_BYTES),
            ("log", "session", longest.format("text"), rows.MAX_TEXT_BYTES),
            ("interval", "session", longest.format("facts"), rows.MAX_TEXT_BYTES),
            *(
                ("interval", "session", f"max(length({column}))", rows.MAX_BLOB_BYTES)
                for column in ("service", "response", "lateness", "failure")
            ),
        ]
        for table, key, size, limit in checks:
            ((found,),) = await self._all(f"SELECT {size} FROM {table} WHERE {key} = ?", (session,))
            if found is not None and found > limit:
                reason = f"{found:,} bytes in one {table} (expected at most {limit:,})"
                raise damaged(self._path, f"session {session}", reason)
        counts = await self._all(
            "SELECT run, count(*) FROM interval WHERE session = ? GROUP BY run", (session,)
        )
        for run, count in counts:
            if count > rows.MAX_INTERVALS:
                raise damaged(self._path, f"session {session}", f"{count:,} intervals in run {run}")

    async def _headlines(self) -> dict[str, rows.Headline]:
        """By session and run: the profile's name, and its operations."""
        ((version,),) = await self._all("PRAGMA user_version")
        source = "headline" if version >= 2 else f"({HEADLINES} GROUP BY session)"
        found = await self._all(f"SELECT session, runs FROM {source}")
        return {session: self._headline(text) for session, text in found}

    def _headline(self, text: object) -> rows.Headline:
        try:
            return rows.headline_of(text, self._path)
        except SnapshotError:
            return {}  # lists must stay usable

    def _state(self, state: str, record: object) -> SessionState:
        if state in _ENDS:
            return _ENDS[state]
        try:
            session: SessionRecord = rows.session_of((record,), self._path)
        except SnapshotError:
            # Lists must stay usable, not least to see what to remove; loading it will say more.
            return "interrupted"
        return "running" if is_alive(session.writer) else "interrupted"

    def _tags(self, text: object) -> tuple[str, ...]:
        try:
            return rows.tags_of(text, self._path)
        except SnapshotError:
            return ()

    async def _all(self, sql: str, parameters: rows.Row = ()) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await self._connection.execute_fetchall(sql, parameters)]
