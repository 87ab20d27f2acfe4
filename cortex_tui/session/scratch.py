"""Folders next to the store for the databases that workloads use while they run."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import platformdirs

from cortex_tui.folders import delete_unlocked, make_locked
from cortex_tui.paths import FOLDER, make_private_folder


class Scratch:
    """One folder a session, deleted after it, and one for what later sessions can use again.

    They are next to the store, on the disk that is to be measured; where that cannot be written,
    in the user's cache folder.
    """

    def __init__(self, store_folder: Path) -> None:
        # The folder of a store that a person chose may be full of their own files.
        # Absolute, since a runner may have another working folder.
        store_folder = store_folder.absolute()
        ours = store_folder if store_folder.name == FOLDER else store_folder / FOLDER
        self.root = ours
        self._locks: dict[str, int] = {}

    def settle(self) -> None:
        """Decides where the folders lie; before a session is planned."""
        try:
            make_private_folder(self.root)
            self._sessions.mkdir(mode=0o700, exist_ok=True)
            # A folder that is there may be one that nothing can be added to.
            with tempfile.TemporaryFile(dir=self._sessions):
                pass
        except OSError:
            self.root = Path(platformdirs.user_cache_dir("cortex-tui", appauthor=False))

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    @property
    def _sessions(self) -> Path:
        return self.root / "scratch"

    def folder_of(self, session: str) -> Path:
        return self._sessions / session

    def make(self, session: str) -> None:
        """Raises OSError where there is no place for it."""
        make_private_folder(self.root)
        self.cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._sessions.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._locks[session] = make_locked(self.folder_of(session))

    def remove(self, session: str) -> None:
        shutil.rmtree(self.folder_of(session), ignore_errors=True)
        lock = self._locks.pop(session, None)
        if lock is not None:
            os.close(lock)

    def sweep(self) -> None:
        """Deletes what processes left behind that were killed."""
        delete_unlocked(self._sessions)
