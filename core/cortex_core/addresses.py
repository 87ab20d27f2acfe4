"""Where a store is, as a person names it: a path, `:memory:`, or a URL."""

import re
from os import PathLike, fsencode, fspath
from typing import NamedTuple
from urllib.parse import unquote

from cortex_core.errors import UnknownStoreError

MEMORY = ":memory:"
"""The place of SQLite's store without a file."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_IN_THE_PROCESS = "memory:"
_IN_URL = re.compile(r"(://[^:@/?#]*):.*@", re.DOTALL)
_IN_QUERY = re.compile(r"(?i)([?&][^=&#]*password=)[^&#]*")
_HIDDEN = r"\1***"


class Address(NamedTuple):
    """A kind of store, and the place that it gets: the path of a file, or the whole URL."""

    scheme: str
    place: str


def address(where: str | PathLike[str]) -> Address:
    """The address that `where` stands for.

    A path, a text that is no URL, and `:memory:` belong to SQLite. `sqlite:///notes.db` is a file
    in the working folder, `sqlite:////var/notes.db` one with a full path, `sqlite://` is in
    memory. `memory:` is in the process. Other URLs belong to the scheme that they name.

    Raises UnknownStoreError where it has a host that a file cannot have.
    """
    text = fspath(where)
    if not isinstance(where, str):
        return Address("sqlite", text)
    if text in (_IN_THE_PROCESS, f"{_IN_THE_PROCESS}//"):
        return Address("memory", "")
    found = _SCHEME.match(text)
    if found is None:
        return Address("sqlite", text)
    scheme = found[1].lower()
    return Address(scheme, _file(text[found.end() :]) if scheme == "sqlite" else text)


def shown(where: str | PathLike[str]) -> str:
    """The address without its password, fit for messages and logs."""
    text = fspath(where)
    if _SCHEME.match(text) is None:
        return text
    # Up to the last @, as a password may hold what should have been escaped in it.
    return _IN_QUERY.sub(_HIDDEN, _IN_URL.sub(r"\1:***@", text))


def file_path(where: str | PathLike[str]) -> str:
    """A path that a file can have, or `:memory:`. Raises UnknownStoreError for any other: SQLite
    opens "" as a file of its own for each connection."""
    path = fspath(where)
    try:
        encoded = fsencode(path)
    except UnicodeEncodeError:
        encoded = b""
    if not encoded or b"\0" in encoded:
        raise UnknownStoreError(f"expected the path of a file, or {MEMORY}, got {path!r}")
    return path


def _file(rest: str) -> str:
    """The path in what follows `sqlite://`. Raises UnknownStoreError where a host is named."""
    if not rest:
        return MEMORY
    if not rest.startswith("/"):
        raise UnknownStoreError(
            f"{shown(f'sqlite://{rest}')}: expected three slashes, as in sqlite:///notes.db: a "
            "file has no host"
        )
    return unquote(rest[1:]) or MEMORY
