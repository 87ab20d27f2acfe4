"""Values of TOML as text on one line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def toml_key(name: str) -> str:
    """A key as it stands before a `=`: quoted where it has to be."""
    return name if _BARE.fullmatch(name) else _quoted(name)


def toml_text(value: object) -> str:
    """A text, number, flag, list or table as TOML. Tables and lists are inline."""
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return f"{{ {table_text(value)} }}" if value else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_text, value))}]"
    # What else TOML has, such as dates, is written as Python does.
    return str(value)


def table_text(table: Mapping[str, object]) -> str:
    """The keys of an inline table, without its braces."""
    return ", ".join(f"{toml_key(name)} = {toml_text(item)}" for name, item in table.items())


def _quoted(text: str) -> str:
    # JSON's escapes are TOML's, but for DEL, which JSON leaves as it is.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
