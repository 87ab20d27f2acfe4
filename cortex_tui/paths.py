"""Where things are, and who may read them: the shipped suites, the store, a person's settings."""

from __future__ import annotations

import os
import shlex
from functools import cache
from pathlib import Path

FOLDER = ".cortex-tui"
"""What the program keeps of its own lies in folders of this name."""
STORE = Path(FOLDER) / "snapshots.db"
"""The store of a working folder, unless --store names another."""
APPLICATION_ID = 0x63747569
"""In the header of a store's file, so that somebody else's database is never written to."""
CONFIG_VARIABLE = "CORTEX_TUI_CONFIG"
"""The environment variable that names another file of settings."""
STATE_VARIABLE = "CORTEX_TUI_STATE"
"""The environment variable that names another folder of states; empty for none."""
_PROGRAM = "cortex-tui"


def command_on(store: str | Path, *words: str) -> str:
    """The command of ours with these words that a person can copy: it names the store, unless that
    is the one of the working folder."""
    usual = os.path.abspath(store) == os.path.abspath(STORE)
    return shlex.join([_PROGRAM, *words, *([] if usual else ["--store", str(store)])])


_opened: set[str] = set()
"""Stores that this process has opened, as absolute paths without links."""
SQLITE_ENDINGS = ("-wal", "-shm", "-journal")
"""Of the names of the files that SQLite keeps next to a store."""


def note_open_store(file: str | Path) -> None:
    """To be called before a store is opened."""
    _opened.add(os.path.realpath(file))


def is_store(file: str) -> bool:
    """Whether it is the file of a store, wherever it lies. Waits for no pipe.

    One that this process has opened is known by its path, and none of its files is looked into: who
    closes a file gives up all locks that the process has on it, SQLite's own, too. Another process
    would then take itself for the only one, and both would write.
    """
    path = os.path.realpath(file)
    if path in _opened:
        return True
    if any(path.removesuffix(end) in _opened for end in SQLITE_ENDINGS):
        return False
    try:
        if not os.path.isfile(file):
            return False
        with open(file, "rb") as opened:
            header = opened.read(72)
    except OSError:
        return False
    return header.startswith(b"SQLite format 3\0") and header[68:] == APPLICATION_ID.to_bytes(4)


@cache
def shipped_suites() -> Path:
    """The folder of the suites that come with the program.

    They are inside the package in a wheel, next to it in a checkout and an editable install.
    """
    package = Path(__file__).resolve().parent
    inside = package / "suites"
    return inside if inside.is_dir() else package.parent / "profiles"


def usual_config_file() -> Path:
    """The file with a person's settings, unless another is named."""
    # Takes some milliseconds to import, and most commands do not need it.
    import platformdirs

    return platformdirs.user_config_path(_PROGRAM) / "config.toml"


def config_file() -> Path:
    """The file with a person's settings, unless --config names another."""
    named = os.environ.get(CONFIG_VARIABLE)
    return Path(named) if named else usual_config_file()


def state_folder() -> Path | None:
    """Where the workbench writes down what it was left with; None where it shall not."""
    named = os.environ.get(STATE_VARIABLE)
    if named is not None:
        return Path(named) if named else None
    import platformdirs

    return platformdirs.user_state_path(_PROGRAM)


def is_missing(path: str | Path) -> bool:
    """Whether nothing is there. What cannot be looked at may be there, and reading it says
    why that is not possible; Path.exists raises then, until Python 3.12."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
    return False


def make_private_folder(folder: Path) -> None:
    """Makes the folder where there is none, for nobody but this user: parameters and tracebacks
    are kept in it. One of ours is closed to others if it was not, and gets a .gitignore of its own.
    What its owner may do with it stays: one that was made read-only is for a reason.

    Raises OSError.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.name != FOLDER:
        return
    status = folder.stat()
    if status.st_mode & 0o077 and status.st_uid == os.geteuid():
        folder.chmod(status.st_mode & 0o700)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")


def make_private_file(path: Path) -> None:
    """Makes an empty file that only this user may read, where there is none. Raises OSError."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        return
