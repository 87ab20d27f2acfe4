"""What is read from a store: lists of what there is, and one session whole."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast, get_args

import aiosqlite

from cortex_tui.limits import MAX_STORED_BLOB_BYTES, MAX_STORED_INTERVALS, MAX_STORED_TEXT_BYTES
from cortex_tui.stats.targets import TargetResult
from cortex_tui.stats.verdicts import verdict
from cortex_tui.store import names
from cortex_tui.store.errors import SnapshotError, damaged
from cortex_tui.store.library import Acknowledgement, MeasuredRun, NoiseRecord, RemovedEntry
from cortex_tui.store.records import (
    IntervalRecord,
    SessionEnd,
    SessionEntry,
    SessionRecord,
    SessionState,
    SessionVerdict,
    SnapshotEntry,
    StoredSession,
)
from cortex_tui.store.sqlite import rows
from cortex_tui.store.writer import is_alive

_REMOVED = "(SELECT session FROM tombstone WHERE name IS NULL)"
"""The sessions that were removed, and can be restored."""

_ENDS: dict[str, SessionEnd] = {end: end for end in get_args(SessionEnd)}


_NEVER_BEGAN = (
    "json_extract(record, '$.state') = 'planned' OR json_extract(record, '$.state') = 'stopped' "
    "AND ifnull(json_extract(record, '$.measured_ns'), 0) = 0"
)
"""As `results.run_result.RunResult.has_begun` has it."""


class Reader:
    """Queries on one connection, within a transaction of the caller's where there is one."""

    def __init__(self, connection: aiosqlite.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._known_texts: dict[object, tuple[str, ...]] = {}

    async def sessions(self) -> list[SessionEntry]:
        """All sessions but removed ones, the newest first."""
        named: defaultdict[str, list[str]] = defaultdict(list)
        for name, session in await self._all("SELECT name, session FROM name ORDER BY name"):
            named[session].append(name)
        states = await self._running()
        found = await self._all(
            "SELECT id, started_at, state, profiles, operations, revision, note, tags "
            "FROM session LEFT JOIN overview ON overview.session = id "
            f"WHERE id NOT IN {_REMOVED} ORDER BY started_at DESC, id DESC"
        )
        return [
            SessionEntry(
                id=session,
                started_at=started_at,
                state=_ENDS.get(state) or states.get(session, "interrupted"),
                profiles=self._texts(profiles),
                operations=operations or 0,
                names=tuple(named[session]) if session in named else (),
                note=note or "",
                tags=self._texts(tags),
                revision=revision or "",
            )
            for session, started_at, state, profiles, operations, revision, note, tags in found
        ]

    async def snapshots(self, name: str | None = None) -> list[SnapshotEntry]:
        """All names, or that one, the newest first."""
        states = await self._running()
        found = await self._all(
            "SELECT n.name, n.session, n.run, n.baseline, n.created_at, s.started_at, s.state, "
            "o.profiles, o.operations, o.revision, o.note, o.tags, r.profile, r.operations "
            "FROM name AS n JOIN session AS s ON s.id = n.session "
            "LEFT JOIN overview AS o ON o.session = n.session "
            "LEFT JOIN run AS r ON r.session = n.session AND r.run = n.run "
            "WHERE ? IS NULL OR n.name = ? ORDER BY n.created_at DESC, n.name",
            (name, name),
        )
        entries = []
        for (
            label, session, run, baseline, created_at, started_at, state,
            profiles, operations, revision, note, tags, profile, of_run,
        ) in found:  # fmt: skip
            whole = run is None
            entries.append(
                SnapshotEntry(
                    name=label,
                    session=session,
                    run=run,
                    baseline=bool(baseline),
                    note=note or "",
                    tags=self._texts(tags),
                    created_at=created_at,
                    started_at=started_at,
                    state=_ENDS.get(state) or states.get(session, "interrupted"),
                    profiles=self._texts(profiles) if whole else (profile,) if profile else (),
                    operations=(operations if whole else of_run) or 0,
                    revision=revision or "",
                )
            )
        return entries

    async def verdicts(self, sessions: Sequence[str]) -> dict[str, SessionVerdict]:
        """The worst of what the runs of each session came to, as they are stored; runs that never
        began came to nothing, and one that failed has failed, whatever its targets are."""
        places = ", ".join("?" * len(sessions))
        found = await self._all(
            "SELECT session, state = 'failed', CASE WHEN json_valid(record) AND state <> 'failed' "
            f"THEN CASE WHEN {_NEVER_BEGAN} THEN NULL ELSE json_extract(record, '$.targets') END "
            f"END FROM run WHERE session IN ({places})",
            tuple(sessions),
        )
        results: defaultdict[str, list[TargetResult]] = defaultdict(list)
        failures: Counter[str] = Counter()
        for session, failed, targets in found:
            failures[session] += failed
            results[session] += rows.targets_of(targets)
        return {
            session: SessionVerdict(verdict(results[session]), failures[session])
            for session in sessions
        }

    async def removed(self) -> list[RemovedEntry]:
        """What can be restored, the newest removal first."""
        found = await self._all(
            "SELECT removal, removed_at, t.session, coalesce(name, ''), started_at, profiles "
            "FROM tombstone AS t JOIN session ON id = t.session "
            "LEFT JOIN overview AS o ON o.session = t.session "
            "ORDER BY removal DESC, name IS NULL, name"
        )
        return [
            RemovedEntry(
                removal=removal,
                removed_at=removed_at,
                session=session,
                name=name,
                started_at=started_at,
                profiles=self._texts(profiles),
            )
            for removal, removed_at, session, name, started_at, profiles in found
        ]

    async def measured(self, profile: str) -> list[MeasuredRun]:
        """The runs of a profile, the oldest first."""
        found = await self._all(
            "SELECT m.session, m.run, started_at, revision, record, facts "
            "FROM measured AS m JOIN session AS s ON s.id = m.session "
            "JOIN overview AS o ON o.session = m.session "
            f"WHERE profile = ? AND m.session NOT IN {_REMOVED} "
            "ORDER BY started_at, m.session, m.run",
            (profile,),
        )
        return [rows.measured_of(row, self._path) for row in found]

    async def profiles(self) -> list[str]:
        """The names of all profiles of which there is a run."""
        return [name for (name,) in await self._all("SELECT DISTINCT profile FROM measured")]

    async def acknowledgements(self, profile: str) -> list[Acknowledgement]:
        """Of all statistics of a profile, the oldest first."""
        found = await self._all(
            "SELECT profile, statistic, session, note, created_at FROM acknowledgement "
            "WHERE profile = ? ORDER BY created_at, statistic, session",
            (profile,),
        )
        return [
            Acknowledgement(
                profile=name, statistic=statistic, session=session, note=note, created_at=created_at
            )
            for name, statistic, session, note, created_at in found
        ]

    async def noise(self) -> list[NoiseRecord]:
        """All that is known of it."""
        found = await self._all(
            "SELECT profile, machine, CAST(record AS BLOB) FROM noise ORDER BY profile, machine"
        )
        return [rows.noise_of(row, self._path) for row in found]

    async def find(self, ref: str) -> tuple[str, SnapshotEntry | None]:
        """The id of the session that is meant, and the name where `ref` is one.

        `ref` is a name, the start of a session's id, or NEWEST for the one that was started last.
        """
        for snapshot in await self.snapshots(ref):
            return snapshot.session, snapshot
        if ref == names.NEWEST:
            for (session,) in await self._all(
                f"SELECT id FROM session WHERE id NOT IN {_REMOVED} "
                "ORDER BY started_at DESC, id DESC LIMIT 1"
            ):
                return session, None
        starting = "SELECT id FROM session WHERE ? <> '' AND substr(id, 1, length(?)) = ? "
        ids = [
            session
            for (session,) in await self._all(
                f"{starting} AND id NOT IN {_REMOVED} ORDER BY id LIMIT 9", (ref, ref, ref)
            )
        ]
        if not ids:
            removed = "SELECT 1 FROM tombstone WHERE name = ? "
            if await self._all(
                f"{removed} UNION {starting} AND id IN {_REMOVED}", (ref, ref, ref, ref)
            ):
                raise names.removed(self._path, ref)
            known = [name for (name,) in await self._all("SELECT name FROM name")]
            raise names.unknown(self._path, ref, known)
        if len(ids) > 1 and ref not in ids:
            raise SnapshotError(
                f"{self._path}: {ref!r} is the start of several sessions "
                f"({', '.join(ids[:8])}): give more of it"
            )
        return (ref if ref in ids else ids[0]), None

    async def state_of(self, session: str) -> SessionState:
        """Of a session that there is."""
        ((state, record),) = await self._all(
            "SELECT state, record FROM session WHERE id = ?", (session,)
        )
        return self._state(session, state, record)

    async def load(self, ref: str) -> StoredSession:
        """The session of a snapshot, or of the start of a session's id."""
        return await self._session(*await self.find(ref))

    async def _session(self, session: str, snapshot: SnapshotEntry | None) -> StoredSession:
        await self._check_sizes(session)
        ((state, record, note, tags),) = await self._all(
            "SELECT state, record, note, tags FROM session "
            "LEFT JOIN overview ON overview.session = id WHERE id = ?",
            (session,),
        )
        only = None if snapshot is None else snapshot.run
        chosen = (session, only, only)
        where = "WHERE session = ? AND (? IS NULL OR run = ?) "
        runs = await self._all(f"SELECT record FROM run {where} ORDER BY run", chosen)
        log = await self._all(
            "SELECT number, run, stream, text, offset_ns "
            f"FROM log LEFT JOIN log_time USING (session, number) {where} ORDER BY number",
            chosen,
        )
        return StoredSession(
            session=rows.session_of((record,), self._path, session),
            state=self._state(session, state, record),
            runs=tuple(rows.run_of(row, self._path, session) for row in runs),
            intervals=tuple(await self._intervals(session, where, chosen)),
            log=tuple(rows.log_of(row, self._path, session) for row in log),
            note=note or "",
            tags=self._texts(tags),
            snapshot=snapshot,
        )

    async def _intervals(self, session: str, where: str, chosen: rows.Row) -> list[IntervalRecord]:
        found = await self._all(
            "SELECT run, first, length, service, response, lateness, failure, facts "
            f"FROM interval {where} ORDER BY run, first",
            chosen,
        )
        return [rows.interval_of(row, self._path, session) for row in found]

    async def _check_sizes(self, session: str) -> None:
        """Refuses what no program of ours has written before it is read into memory."""
        longest = "max(length(CAST({} AS BLOB)))"
        checks = [
            ("session", "id", longest.format("record"), MAX_STORED_TEXT_BYTES),
            ("run", "session", longest.format("record"), MAX_STORED_TEXT_BYTES),
            ("log", "session", longest.format("text"), MAX_STORED_TEXT_BYTES),
            ("interval", "session", longest.format("facts"), MAX_STORED_TEXT_BYTES),
            *(
                ("interval", "session", f"max(length({column}))", MAX_STORED_BLOB_BYTES)
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
            if count > MAX_STORED_INTERVALS:
                raise damaged(self._path, f"session {session}", f"{count:,} intervals in run {run}")

    async def _running(self) -> dict[str, SessionState]:
        """What has become of the sessions that have not ended."""
        found = await self._all("SELECT id, state, record FROM session WHERE state = 'running'")
        return {session: self._state(session, state, record) for session, state, record in found}

    def _state(self, session: str, state: str, record: object) -> SessionState:
        if state in _ENDS:
            return _ENDS[state]
        try:
            known: SessionRecord = rows.session_of((record,), self._path, session)
        except SnapshotError:
            # Lists must stay usable, not least to see what to remove; loading it will say more.
            return "interrupted"
        return "running" if is_alive(known.writer) else "interrupted"

    def _texts(self, text: object) -> tuple[str, ...]:
        """Many sessions have the same list of profiles: each is decoded once."""
        known = self._known_texts.get(text)
        if known is None:
            try:
                known = rows.texts_of(text, self._path)
            except SnapshotError:
                known = ()  # lists must stay usable
            self._known_texts[text] = known
        return known

    async def _all(self, sql: str, parameters: rows.Row = ()) -> list[tuple[Any, ...]]:
        # Rows are tuples, as long as the connection has no factory of its own.
        found = await self._connection.execute_fetchall(sql, parameters)
        return cast("list[tuple[Any, ...]]", found)
