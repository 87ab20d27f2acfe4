"""Files of TOML: their bytes, what stands in them, and on which line."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tomli

from cortex_tui.limits import MAX_TOML_BYTES
from cortex_tui.toml.reading import RefusedError


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
        raise RefusedError(
            "", f"expected UTF-8 text: {error.reason} at byte {error.start}"
        ) from None
    except (ValueError, RecursionError) as error:
        raise RefusedError("", f"not valid TOML: {error}") from None


def line_of(data: bytes, path: Sequence[str]) -> int | None:
    """The number of the line on which a key begins, or the table that has it; None if it is not
    there. Takes as long as reading the file once for each of its lines.

    The parser reports no places, but it can read a file up to a line.
    """
    lines = data.decode("utf-8-sig", errors="replace").splitlines()
    begins = 1
    for number in range(1, len(lines) + 1):
        try:
            table: object = tomli.loads("\n".join(lines[:number]))
        except (ValueError, RecursionError):
            continue  # within a value of several lines
        for name in path:
            table = table.get(name) if isinstance(table, dict) else None
        if table is not None:
            return begins
        begins = number + 1
    return None
