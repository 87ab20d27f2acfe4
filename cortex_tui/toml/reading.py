"""How a value of a suite is read: what it may be, in code and as JSON Schema, side by side.

A reader takes the value as TOML gave it and the key's path (`profile.steady.load`), and returns
the value as the profile holds it, or raises RefusedError, which names the very key that is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

from cortex_tui.limits import MAX_DURATION_NS, MAX_RATE_PER_S
from cortex_tui.quantities import parse_duration_ns, parse_rate_per_s
from cortex_tui.suggestions import suggestion
from cortex_tui.text import cut, one_line
from cortex_tui.toml.words import shown

_MOST_KEY_CHARS = 200
_MOST_MESSAGE_CHARS = 1_500
"""What is wrong may repeat what a person wrote, which may be anything."""

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
DURATION: Schema = {
    "type": "string",
    "pattern": r"^\s*\d[\d_]*(\.\d+)?\s*(ns|us|µs|μs|ms|s|m|min|h)\s*$",
    "examples": ["250ms", "10s"],
}
RATE: Schema = {
    "type": "string",
    "pattern": r"^\s*\d[\d_]*(\.\d+)?\s*k?\s*/\s*(ms|s|sec|m|min|h)\s*$",
    "examples": ["500/s", "1.5k/s"],
}


def where(key: str) -> str:
    """The path of a key as an error names it; parts of it may be anything that a person wrote."""
    return one_line(cut(key, _MOST_KEY_CHARS))


class KeyPath(str):
    """The path of a key as an error names it, with dots between its names. As these may have dots
    in them, `names` says which key of a file it is."""

    __slots__ = ("names",)
    names: tuple[str, ...]

    def __new__(cls, *names: str) -> KeyPath:
        path = super().__new__(cls, ".".join(names))
        path.names = names
        return path


def below(path: str, name: str) -> KeyPath:
    """The path of a key in the table at `path`, "" for that of the file."""
    return KeyPath(*names_of(path), name)


def names_of(path: str) -> tuple[str, ...]:
    """The names of which a path consists; any other text is one name, and "" none."""
    if isinstance(path, KeyPath):
        return path.names
    return (path,) if path else ()


class RefusedError(Exception):
    """A value that cannot be used: the path of its key, and what was expected there.

    Where parts of a value are wrong by themselves, `others` are those behind the first.
    """

    def __init__(self, key: str, message: str, others: Sequence[RefusedError] = ()) -> None:
        message = cut(message, _MOST_MESSAGE_CHARS)
        super().__init__(f"{where(key)}: {message}" if key else message)
        self.key = key
        self.message = message
        self.others = others


class Key(NamedTuple):
    """One key of a table: how it is read, what it looks like, and what it is for."""

    read: Callable[[object, str], Any]
    schema: Schema
    description: str


Keys = Mapping[str, Key]


def table_schema(keys: Keys, *, required: Iterable[str] = ()) -> Schema:
    """The schema of a table that has these keys and no other."""
    schema: Schema = {
        "type": "object",
        "properties": {
            name: {**key.schema, "description": key.description} for name, key in keys.items()
        },
        "additionalProperties": False,
    }
    if needed := list(required):
        schema["required"] = needed
    return schema


def counts(at_least: int, at_most: int) -> Schema:
    return {"type": "integer", "minimum": at_least, "maximum": at_most}


def such_as(schema: Schema, *examples: object) -> Schema:
    """The schema with examples, which editors offer and the reference shows."""
    return {**schema, "examples": list(examples)}


def lists(of: Schema, *, at_least: int = 0) -> Schema:
    return {"type": "array", "items": of, "minItems": at_least}


def unknown_key(path: str, name: str, known: Iterable[str]) -> RefusedError:
    return RefusedError(path, f"unknown key {suggestion(name, known)}")


def read_keys(value: object, path: str, keys: Keys) -> dict[str, Any]:
    """The table's values, each read; raises for all that are wrong or unknown."""
    table = read_table(value, path)
    found: dict[str, Any] = {}
    refused = [unknown_key(below(path, name), name, keys) for name in table if name not in keys]
    for name, setting in table.items():
        if name in keys:
            try:
                found[name] = keys[name].read(setting, below(path, name))
            except RefusedError as error:
                refused += [error, *error.others]
    refuse_all(refused)
    return found


def refuse_all(refused: Sequence[RefusedError]) -> None:
    """Raises for what was refused, if anything was."""
    if refused:
        first, *others = refused
        raise RefusedError(first.key, first.message, others)


def read_text(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise RefusedError(path, f"expected text, got {shown(value)}")
    return value


def read_table(value: object, path: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise RefusedError(path, f"expected a table, got {shown(value)}")
    return cast("dict[str, object]", value)


def read_list(value: object, path: str, example: str) -> list[object]:
    if not isinstance(value, list):
        raise RefusedError(path, f"expected a list such as {example}, got {shown(value)}")
    return cast("list[object]", value)


def read_flag(value: object, path: str) -> bool:
    if not isinstance(value, bool):
        raise RefusedError(path, f"expected true or false, got {shown(value)}")
    return value


def read_count(value: object, path: str, at_most: int, *, at_least: int = 1) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not at_least <= value <= at_most:
        expected = f"expected a whole number from {at_least} to {at_most:,}"
        raise RefusedError(path, f"{expected}, got {shown(value)}")
    return value


def read_any_duration_ns(value: object, path: str) -> int:
    """Nanoseconds; 0 is a duration too."""
    try:
        if not isinstance(value, str):
            raise ValueError
        duration_ns = parse_duration_ns(value)
    except ValueError:
        raise RefusedError(
            path, f'expected a duration such as "10s" or "250ms", got {shown(value)}'
        ) from None
    if duration_ns > MAX_DURATION_NS:
        raise RefusedError(path, f'expected at most "168h", got {shown(value)}')
    return duration_ns


def read_duration_ns(value: object, path: str) -> int:
    """Nanoseconds, one at least."""
    duration_ns = read_any_duration_ns(value, path)
    if duration_ns == 0:
        raise RefusedError(path, f"expected a duration above 0, got {shown(value)}")
    return duration_ns


def read_any_rate_per_s(value: object, path: str) -> float:
    """Operations a second; 0 is a rate too."""
    try:
        if not isinstance(value, str):
            raise ValueError
        rate_per_s = parse_rate_per_s(value)
    except ValueError:
        raise RefusedError(path, f'expected a rate such as "500/s", got {shown(value)}') from None
    if rate_per_s > MAX_RATE_PER_S:
        raise RefusedError(path, f'expected at most "{MAX_RATE_PER_S:.0f}/s", got {shown(value)}')
    return rate_per_s


def read_rate_per_s(value: object, path: str) -> float:
    """Operations a second, above 0."""
    rate_per_s = read_any_rate_per_s(value, path)
    if rate_per_s <= 0:
        raise RefusedError(path, f"expected a rate above 0, got {shown(value)}")
    return rate_per_s
