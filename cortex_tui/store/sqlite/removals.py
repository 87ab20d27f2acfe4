"""Removing names and sessions so that they can be restored, and at last for good."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiosqlite

from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.filters import is_since
from cortex_tui.store.library import Keep, Removed, Restored
from cortex_tui.store.records import SessionEntry, SnapshotEntry
from cortex_tui.store.sqlite.reading import Reader

_MOVED = 2
"""In place of 1 for a baseline that was not removed but pointed elsewhere."""

_INSERT = (
    "INSERT INTO tombstone (removal, removed_at, session, name, run, baseline, created_at) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)


class Removals:
    """Changes within a transaction of the caller's; `now` is the moment of it, in ISO 8601."""

    def __init__(self, connection: aiosqlite.Connection, path: Path, now: str) -> None:
        self._connection = connection
        self._path = path
        self._now = now

    async def remove(self, ref: str, within: int | None) -> Removed:
        """A name, and with its last one the session; or a session with all its names.

        `within` is the number of an earlier removal of which this is a part.
        """
        session, snapshot = await Reader(self._connection, self._path).find(ref)
        removal = within if within is not None else await self._next()
        only = None if snapshot is None else snapshot.name
        names = await self._all(
            "SELECT name, run, baseline, created_at FROM name "
            "WHERE session = ? AND (? IS NULL OR name = ?) ORDER BY name",
            (session, only, only),
        )
        running = await self._is_running(session)
        if running and only is None:
            raise SnapshotError(f"{self._path}: session {session} is running: stop it first")
        for name, run, baseline, created_at in names:
            await self._record_removal(removal, session, name, run, baseline, created_at)
            await self._all("DELETE FROM name WHERE name = ?", (name,))
        left = await self._all("SELECT 1 FROM name WHERE session = ?", (session,))
        gone = not left and not running
        if gone:
            await self._record_removal(removal, session, None, None, 0, "")
        return Removed(
            removal=removal,
            names=tuple(name for name, *_ in names),
            session=session if gone else "",
        )

    async def note_move(self, baseline: SnapshotEntry) -> None:
        """A baseline is about to be pointed elsewhere: `restore` points it back."""
        await self._record_removal(
            await self._next(), baseline.session, baseline.name, baseline.run, _MOVED,
            baseline.created_at,
        )  # fmt: skip

    async def restore(self, ref: str) -> Restored | None:
        """Takes the last removal back, or the last that took `ref`; None where there is none."""
        ((removal,),) = await self._all(
            "SELECT max(removal) FROM tombstone "
            "WHERE ? = '' OR name = ? OR (name IS NULL AND substr(session, 1, length(?)) = ?)",
            (ref, ref, ref, ref),
        )
        if removal is None:
            return None
        names, taken = [], []
        found = await self._all(
            "SELECT name, session, run, baseline, created_at FROM tombstone "
            "WHERE removal = ? AND name IS NOT NULL ORDER BY name",
            (removal,),
        )
        for name, session, run, baseline, created_at in found:
            kinds = await self._all("SELECT baseline FROM name WHERE name = ?", (name,))
            if kinds and not (baseline == _MOVED and kinds == [(1,)]):
                taken.append(name)
                continue
            await self._all(
                "INSERT OR REPLACE INTO name (name, session, run, baseline, created_at) "
                "VALUES (?, ?, ?, ?, ?)",
                (name, session, run, 1 if baseline else 0, created_at),
            )
            names.append(name)
        # A name brings its session back, whichever removal took that.
        sessions = await self._all(
            "SELECT DISTINCT session FROM tombstone WHERE name IS NULL AND session IN "
            "(SELECT session FROM tombstone WHERE removal = ?) ORDER BY session",
            (removal,),
        )
        await self._connection.executemany(
            "DELETE FROM tombstone WHERE name IS NULL AND session = ?", sessions
        )
        await self._all("DELETE FROM tombstone WHERE removal = ?", (removal,))
        return Restored(
            names=tuple(names), sessions=tuple(each for (each,) in sessions), taken=tuple(taken)
        )

    async def removable(self, keep: Keep) -> tuple[list[str], list[str]]:
        """What `delete` is to be given: sessions that were removed, and unsaved ones that nothing
        keeps."""
        removed = await self._all("SELECT DISTINCT session FROM tombstone WHERE name IS NULL")
        sessions = await Reader(self._connection, self._path).sessions()
        return [session for (session,) in removed], unkept(sessions, keep)

    async def delete(self, sessions: list[str]) -> None:
        """For good, with everything that was measured in them."""
        await self._connection.executemany(
            "DELETE FROM session WHERE id = ?", [(session,) for session in sessions]
        )

    async def forget(self) -> None:
        """The names that could still be restored, of sessions that stay."""
        await self._all("DELETE FROM tombstone")

    async def _record_removal(
        self,
        removal: int,
        session: str,
        name: str | None,
        run: int | None,
        baseline: int,
        created_at: str,
    ) -> None:
        await self._all(_INSERT, (removal, self._now, session, name, run, baseline, created_at))

    async def _next(self) -> int:
        ((last,),) = await self._all("SELECT max(removal) FROM tombstone")
        return int(last or 0) + 1

    async def _is_running(self, session: str) -> bool:
        return await Reader(self._connection, self._path).state_of(session) == "running"

    async def _all(self, sql: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await self._connection.execute_fetchall(sql, parameters)]


def unkept(sessions: list[SessionEntry], keep: Keep) -> list[str]:
    """Of all sessions, the newest first, those that nothing keeps: no name, tag or note, and none
    of what `keep` says."""
    if keep.newest is None and not keep.since:
        return []
    unsaved = [
        session
        for session in sessions
        if not (session.names or session.tags or session.note) and session.state != "running"
    ]
    return [
        session.id
        for session in unsaved[keep.newest or 0 :]
        if not (keep.since and is_since(session.started_at, keep.since))
    ]
