"""Turns what sqlite3 raises into the errors of the store's port."""

import sqlite3

from cortex_core.errors import (
    SearchTimeoutError,
    StoreBusyError,
    StoreDamagedError,
    StoreError,
    StoreFullError,
)

_BY_CODE: dict[int, tuple[type[StoreError], str]] = {
    sqlite3.SQLITE_BUSY: (StoreBusyError, "the store is in use by another process"),
    sqlite3.SQLITE_LOCKED: (StoreBusyError, "the store is in use by another connection"),
    sqlite3.SQLITE_INTERRUPT: (SearchTimeoutError, "it took too long and was stopped"),
    sqlite3.SQLITE_FULL: (StoreFullError, "there is no room left for the store"),
    sqlite3.SQLITE_CORRUPT: (StoreDamagedError, "the store's file is damaged"),
    sqlite3.SQLITE_NOTADB: (StoreDamagedError, "the file is not a database"),
    sqlite3.SQLITE_CANTOPEN: (StoreError, "the store's file cannot be opened"),
    sqlite3.SQLITE_READONLY: (StoreError, "the store's file cannot be written"),
    sqlite3.SQLITE_IOERR: (StoreError, "reading or writing the store's file failed"),
}

_PRIMARY = 0xFF


def translated(error: BaseException) -> BaseException:
    """`error` as a caller of the store should see it; the original is its cause."""
    if isinstance(error, StopIteration):
        # A future refuses it: it would end the coroutine that awaits as if it had returned.
        stopped = RuntimeError("a unit raised StopIteration")
        stopped.__cause__ = error
        return stopped
    if not isinstance(error, sqlite3.Error):
        return error
    code = getattr(error, "sqlite_errorcode", None)
    kind, reason = _BY_CODE.get(
        code & _PRIMARY if code is not None else -1, (StoreError, "the store failed")
    )
    store_error = kind(f"{reason}: {error}")
    store_error.__cause__ = error
    return store_error
