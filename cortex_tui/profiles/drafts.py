"""A profile that a person edits: each of its keys as a line of text, checked by the loader.

A line has what stands behind `=` in the TOML, with less punctuation: a text needs no quotes, a
table no braces, and a list of texts neither quotes nor brackets. An empty line leaves the key out,
so that the suite's defaults hold.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
import tomli

from cortex_tui.profiles.combinations import STOP_RULE, states_stop_rule
from cortex_tui.profiles.keys import KEYS
from cortex_tui.profiles.model import Length, Profile, kept_in
from cortex_tui.profiles.suite import (
    DEFAULT_DURATION,
    DEFAULT_WARMUP,
    Refused,
    read_profile,
)
from cortex_tui.text import one_line
from cortex_tui.toml.file import toml_bytes, toml_table
from cortex_tui.toml.reading import RefusedError, names_of
from cortex_tui.toml.writing import table_text, toml_text

FIELDS: dict[str, Literal["value", "table", "list"]] = {
    "duration": "value",
    "iterations": "value",
    "precision": "table",
    "warmup": "value",
    "load": "table",
    "params": "table",
    "targets": "list",
    "warn_targets": "list",
    "tags": "list",
    "database": "value",
    "on_lost": "value",
}
"""The keys that a form has, and how each is written in a line."""

Changes = Mapping[str, object]
"""Keys of a profile and their values as in TOML; None for a key that is taken out."""


READ_AGAIN = "has changed since it was read: esc and m read it again"
"""What is said of a file in whose form something else was typed meanwhile."""


class DraftError(Exception):
    """Why a profile cannot be edited, in a sentence."""


class Draft(msgspec.Struct, frozen=True):
    """A profile as its file has it."""

    suite: str
    name: str
    """For the cells of a matrix, the name that they have in common."""
    file: Path
    data: bytes
    """What the file had when it was read."""
    table: dict[str, Any]
    """The TOML of the whole suite."""
    database: str = ""
    """What takes the place of the file's, as with --database; "" for nothing."""

    @property
    def stated(self) -> dict[str, object]:
        """The keys that stand at the profile itself."""
        own: dict[str, object] = self.table["profile"][self.name]
        return own

    def with_changes(self, changes: Changes) -> dict[str, Any]:
        """The TOML of the suite, changed in that profile."""
        own = {**self.stated, **changes}
        own = {key: value for key, value in own.items() if value is not None}
        return {**self.table, "profile": {**self.table["profile"], self.name: own}}


class Checked(NamedTuple):
    """What the lines of a form come to."""

    changes: Changes
    """What differs from the file."""
    profiles: tuple[Profile, ...]
    """The profile, or all cells of its matrix; empty where something is wrong."""
    errors: Mapping[str, str]
    """By key: the loader's messages, one in a line; by "" those of keys that have no line."""


def draft_of(profile: Profile) -> Draft:
    """Reads the file that the profile comes from; raises DraftError."""
    file, name = Path(profile.source), profile.base or profile.name
    if file.suffix != ".toml":
        raise DraftError(f"{profile.full_name} comes from no TOML file, so it has no form")
    data, table = _read_with(name, file)
    found = read_profile(table, profile.suite, name, profile.source)
    as_read = profile.database if isinstance(found, Refused) else found[0].database
    other = "" if profile.database == as_read else profile.database
    return Draft(profile.suite, name, file, data, table, other)


def check_is_as_read(draft: Draft) -> None:
    """Raises DraftError unless the file still says of the profile what it said; what else it says
    may be another by now."""
    _, table = _read_with(draft.name, draft.file)
    if not same(_keys_of(draft.name, table), _keys_of(draft.name, draft.table)):
        raise DraftError(f"{one_line(draft.file.name)} {READ_AGAIN}")


def _keys_of(name: str, table: dict[str, Any]) -> dict[str, object]:
    return {**table, "profile": table["profile"][name]}


def _read_with(name: str, file: Path) -> tuple[bytes, dict[str, Any]]:
    """The file and its TOML, in which the profile is; raises DraftError."""
    try:
        data = toml_bytes(file)
        table = toml_table(data)
    except RefusedError as refused:
        raise DraftError(one_line(f"{file.name}: {refused.message}")) from None
    profiles = table.get("profile")
    if not isinstance(profiles, dict) or not isinstance(profiles.get(name), dict):
        raise DraftError(one_line(f"{file.name} has no profile {name} any more"))
    return data, table


def lines_of(draft: Draft, changes: Changes) -> dict[str, str]:
    """The line of each field, with what was changed before."""
    stated = {**draft.stated, **changes}
    return {key: line_of(key, stated[key]) if key in stated else "" for key in FIELDS}


