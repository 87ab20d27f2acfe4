"""Files that a person asks for: whether they can be written, and writing them whole."""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import suppress
from pathlib import Path

STDOUT = "-"
"""What a person writes for stdout, in place of a file."""


def cannot_write(target: str) -> str:
    """Why a file could not be written, "" where nothing is in the way."""
    file = Path(target)
    if file.is_dir():
        return "expected a file, this is a folder"
    if not file.parent.is_dir():
        return f"there is no folder {file.parent}"
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        return "cannot be written: permission denied"
    return ""


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file so that, whatever happens, either the old or the new one is there whole.

    Raises OSError, also for a file that was made read-only, in whose place another could be put.
    """
    if path.exists() and not path.is_file():  # a pipe or a device: nothing to replace
        path.write_bytes(data)
        return
    real = Path(os.path.realpath(path))
    if real.exists() and not os.access(real, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    descriptor, name = tempfile.mkstemp(
        prefix=f".{real.name[:100]}.", suffix=".part", dir=real.parent
    )
    part = Path(name)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            mode = 0o600
            if real.exists():
                status = real.stat()
                mode = status.st_mode & 0o777
                with suppress(OSError):  # only root may give files away
                    os.fchown(file.fileno(), status.st_uid, status.st_gid)
            os.fchmod(file.fileno(), mode)
        part.replace(real)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
