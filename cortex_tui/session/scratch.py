"""Folders beside the store for the databases that workloads keep while they run."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

import platformdirs

from cortex_tui.paths import FOLDER, make_private_folder


class Scratch:
    """One folder a session, deleted after it, and one for what later sessions can use again.

    They lie beside the store, on the disk that is to be measured; where that cannot be written,
    in the user's cache folder.
    """

    def __init__(self, store_folder: Path) -> None:
        # The folder of a store that a person chose may be full of their own files.
        ours = store_folder if store_folder.name == FOLDER else store_folder / FOLDER
        self.root = ours

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
        """Named after this process, so that it can be told later whether anyone needs it."""
        return self._sessions / f"{os.getpid()}-{session}"

    def make(self, session: str) -> None:
        """Raises OSError where there is no place for it."""
        make_private_folder(self.root)
        self.cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder_of(session).mkdir(mode=0o700, parents=True, exist_ok=True)

    def remove(self, session: str) -> None:
        shutil.rmtree(self.folder_of(session), ignore_errors=True)

    def sweep(self) -> None:
        """Deletes what processes left behind that were killed."""
        with contextlib.suppress(OSError):
            for folder in self._sessions.iterdir():
                pid, _, _ = folder.name.partition("-")
                if pid.isdigit() and not _alive(int(pid)):
                    shutil.rmtree(folder, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        stat = Path(f"/proc/{pid}/stat")
        # One that has ended and was not reaped needs nothing any more.
        return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")
    except (ProcessLookupError, FileNotFoundError):
        return False
    except PermissionError:
        return True
