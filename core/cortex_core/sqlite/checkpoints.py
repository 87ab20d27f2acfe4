"""Writes the log back into the file between the commits, instead of in one of them.

SQLite does it by itself in the commit that makes the log too long: that commit takes 10 to 20 ms,
and at 15 pages a captured conversation it is one of 270. Here a background thread copies the pages
that are there, then those that were written meanwhile, and so on until few are left. The writer's
thread copies these, because the log starts again only when all of it has been copied while nobody
writes. Measured on conversations saved one after the other: p99.9 4 ms instead of 13, p99 1.1
instead of 0.5, the mean a tenth less.
"""

import asyncio
import sqlite3
import threading
from functools import partial
from typing import NamedTuple

from cortex_core.sqlite.connection_thread import ConnectionThread
from cortex_core.sqlite.failures import FAILURES
from cortex_core.sqlite.guard import Guard

BEGIN_PAGES = 3_000
"""A checkpoint begins at about this length of the log: 12 MB. A longer log slows every read."""

WRITER_PAGES = 8_000
"""At this length of the log the writer does the whole checkpoint itself; see `prepare_writer`."""

_FEW_PAGES = 200
_PASSES_MOST = 6
_FIRST_WRITES = 100
_WRITES_LEAST = 8
_WRITER_WAITS_FACTOR = 2
"""The writer waits for a running checkpoint after this many times the writes that began it."""

_READERS_MS = 250
"""How long the writer waits for others that still read from a log that has become too long."""


class Checkpoints:
    """Counts writes, and estimates from them the length of the log; SQLite does not report it."""

    def __init__(
        self,
        background: ConnectionThread,
        writer: ConnectionThread,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._background = background
        self._writer = writer
        self._writes = 0
        self._writes_due = _FIRST_WRITES
        self._log = _Log()
        self._too_long, self._step = WRITER_PAGES, BEGIN_PAGES
        self._under_way: _Checkpoint | None = None
        self.guard = Guard(loop, "cortex-core checkpoints", lambda: None)

    def wrote(self) -> None:
        """One more write has been given to the writer."""
        self._writes += 1
        checkpoint = self._under_way
        if checkpoint is None:
            if self._writes >= self._writes_due:
                self.guard.begin()
                self._under_way = checkpoint = _Checkpoint(self._too_long)
                self._background.start(checkpoint.copy_most, partial(self._copied_most, checkpoint))
        elif self._writes >= (1 + _WRITER_WAITS_FACTOR) * self._writes_due:
            self._finish(checkpoint)

    def _copied_most(self, checkpoint: "_Checkpoint", _: Exception | None) -> None:
        checkpoint.copied.set()  # also where it could not begin
        self._finish(checkpoint)

    def _finish(self, checkpoint: "_Checkpoint") -> None:
        if not checkpoint.finishing:
            checkpoint.finishing = True
            self._writer.start(checkpoint.copy_rest, partial(self._ended, checkpoint))

    def _ended(self, checkpoint: "_Checkpoint", _: Exception | None) -> None:
        log, before = checkpoint.log, self._log
        if log.pages:
            started_again = before.all_copied or log.pages < before.pages
            new = log.pages if started_again else log.pages - before.pages
            # Bounded, as a count of writes that changed nothing says nothing about those to come.
            due = min(self._writes * BEGIN_PAGES // max(new, 1), 2 * self._writes_due, BEGIN_PAGES)
            self._writes_due = max(_WRITES_LEAST, due)
            if log.all_copied:
                self._too_long, self._step = WRITER_PAGES, BEGIN_PAGES
            elif log.pages >= self._too_long:
                # A reader that takes this long is waited for again, but less and less often.
                self._too_long, self._step = log.pages + self._step, 2 * self._step
            self._log = log
        self._writes = 0
        self._under_way = None
        self.guard.end()


class _Log(NamedTuple):
    pages: int = 0
    """0 where it could not be read."""
    all_copied: bool = True
    """The next write then starts the log again, unless somebody still reads from it."""


class _Checkpoint:
    """One checkpoint, begun on the background thread and ended on the writer's."""

    def __init__(self, too_long: int) -> None:
        """`too_long`: from this many pages the log has to start again, at the cost of a wait."""
        self.log = _Log()
        self.finishing = False
        """Whether the writer waits for it, or will."""
        self.copied = threading.Event()
        self._too_long = too_long

    def copy_most(self, connection: sqlite3.Connection) -> None:
        try:
            came = 0
            for _ in range(_PASSES_MOST):
                before, self.log = self.log, _copied(connection)
                came_before, came = came, self.log.pages - before.pages
                if self.finishing or came <= _FEW_PAGES or came >= came_before > 0:
                    return
        finally:
            self.copied.set()

    def copy_rest(self, writer: sqlite3.Connection) -> None:
        # A writer that is faster than the copying waits: the log must not grow without end.
        self.copied.wait()
        self.log = _copied(writer)
        if self.log.pages >= self._too_long:
            # Searches without a pause would otherwise keep the log from ever starting again.
            self.log = _copied_and_restarted(writer)


def _copied(connection: sqlite3.Connection, how: str = "PASSIVE") -> _Log:
    """Copy what is in the log and not in use; returns what was in the log.

    Where the disk is full or fails, or another process makes a checkpoint at this moment, the log
    keeps everything, and the next checkpoint tries again.
    """
    try:
        busy, pages, copied = connection.execute(f"PRAGMA wal_checkpoint({how})").fetchone()
    except FAILURES:
        return _Log()
    return _Log(max(0, pages), not busy and pages == copied)


def _copied_and_restarted(writer: sqlite3.Connection) -> _Log:
    """Wait a moment for those who read from the log, so that the next write starts it again."""
    timeout_ms = writer.execute("PRAGMA busy_timeout").fetchone()[0]
    writer.execute(f"PRAGMA busy_timeout = {_READERS_MS}")
    try:
        return _copied(writer, "RESTART")
    finally:
        writer.execute(f"PRAGMA busy_timeout = {timeout_ms}")
