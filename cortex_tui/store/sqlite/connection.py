"""Opening the file of a store, for writing or for reading only."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from pathlib import Path
from typing import cast

import aiosqlite

from cortex_tui.paths import make_private_file, make_private_folder, note_open_store
from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.sqlite import schema
from cortex_tui.store.sqlite.errors import FAILURES, translated

BUSY_SECONDS = 2.0
"""How long a call waits for another process to let go of the file."""
_SMALL_CACHE = "PRAGMA cache_size = -500"
"""In kB. SQLite's own 2 MB are full after some hundred sessions; what is written is
hardly ever read again, and the system keeps the file's pages, too."""


async def open_for_writing(path: Path) -> aiosqlite.Connection:
    """Opens the file, made and brought to the newest schema where need be.

    Raises SnapshotError; a file that is refused is left as it was.
    """
    _make_file(path)
    connection = await _connect(path, path.as_posix(), uri=False)
    try:
        if await _version(connection, path) < schema.VERSION:
            await connection.execute("BEGIN IMMEDIATE")
            await schema.migrate(connection, path)
            await connection.commit()
        await _use_write_ahead_log(connection)
        await connection.execute(_SMALL_CACHE)
        await connection.execute("PRAGMA synchronous = NORMAL")
        await connection.execute("PRAGMA foreign_keys = ON")
        await _refuse_read_only(connection)
    except BaseException as error:
        await connection.close()
        if isinstance(error, FAILURES):
            raise translated(error, path) from error
        raise
    return connection


async def open_for_reading(path: Path) -> tuple[aiosqlite.Connection | None, str]:
    """Opens the file without ever changing it: None for one that is missing or empty.

    The second value is what a reader should know of the way it had to be read, or "".
    """
    uri = _uri_of_existing(path)
    if not uri:
        return None, ""
    try:
        return await _open_uri(path, f"{uri}?mode=ro"), ""
    except FAILURES as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in (
            sqlite3.SQLITE_CANTOPEN,
            sqlite3.SQLITE_READONLY,
        ):
            raise translated(error, path) from error
    # A reader of a write-ahead log needs a file next to it; where none can be made, only the
    # database itself is left to read.
    try:
        connection = await _open_uri(path, f"{uri}?mode=ro&immutable=1")
    except FAILURES as error:
        raise translated(error, path) from error
    return connection, _notice_of_log(path)


def identity(path: Path) -> tuple[int, int] | None:
    """Which file lies there, whatever it is called; None for none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


async def _open_uri(path: Path, uri: str) -> aiosqlite.Connection | None:
    connection = await _connect(path, uri, uri=True)
    try:
        # Temporary tables of an older file: the disk may be full, or read-only.
        await connection.execute("PRAGMA temp_store = MEMORY")
        # All of it read at one moment: another process may be making or migrating the file.
        await connection.execute("BEGIN")
        version = await schema.version_of(connection, path)
        if version:
            await connection.execute(_SMALL_CACHE)
            await schema.read_as_newest(connection, version)
            await connection.commit()
            return connection
    except BaseException:
        await connection.close()
        raise
    await connection.close()
    return None


async def _connect(path: Path, database: str, *, uri: bool) -> aiosqlite.Connection:
    note_open_store(path)
    connection = aiosqlite.connect(database, uri=uri, isolation_level=None, timeout=BUSY_SECONDS)
    try:
        return await connection
    except BaseException as error:
        # It ends its thread without waiting for it. The thread reports its end to this loop, which
        # may be closed by then, and a traceback would be printed.
        # Until version 0.22 the connection was the thread.
        thread = cast(threading.Thread, getattr(connection, "_thread", connection))
        await asyncio.to_thread(thread.join)
        if isinstance(error, FAILURES):
            raise translated(error, path) from error
        raise


async def _version(connection: aiosqlite.Connection, path: Path) -> int:
    """All of it read at one moment: another process may be making the file."""
    await connection.execute("BEGIN")
    try:
        return await schema.version_of(connection, path)
    finally:
        await connection.rollback()


async def _use_write_ahead_log(connection: aiosqlite.Connection) -> None:
    """With it readers never wait for the writer, and a kill costs nothing that was committed.

    The file keeps it, but for the change to it SQLite does not wait for other processes.
    """
    give_up = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            await connection.execute_fetchall("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            await asyncio.sleep(0.02)
        else:
            return


async def _refuse_read_only(connection: aiosqlite.Connection) -> None:
    """SQLite opens a file that it may not write for reading, and says so only when something is
    written: better reported now."""
    await connection.execute("BEGIN IMMEDIATE")
    await connection.execute(f"PRAGMA user_version = {schema.VERSION}")
    await connection.rollback()


def _make_file(path: Path) -> None:
    """Makes folder and file for this user only; SQLite's own files next to it get the same mode."""
    try:
        _refuse_folder(path)
        make_private_folder(path.parent)
        make_private_file(path)
    except OSError as error:
        raise translated(error, path) from error


def _uri_of_existing(path: Path) -> str:
    """ "" for a file that is missing or empty."""
    try:
        _refuse_folder(path)
        return path.resolve().as_uri() if path.exists() and path.stat().st_size else ""
    except OSError as error:
        raise translated(error, path) from error


def _refuse_folder(path: Path) -> None:
    if path.is_dir():
        raise SnapshotError(f"{path}: it is a folder: name a file in it")


def _notice_of_log(path: Path) -> str:
    """What is missing where the write-ahead log could not be read."""
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size:
        return f"{path}: read without its newest changes, which are in {log.name}"
    return ""
