"""The open file of a store: one call at a time, each a transaction."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiosqlite

from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.sqlite.connection import identity, open_for_writing
from cortex_tui.store.sqlite.errors import FAILURES, translated


class StoreFile:
    """Belongs to the loop on which it was made. Everything here may raise SnapshotError."""

    def __init__(
        self, path: Path, connection: aiosqlite.Connection | None, *, writable: bool
    ) -> None:
        self.path = path
        self._connection = connection
        self._is_writable = writable
        self._file = identity(path)
        self._closed = False
        self._lock = asyncio.Lock()

    async def close(self) -> None:
        """Ends the connection; what was written stays. May be called twice."""
        async with self._lock:
            connection, self._connection, self._closed = self._connection, None, True
            if connection is not None:
                await connection.close()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[aiosqlite.Connection]:
        """A transaction that is committed at the end, and rolled back if that is an error."""
        if not self._is_writable:
            raise SnapshotError(f"{self.path}: was opened for reading only")
        await self._follow_the_file()
        async with self._locked("BEGIN IMMEDIATE") as connection:
            yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[aiosqlite.Connection | None]:
        """None for an empty store. All that is read is of one moment."""
        if self._connection is None and not self._is_writable:
            yield None
            return
        async with self._locked("BEGIN") as connection:
            yield connection

    async def shrink(self) -> None:
        """Gives what is free in the file back to the disk. Where another process uses the file,
        that is used by later sessions instead."""
        async with self._lock:
            if self._connection is None:
                return
            try:
                await self._connection.execute_fetchall("VACUUM")
                await self._connection.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
            except FAILURES as error:
                if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY:
                    raise translated(error, self.path) from error

    def size(self) -> int:
        """In bytes, with the log."""
        files = (self.path, self.path.with_name(f"{self.path.name}-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    async def _follow_the_file(self) -> None:
        """SQLite continues to write to a file that was deleted, and what it writes is lost."""
        async with self._lock:
            if self._closed or (self._connection and identity(self.path) == self._file):
                return
            lost, self._connection = self._connection, None
            if lost is not None:
                with suppress(sqlite3.Error):
                    await lost.close()
            self._connection = await open_for_writing(self.path)
            self._file = identity(self.path)
        raise SnapshotError(
            f"{self.path}: was moved or deleted while in use: it is made anew, for what is still "
            "in memory",
            retryable=True,
        )

    @asynccontextmanager
    async def _locked(self, begin: str) -> AsyncIterator[aiosqlite.Connection]:
        async with self._lock:
            connection = self._connection
            if connection is None:
                raise SnapshotError(f"{self.path}: is not open")
            try:
                await connection.execute_fetchall(begin)
                yield connection
                await connection.commit()
            except BaseException as error:
                # Queued behind whatever was under way, so that it holds even for a call that was
                # cancelled; it does nothing where SQLite has rolled back already.
                await asyncio.shield(connection.rollback())
                if isinstance(error, FAILURES):
                    raise translated(error, self.path) from error
                raise
