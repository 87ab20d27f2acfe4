"""What SQLite reports, in the words of the person who has to do something about it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from cortex_tui.store.errors import SnapshotError
from cortex_tui.text import as_reason

# Primary result codes of SQLite: its wording of them speaks to programmers.
_ADVICE: dict[int, tuple[str, bool]] = {
    sqlite3.SQLITE_FULL: ("the disk is full: free some space", True),
    sqlite3.SQLITE_IOERR: ("the disk reports an error: check it, or use another --store", True),
    sqlite3.SQLITE_READONLY: ("it is read-only: allow writing, or use another --store", True),
    sqlite3.SQLITE_PERM: ("permission denied: allow writing, or use another --store", True),
    sqlite3.SQLITE_BUSY: ("another process keeps it locked: end that one, or wait", True),
    sqlite3.SQLITE_LOCKED: ("another process keeps it locked: end that one, or wait", True),
    sqlite3.SQLITE_CANTOPEN: (
        "it cannot be opened: check the folder and its permissions, or use another --store",
        True,
    ),
    sqlite3.SQLITE_NOTADB: ("it is no SQLite database: use another --store", False),
    sqlite3.SQLITE_CORRUPT: ("it is damaged: move it away, or use another --store", False),
}


FAILURES = (sqlite3.Error, UnicodeDecodeError)
"""What reading and writing may raise: the second where SQLite's own message has broken text of a
damaged file in it."""


def translated(error: sqlite3.Error | UnicodeDecodeError | OSError, path: Path) -> SnapshotError:
    """The error of a store at `path` in plain words."""
    if isinstance(error, FileExistsError | NotADirectoryError):
        return SnapshotError(
            f"{path}: a file is in the way where a folder is needed: use another --store",
            retryable=True,
        )
    if isinstance(error, OSError):
        reason = error.strerror or str(error)
        return SnapshotError(
            f"{path}: {reason.lower()}: allow writing, or use another --store", retryable=True
        )
    # Absent where Python itself raised it, for instance because the connection is closed.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if isinstance(error, UnicodeDecodeError) or "Could not decode" in str(error):
        code = sqlite3.SQLITE_CORRUPT
    advice, retryable = _ADVICE.get(code, (f"{as_reason(str(error))} (from SQLite)", False))
    return SnapshotError(f"{path}: {advice}", retryable=retryable)
