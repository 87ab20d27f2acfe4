"""Where suites are looked for, so that they can be read again, and when that is worth while."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from cortex_tui.profiles.loader import OWN_FOLDER, find_files, load_catalog
from cortex_tui.profiles.model import Catalog


class FileState(NamedTuple):
    """What changes of a file when somebody writes it."""

    modified_ns: int
    size: int
    inode: int


Files = Mapping[Path, FileState]


class SearchPath(NamedTuple):
    """The suites of one program, wherever it looks for them."""

    load: Callable[[], Catalog]
    """Reads all of them."""
    files: Callable[[], Files]
    """Their files as they are now: cheap enough to be asked for every second."""
    folders: tuple[Path, ...]
    """Those in which a new suite would be found; the first is the one to take."""


def search_path(
    places: Sequence[Path] = (),
    *,
    named_files: Sequence[Path] = (),
    working_folder: Path | None = None,
    shipped: Path | None = None,
) -> SearchPath:
    """That of `load_catalog` with the same arguments, whatever becomes of the working folder."""
    folder = Path.cwd() if working_folder is None else working_folder

    def load() -> Catalog:
        return load_catalog(places, named_files=named_files, working_folder=folder, shipped=shipped)

    def files() -> Files:
        found = find_files(places, named_files, folder, shipped)
        return states_of(found.files)

    own = [place for place in places if os.path.isdir(place)] if places else [folder / OWN_FOLDER]
    return SearchPath(load, files, tuple(own))


def states_of(files: Iterable[Path]) -> Files:
    """The files that are there, links followed."""
    states: dict[Path, FileState] = {}
    for file in files:
        try:
            status = file.stat()
        except OSError:
            continue
        states[file] = FileState(status.st_mtime_ns, status.st_size, status.st_ino)
    return states


_SETTLE_S = 0.05
_SETTLE_LOOKS = 10


class SuiteReader:
    """Reads the suites of a search path, and again when their files have changed. On any thread."""

    def __init__(self, path: SearchPath) -> None:
        self.folders = path.folders
        self._path = path
        self._files: Files = {}
        self._lock = threading.Lock()

    def read(self) -> Catalog:
        with self._lock:
            return self._read(self._path.files())

    def read_if_changed(self) -> Catalog | None:
        """None where no file has changed since they were read. Waits for half a second at most
        while they are being written: some editors move a file away before they write it anew."""
        with self._lock:
            now = self._path.files()
            if now == self._files:
                return None
            for _ in range(_SETTLE_LOOKS):
                time.sleep(_SETTLE_S)
                before, now = now, self._path.files()
                if now == before:
                    break
            return self._read(now)

    def _read(self, files: Files) -> Catalog:
        # What changes while they are read differs from these, so that it is read next time.
        self._files = files
        return self._path.load()
