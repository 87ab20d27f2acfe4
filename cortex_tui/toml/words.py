"""How errors about what stands in TOML are put: what was there."""

from __future__ import annotations

_SHOWN_CHARACTERS = 60
_MOST_BITS = 10_000
"""Of a whole number that is written; TOML can have longer ones, as hexadecimal digits."""


def shown(value: object) -> str:
    """A value as it may stand in TOML, on one line, shortened, control characters escaped."""
    if isinstance(value, str):
        import json  # not for commands in which nothing is wrong

        text = json.dumps(value, ensure_ascii=not value.isprintable())
    elif isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, dict):
        return "a table"
    elif isinstance(value, list):
        return "a list"
    elif isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return "a number with more digits than are read"  # Python refuses to write them, too
    else:
        text = str(value)
    if len(text) > _SHOWN_CHARACTERS:
        return text[: _SHOWN_CHARACTERS - 1] + "…"
    return text
