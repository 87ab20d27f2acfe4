"""Turns what sqlite3 raises into the errors of the store's port."""

import sqlite3

from cortex_core.errors import (
    SearchTimeoutError,
    StoreBusyError,
    StoreDamagedError,
    StoreError,
    StoreFullError,
)
from cortex_core.lines import one_line

FAILURES = (sqlite3.Error, UnicodeDecodeError)
"""What SQLite's failures are raised as: the second where its message repeats text of a damaged file
that is not UTF-8."""

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
    if not isinstance(error, FAILURES):
        return error
    # Absent where Python itself raised it, for instance because the connection is closed.
    code = getattr(error, "sqlite_errorcode", -1)
    if isinstance(error, UnicodeDecodeError) or "Could not decode" in str(error):
        code = sqlite3.SQLITE_CORRUPT
    kind, reason = _BY_CODE.get(code & _PRIMARY, (StoreError, "the store failed"))
    store_error = kind(f"{reason}: {one_line(str(error))}")
    store_error.__cause__ = error
    return store_error
