"""Files of TOML: their bytes, what stands in them, and on which line."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import tomli

from cortex_tui.limits import MAX_TOML_BYTES
from cortex_tui.toml.reading import RefusedError, names_of

_READ_AGAIN = 4
"""How many times the length of a file is read at most to find where its keys are."""


def toml_bytes(file: Path) -> bytes:
    """What stands in the file; raises RefusedError."""
    try:
        status = file.stat()
        if not stat.S_ISREG(status.st_mode):
            # A pipe would be waited for, perhaps for ever.
            raise RefusedError("", "expected a TOML file, this is none")
        if status.st_size > MAX_TOML_BYTES:
            raise RefusedError("", f"expected at most 1 MiB of TOML, got {status.st_size:,} bytes")
        return file.read_bytes()
    except OSError as error:
        raise RefusedError("", f"cannot be read: {error.strerror or error}") from None


def toml_table(data: bytes) -> dict[str, Any]:
    """The TOML of a file; raises RefusedError."""
    try:
        return tomli.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        place = f"at byte {error.start}, on line {line}"
        raise RefusedError("", f"expected UTF-8 text: {error.reason} {place}") from None
    except (ValueError, RecursionError) as error:
        raise RefusedError("", f"not valid TOML: {error}") from None


def _lines(data: bytes) -> dict[tuple[str, ...], int]:
    """For the names of each key, such as those of `profile.steady.load`, the number of the line on
    which it begins; without those that are too far behind values that have very many lines.

    The parser reports no places, but it can read each statement by itself, below the header of its
    table.
    """
    begun: dict[tuple[str, ...], int] = {}
    left = _READ_AGAIN * len(data) + 100_000
    header, statement, begins = "", "", 1
    for number, line in enumerate(data.decode("utf-8-sig", errors="replace").split("\n"), 1):
        statement += f"{line}\n"
        left -= len(header) + len(statement)
        if left < 0:
            break
        try:
            table = tomli.loads(header + statement)
        except (ValueError, RecursionError):
            continue  # within a value of several lines
        for path in _paths(table):
            begun.setdefault(path, begins)
        if statement.lstrip().startswith("["):
            header = statement
        statement, begins = "", number + 1
    return begun


def lines_of_errors(data: bytes, keys: Sequence[str]) -> list[int | None]:
    """The lines on which the keys of errors begin, such as `profile.steady.load.rate`, or as much
    of them as is there; None for none. All are looked for at once: the file is read once."""
    if not keys:
        return []
    begun = _lines(data)

    def line_of(key: str) -> int | None:
        # A kind of load from outside may have joined the names by itself.
        for names in (names_of(key), tuple(key.split("."))):
            for length in range(len(names), 0, -1):
                if names[:length] in begun:
                    return begun[names[:length]]
        return None

    return [line_of(key) for key in keys]


def _paths(table: dict[str, Any], *above: str) -> Iterator[tuple[str, ...]]:
    """Of a table's keys, and of those in its tables."""
    for name, value in table.items():
        yield (*above, name)
        if isinstance(value, dict):
            yield from _paths(value, *above, name)
