"""Folders of a process, locked as long as it lives: those that killed processes left are not."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path


def locked(folder: Path) -> int:
    """A descriptor that keeps the folder locked until it is closed, at the latest by the end of
    the process; BlockingIOError where another process has locked it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def delete_unlocked(parent: Path) -> None:
    """Deletes the folders in it that nobody has locked: processes left them that were killed.

    Numbers of processes would not tell: those of another container are not to be seen.
    """
    with contextlib.suppress(OSError):
        for folder in parent.iterdir():
            with contextlib.suppress(OSError):
                lock = locked(folder)
                shutil.rmtree(folder, ignore_errors=True)
                os.close(lock)


def new_locked(parent: Path) -> tuple[Path, int]:
    """A new folder in it, with the descriptor that keeps it locked; those of killed processes are
    deleted. Whoever does so waits for the others, so nobody deletes what is not locked yet.
    """
    turn = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(turn, fcntl.LOCK_EX)
        delete_unlocked(parent)
        folder = Path(tempfile.mkdtemp(dir=parent)).resolve()
        return folder, locked(folder)
    finally:
        os.close(turn)
