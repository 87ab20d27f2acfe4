"""Folders of a process, locked as long as it lives: those that killed processes left are not."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path

_NEW = ".new-"
"""Begins the names of folders that are not locked yet."""


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


def make_locked(folder: Path) -> int:
    """Makes a folder that is locked from its first moment, so that nobody deletes it before."""
    new = Path(tempfile.mkdtemp(prefix=_NEW, dir=folder.parent))
    lock = locked(new)
    new.rename(folder)
    return lock


def delete_unlocked(parent: Path) -> None:
    """Deletes the folders in it that nobody has locked: processes left them that were killed.

    Numbers of processes would not tell: those of another container are not to be seen.
    """
    with contextlib.suppress(OSError):
        for folder in parent.iterdir():
            if folder.name.startswith(_NEW):
                continue
            with contextlib.suppress(OSError):
                lock = locked(folder)
                shutil.rmtree(folder, ignore_errors=True)
                os.close(lock)
