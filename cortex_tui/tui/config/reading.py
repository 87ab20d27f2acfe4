"""The file with a person's settings, read so that whatever stands in it, the workbench opens."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from textual.theme import BUILTIN_THEMES

from cortex_tui.profiles.model import Problem
from cortex_tui.text import one_line
from cortex_tui.toml.file import line_of, toml_bytes, toml_table
from cortex_tui.toml.reading import (
    RefusedError,
    read_duration_ns,
    read_flag,
    read_list,
    read_table,
    read_text,
    unknown_key,
)
from cortex_tui.toml.words import shown, suggestion
from cortex_tui.tui.config.keys import FIXED, KeyMap, clashes, key_named, remapped, written
from cortex_tui.tui.config.model import DEFAULTS, Config, Notify
from cortex_tui.tui.config.tables import TABLES

_MOST_KEYS = 10
"""Of an action."""
_KEYS, _NOTIFY, _THEME = "keys", "notify", "theme"


def read_config(file: Path, *, required: bool = False) -> Config:
    """Reads the file; one that is not there is empty, unless it is `required`. Never raises."""
    if not required and not os.path.lexists(file):
        return DEFAULTS
    try:
        data = toml_bytes(file)
        table = toml_table(data)
    except RefusedError as refused:
        return Config(problems=(Problem(str(file), refused.message),))
    refusals: list[RefusedError] = []
    config = _read(table, refusals)
    found = [(line_of(data, each.key.split(".")) or 0, each) for each in refusals]
    return config._replace(
        problems=tuple(
            Problem(one_line(f"{file}:{line}: {each.key}"), each.message)
            for line, each in sorted(found, key=lambda pair: pair[0])
        )
    )


def _read(table: Mapping[str, object], refusals: list[RefusedError]) -> Config:
    config = DEFAULTS
    for name, value in table.items():
        try:
            match name:
                case "theme":
                    config = config._replace(theme=_read_theme(value, _THEME))
                case "keys":
                    config = config._replace(keys=_read_keys(read_table(value, _KEYS), refusals))
                case "notify":
                    notify = _read_notify(read_table(value, _NOTIFY), refusals)
                    config = config._replace(notify=notify)
                case _:
                    raise unknown_key(name, name, (_KEYS, _NOTIFY, _THEME))
        except RefusedError as refused:
            refusals.append(refused)
    return config


def _read_theme(value: object, path: str) -> str:
    name = read_text(value, path)
    if name not in BUILTIN_THEMES:
        raise RefusedError(path, f"no theme {shown(name)} {suggestion(name, BUILTIN_THEMES)}")
    return name


def _read_notify(table: Mapping[str, object], refusals: list[RefusedError]) -> Notify:
    notify = Notify()
    for name, value in table.items():
        path = f"{_NOTIFY}.{name}"
        try:
            match name:
                case "end_of_session_after":
                    notify = notify._replace(after_ns=read_duration_ns(value, path))
                case "bell":
                    notify = notify._replace(bell=read_flag(value, path))
                case "desktop":
                    notify = notify._replace(desktop=read_flag(value, path))
                case _:
                    raise unknown_key(path, name, ("end_of_session_after", "bell", "desktop"))
        except RefusedError as refused:
            refusals.append(refused)
    return notify


def _read_keys(table: Mapping[str, object], refusals: list[RefusedError]) -> KeyMap:
    known = {action.name for of in TABLES for action in of.actions() if action.keys}
    keys: dict[str, tuple[str, ...]] = {}
    for name, value in table.items():
        path = f"{_KEYS}.{name}"
        try:
            if name not in known:
                raise RefusedError(path, f"no action {shown(name)} {suggestion(name, known)}")
            keys[name] = _read_key_list(value, path)
        except RefusedError as refused:
            refusals.append(refused)
    while clash := _clash(keys):
        refusals.append(clash)
        del keys[clash.key.removeprefix(f"{_KEYS}.")]
    return keys


def _read_key_list(value: object, path: str) -> tuple[str, ...]:
    written_keys = [value] if isinstance(value, str) else read_list(value, path, '["r", "f5"]')
    if not 1 <= len(written_keys) <= _MOST_KEYS:
        raise RefusedError(path, f"expected 1 to {_MOST_KEYS} keys, got {len(written_keys)}")
    found = [_read_key(each, path) for each in written_keys]
    return tuple(dict.fromkeys(found))


def _read_key(value: object, path: str) -> str:
    key = key_named(read_text(value, path))
    if key is None:
        expected = 'expected a key such as "r", "?", "f5" or "ctrl+r"'
        raise RefusedError(path, f"{expected}, got {shown(value)}")
    if key in FIXED:
        raise RefusedError(path, f"{written(key)} cannot be changed: {FIXED[key]}")
    return key


def _clash(keys: KeyMap) -> RefusedError | None:
    """A key that two actions of a screen would have, at the last of those that were given it."""
    for of in TABLES:
        for key, names in clashes(remapped(of.actions(), keys)).items():
            chosen = [name for name in keys if name in names]
            if chosen:
                others = " and ".join(name for name in names if name != chosen[-1])
                text = f"{written(key)} is the key of {others}, too, on {of.where}"
                return RefusedError(f"{_KEYS}.{chosen[-1]}", text)
    return None