def line_of(key: str, value: object) -> str:
    """A value of TOML as the line of that key; empty for None."""
    kind = FIELDS[key]
    if value is None:
        return ""
    if kind == "table" and isinstance(value, dict) and value:
        return table_text(value)
    if kind == "list" and isinstance(value, list) and value:
        line = ", ".join(map(str, value))
    else:
        line = str(value) if isinstance(value, str) else ""
    # Where a plain line would be read as something else, it has its punctuation.
    try:
        plain = bool(line.strip()) and line.isprintable() and value_of(key, line) == value
    except RefusedError:
        plain = False
    return line if plain else toml_text(value)


def value_of(key: str, line: str) -> object:
    """The value of TOML that a line means; raises RefusedError."""
    text = line.strip()
    match FIELDS[key]:
        case "table":
            return _parsed(text if text.startswith("{") else f"{{ {text} }}")
        case "list" if not text.startswith("["):
            return [item for part in text.split(",") if (item := part.strip())]
        case _:
            try:
                return _parsed(text)
            except RefusedError:
                if text.startswith(("{", "[", '"', "'")):
                    raise
                return text


def _parsed(text: str) -> object:
    try:
        table = tomli.loads(f"value = {text}")
    except (ValueError, RecursionError) as error:
        message = re.sub(r" \(at [^()]*\)$", "", str(error))
        raise RefusedError("", f"not valid TOML: {message}") from None
    return table["value"]


def check(draft: Draft, lines: Mapping[str, str]) -> Checked:
    """What the loader makes of these lines; `lines` has one for each field."""
    changes: dict[str, object] = {}
    errors: dict[str, list[str]] = {}
    as_read = lines_of(draft, {})
    for key, line in lines.items():
        if line.strip() == as_read[key]:
            continue
        if not line.strip():
            changes[key] = None
            continue
        try:
            value = value_of(key, line)
        except RefusedError as refused:
            errors.setdefault(key, []).append(refused.message)
        else:
            if key not in draft.stated or not same(value, draft.stated[key]):
                changes[key] = value
    source = os.path.realpath(draft.file)
    found = read_profile(draft.with_changes(changes), draft.suite, draft.name, source)
    if isinstance(found, Refused):
        for error in found.refused:
            key, message = _placed(error, draft.name)
            errors.setdefault(key, []).append(message)
    shown = {key: "\n".join(map(one_line, messages)) for key, messages in errors.items()}
    if errors or isinstance(found, Refused):
        return Checked(changes, (), shown)
    database = "" if "database" in changes else draft.database
    return Checked(changes, tuple(kept_in(profile, database) for profile in found), shown)


def _placed(refused: RefusedError, name: str) -> tuple[str, str]:
    """The field that an error belongs to, and its message, with what is within the field."""
    names = names_of(refused.key)
    within = names[2:] if names[:2] == ("profile", name) else names
    if not within or within[0] not in FIELDS:
        return "", str(refused)
    key, *rest = within
    return key, f"{'.'.join(within)}: {refused.message}" if rest else refused.message


def inherited(draft: Draft, changes: Changes) -> dict[str, tuple[str, str]]:
    """What holds where a line is empty, as the line that would state it, and where it comes from.

    Only for keys that something holds for.
    """
    own = _readable({**draft.stated, **changes})
    defaults: dict[str, object] = draft.table.get("defaults", {})
    found = {
        "duration": (_seconds(DEFAULT_DURATION), "built in"),
        "warmup": (_seconds(DEFAULT_WARMUP), "built in"),
        "load": ("workers = 1", "built in"),
    }
    if states_stop_rule(_readable(defaults)):
        del found["duration"]
    for key in FIELDS:
        if key in defaults:
            found[key] = line_of(key, defaults[key]), "defaults"
    if draft.database:
        found["database"] = draft.database, "--database"
    if states_stop_rule(own):
        found = {key: value for key, value in found.items() if key not in STOP_RULE}
    return found


def _seconds(length: Length) -> str:
    return f"{(length.duration_ns or 0) // 1_000_000_000}s"


def _readable(table: Mapping[str, object]) -> dict[str, Any]:
    """The keys of a table that can be read."""
    read: dict[str, Any] = {}
    for key, value in table.items():
        if key in KEYS and value is not None:
            try:
                read[key] = KEYS[key].read(value, key)
            except RefusedError:
                continue
    return read


def same(one: object, other: object) -> bool:
    """Whether two values of TOML are equal; 1, 1.0 and true are not."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other
