"""A store in one SQLite file, with a write-ahead log; see `store.port.Store`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiosqlite

from cortex_tui.store import names
from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.library import (
    Acknowledgement,
    Collected,
    Keep,
    MeasuredRun,
    NoiseRecord,
    Removed,
    RemovedEntry,
    Restored,
)
from cortex_tui.store.names import checked_name, checked_tag
from cortex_tui.store.records import (
    SessionBatch,
    SessionEnd,
    SessionEntry,
    SessionRecord,
    SessionVerdict,
    SnapshotEntry,
    StoredSession,
)
from cortex_tui.store.sqlite import rows
from cortex_tui.store.sqlite.connection import open_for_reading, open_for_writing
from cortex_tui.store.sqlite.file import StoreFile
from cortex_tui.store.sqlite.naming import Naming
from cortex_tui.store.sqlite.reading import Reader
from cortex_tui.store.sqlite.remarks import Remarks
from cortex_tui.store.sqlite.removals import Removals, unkept
from cortex_tui.store.sqlite.writing import write_batch
from cortex_tui.text import encodable


class SqliteStore:
    """Opened by `open` or `open_for_reading`, ended by `close`; every call may raise
    SnapshotError."""

    def __init__(
        self, path: Path, connection: aiosqlite.Connection | None, *, writable: bool, notice: str
    ) -> None:
        self.path = path
        self.notice = notice
        """What a reader should know of the way in which the file had to be read, or ""."""
        self._file = StoreFile(path, connection, writable=writable)

    @staticmethod
    async def open(path: Path) -> SqliteStore:
        """For writing and reading; the file is made, or brought to the newest schema."""
        return SqliteStore(path, await open_for_writing(path), writable=True, notice="")

    @staticmethod
    async def open_for_reading(path: Path) -> SqliteStore:
        """For reading, of a file or folder that may be read-only too; the file is never changed.

        A missing file is an empty store, and is not made. Next to a writable one SQLite may leave
        an empty log, which the next writer removes.
        """
        connection, notice = await open_for_reading(path)
        return SqliteStore(path, connection, writable=False, notice=notice)

    async def close(self) -> None:
        """Ends the connection; what was written stays. May be called twice."""
        await self._file.close()

    async def __aenter__(self) -> SqliteStore:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # --- a session while it runs ---------------------------------------------------------------

    async def begin_session(self, record: SessionRecord) -> None:
        """Makes the session known, or what is known of it newer."""
        async with self._file.writing() as connection:
            await connection.execute_fetchall(
                "INSERT INTO session (id, started_at, state, record) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET "
                "started_at = excluded.started_at, record = excluded.record",
                rows.session_row(record, "running"),
            )
            await connection.execute_fetchall(
                "INSERT INTO overview (session, profiles, operations, revision, note, tags) "
                "VALUES (?, '[]', 0, ?, '', '[]') "
                "ON CONFLICT (session) DO UPDATE SET revision = excluded.revision",
                (record.id, rows.revision_of(record)),
            )

    async def write(self, batch: SessionBatch) -> None:
        """Writes what has changed. The same batch may be written again, after an error or not."""
        async with self._file.writing() as connection:
            await self._need_session(connection, batch.session)
            await write_batch(connection, batch)

    async def finish_session(self, session: str, state: SessionEnd) -> None:
        """Notes that nothing more will be written of the session."""
        async with self._file.writing() as connection:
            await self._need_session(connection, session)
            await connection.execute_fetchall(
                "UPDATE session SET state = ? WHERE id = ?", (state, session)
            )

    # --- names, tags and notes ----------------------------------------------------------------

    async def name_snapshot(
        self,
        name: str,
        session: str,
        run: int | None = None,
        note: str = "",
        tags: tuple[str, ...] = (),
    ) -> None:
        """Points a new name at a stored session, or at one run of it.

        Note and tags are added to those that the session has.
        """
        checked_name(name)
        for tag in tags:
            checked_tag(tag)
        async with self._file.writing() as connection:
            await self._need_session(connection, session)
            await Naming(connection, self.path, _now()).save(name, session, run)
            remarks = Remarks(connection, self.path)
            await remarks.add_note(session, note)
            await remarks.change_tags(session, tags, ())

    async def check_name(self, name: str) -> None:
        """SnapshotError if `name_snapshot` would refuse the name."""
        checked_name(name)
        async with self._file.writing() as connection:
            await Naming(connection, self.path, _now()).need_free(name)

    async def set_baseline(self, name: str, ref: str) -> str:
        """Points a baseline at what `ref` means, and returns the session that it was pointed at
        before, "" for a new one. The name must be free or a baseline's. `restore` takes it back."""
        checked_name(name)
        async with self._file.writing() as connection:
            return await Naming(connection, self.path, _now()).move(name, ref)

    async def change_tags(
        self, ref: str, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> tuple[str, ...]:
        """Adds tags to a session and takes others away; returns all that it has then."""
        for tag in add:
            checked_tag(tag)
        async with self._file.writing() as connection:
            session, _ = await Reader(connection, self.path).find(ref)
            return await Remarks(connection, self.path).change_tags(session, add, remove)

    async def set_note(self, ref: str, note: str) -> None:
        """Writes the note of a session in place of the one it has; "" takes it away."""
        async with self._file.writing() as connection:
            session, _ = await Reader(connection, self.path).find(ref)
            await Remarks(connection, self.path).set_note(session, note)

    # --- removing and restoring ---------------------------------------------------------------

    async def remove(self, ref: str, *, within: int | None = None) -> Removed:
        """Takes a name away, and the session with its last one, unless it is running; or a session
        with all its names. `within` is the number of an earlier removal that this is a part of."""
        async with self._file.writing() as connection:
            return await Removals(connection, self.path, _now()).remove(ref, within)

    async def restore(self, ref: str = "") -> Restored | None:
        """Takes the last removal back, or the last that took `ref`, a name or the start of a
        session's id; None where there is nothing to restore."""
        async with self._file.writing() as connection:
            return await Removals(connection, self.path, _now()).restore(ref)

    async def collect(self, keep: Keep, *, dry_run: bool = False) -> Collected:
        """Deletes for good what was removed, and unsaved sessions that nothing keeps; then gives
        the space back to the disk. A `dry_run` only returns what would go."""
        before = self._file.size()
        async with self._file.writing() as connection:
            removals = Removals(connection, self.path, _now())
            removed, unsaved = await removals.removable(keep)
            if not dry_run:
                await removals.delete([*removed, *unsaved])
                await removals.forget()
        if not dry_run:
            await self._file.shrink()
        return Collected(
            removed=tuple(removed),
            unsaved=tuple(unsaved),
            freed_bytes=max(0, before - self._file.size()),
        )

    async def prune_unsaved(self, keep: int = 50, needed: Collection[str] = ()) -> int:
        """Removes sessions without name, tag or note but the newest `keep`, and those whose ids
        are `needed`; returns how many."""
        async with self._file.writing() as connection:
            sessions = await Reader(connection, self.path).sessions()
            gone = [each for each in unkept(sessions, Keep(newest=keep)) if each not in needed]
            await Removals(connection, self.path, _now()).delete(gone)
            return len(gone)

    # --- histories and noise ------------------------------------------------------------------

    async def acknowledge(self, change: Acknowledgement) -> None:
        """Keeps a note on a change; an empty one takes it away."""
        key = (change.profile, change.statistic, change.session)
        async with self._file.writing() as connection:
            await self._need_session(connection, change.session)
            await connection.execute_fetchall(
                "DELETE FROM acknowledgement WHERE profile = ? AND statistic = ? AND session = ?",
                key,
            )
            if change.note:
                await connection.execute_fetchall(
                    "INSERT INTO acknowledgement (profile, statistic, session, note, created_at) "
                    "VALUES (?, ?, ?, ?, ?)",
                    (*key, encodable(change.note), change.created_at or _now()),
                )

    async def acknowledgements(self, profile: str) -> list[Acknowledgement]:
        """The notes on changes of a profile, the oldest first."""
        async with self._reading() as reader:
            return [] if reader is None else await reader.acknowledgements(profile)

    async def measured(self, profile: str) -> list[MeasuredRun]:
        """The runs of a profile in few numbers, the oldest first."""
        async with self._reading() as reader:
            return [] if reader is None else await reader.measured(profile)

    async def profiles(self) -> list[str]:
        """The names of all profiles of which there is a run."""
        async with self._reading() as reader:
            return [] if reader is None else await reader.profiles()

    async def put_noise(self, records: Sequence[NoiseRecord]) -> None:
        """Keeps noise floors, each in place of an earlier one of the same profile and machine."""
        async with self._file.writing() as connection:
            await connection.executemany(
                "INSERT OR REPLACE INTO noise (profile, machine, record) VALUES (?, ?, ?)",
                [rows.noise_row(record) for record in records],
            )

    async def noise(self) -> list[NoiseRecord]:
        """All noise floors."""
        async with self._reading() as reader:
            return [] if reader is None else await reader.noise()

    # --- reading ------------------------------------------------------------------------------

    async def list_snapshots(self) -> list[SnapshotEntry]:
        """All names but removed ones, the newest first."""
        async with self._reading() as reader:
            return [] if reader is None else await reader.snapshots()

    async def list_sessions(self) -> list[SessionEntry]:
        """All sessions but removed ones, saved or not, the newest first."""
        async with self._reading() as reader:
            return [] if reader is None else await reader.sessions()

    async def verdicts(self, sessions: Sequence[str]) -> dict[str, SessionVerdict]:
        """What the runs of each of these sessions come to."""
        async with self._reading() as reader:
            return {} if reader is None else await reader.verdicts(sessions)

    async def list_removed(self) -> list[RemovedEntry]:
        """What can be restored, the newest removal first."""
        async with self._reading() as reader:
            return [] if reader is None else await reader.removed()

    async def find(self, ref: str) -> tuple[str, int | None]:
        """The session that is meant, and which run of it, None for the whole."""
        async with self._reading() as reader:
            if reader is None:
                raise names.nothing(self.path, ref)
            session, snapshot = await reader.find(ref)
            return session, snapshot.run if snapshot else None

    async def load(self, ref: str) -> StoredSession:
        """What is stored under a snapshot's name, or of the session whose id begins with `ref`."""
        async with self._reading() as reader:
            if reader is None:
                raise names.nothing(self.path, ref)
            return await reader.load(ref)

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[Reader | None]:
        """None for an empty store."""
        async with self._file.reading() as connection:
            yield None if connection is None else Reader(connection, self.path)

    async def _need_session(self, connection: aiosqlite.Connection, session: str) -> None:
        if not await connection.execute_fetchall("SELECT 1 FROM session WHERE id = ?", (session,)):
            raise SnapshotError(f"{self.path}: session {session} is not stored: run it again")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
