"""Where results are written: what must not be replaced by them, and what cannot be replaced."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from pathlib import Path

from cortex_tui.paths import SQLITE_ENDINGS, is_store

IS_STORE = "expected a file for results, sessions are stored in this one"
_DESCRIPTOR = re.compile(
    r"/proc/(?P<process>\d+)(/task/\d+)?/fd/(?P<number>\d+)|/dev/fd/(?P<own>\d+)"
)
_MOST_LINKS = 40


def is_of_store(file: str | Path, store: str | Path = "") -> bool:
    """Whether it is a store, or one of the files that SQLite keeps next to one; of `store` also
    where there is none yet."""
    real = os.path.realpath(file)
    places = [real, *(real.removesuffix(end) for end in SQLITE_ENDINGS if real.endswith(end))]
    return (bool(store) and os.path.realpath(store) in places) or any(map(is_store, places))


def descriptor_file(file: str | Path) -> str:
    """What /dev/stdout and its like lead to: the open file of a process, such as /proc/42/fd/1.
    "" for all other paths.

    What that is a file of is not its path: a shell adds to it, or continues in the middle.
    """
    path = os.fspath(file)
    for _ in range(_MOST_LINKS):
        folder, name = os.path.split(path)
        folder = os.path.realpath(folder)
        if _DESCRIPTOR.fullmatch(place := os.path.join(folder, name)):
            return place
        try:
            path = os.path.join(folder, os.readlink(place))
        except OSError:
            break
    return ""


def write_to_descriptor(place: str, data: bytes) -> None:
    """Writes where that open file stands, behind what this process has printed. Raises OSError."""
    found = _DESCRIPTOR.fullmatch(place)
    assert found is not None, place
    number = found["own"] or (found["number"] if int(found["process"]) == os.getpid() else None)
    if number is None:
        descriptor = os.open(place, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
    else:
        for stream in (sys.stdout, sys.stderr):
            with suppress(AttributeError, OSError, ValueError):  # none, or a closed one
                stream.flush()
        descriptor = os.dup(int(number))
    with open(descriptor, "wb") as file:
        file.write(data)
