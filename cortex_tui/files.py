"""Files that a person asks for: whether they can be written, and writing them whole."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from cortex_tui.outputs import IS_STORE, descriptor_file, is_of_store, write_to_descriptor

STDOUT = "-"
"""What a person writes for stdout, in place of a file."""


def cannot_write(target: str) -> str:
    """Why a file could not be written, "" where nothing is in the way."""
    folder = Path(target).parent
    try:
        mode = os.stat(target).st_mode
    except (FileNotFoundError, NotADirectoryError):
        if not os.path.isdir(folder):
            return f"there is no folder {folder}"
    except (OSError, ValueError) as error:
        return f"cannot be written: {getattr(error, 'strerror', None) or error}"
    else:
        if stat.S_ISDIR(mode):
            return "expected a file, this is a folder"
        if not os.access(target, os.W_OK):
            return "cannot be written: permission denied"
        if not stat.S_ISREG(mode) or descriptor_file(target):
            return IS_STORE if is_of_store(target) else ""
    # A new file takes the place of the old one.
    real_folder = os.path.dirname(os.path.realpath(target))
    if not os.access(real_folder, os.W_OK | os.X_OK):
        return f"cannot be written: no file can be made in the folder {folder}: permission denied"
    return IS_STORE if is_of_store(target) else ""


def refusal(targets: Iterable[tuple[str, str]], store: str | Path) -> str:
    """Why results cannot be written to all of these, "" where nothing is in the way.

    Each target comes with the option that names it.
    """
    taken: dict[str, str] = {}
    for option, target in targets:
        if target != STDOUT and is_of_store(target, store):
            return f"{option} {target}: {IS_STORE}"
        place = _place(target)
        if place in taken:
            return f"{option} {target}: expected another file, that is the one of {taken[place]}"
        if place:
            taken[place] = option
    return ""


def _place(target: str) -> str:
    """What is the same for two that would take each other's place; "" for pipes and devices."""
    if target == STDOUT:
        return descriptor_file("/dev/stdout") or STDOUT
    if place := descriptor_file(target):
        return place
    return "" if os.path.exists(target) and not os.path.isfile(target) else os.path.realpath(target)


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file so that, whatever happens, either the old or the new one is there whole, after
    a power cut, too: what is written is on the disk before it has the name (which takes 0.1 ms for
    4 kB, and 0.7 for 5 MB). Which of the two a power cut leaves is not sure for some seconds.

    Raises OSError, also for a file that was made read-only, in whose place another could be put,
    and for a store. What /dev/stdout and its like lead to is not replaced but continued.
    """
    if open_file := descriptor_file(path):
        write_to_descriptor(open_file, data)
        return
    if is_of_store(path):
        raise PermissionError(errno.EPERM, IS_STORE, str(path))
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
            file.flush()
            _sync(file.fileno())
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


def _sync(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as error:  # some network file systems cannot
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS):
            raise
