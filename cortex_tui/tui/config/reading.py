"""The file with a person's settings, read so that whatever stands in it, the workbench opens."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from textual.keys import key_to_character
from textual.theme import BUILTIN_THEMES

from cortex_tui.profiles.model import Problem
from cortex_tui.suggestions import suggestion
from cortex_tui.text import one_line
from cortex_tui.toml.file import lines_of_errors, toml_bytes, toml_table
from cortex_tui.toml.reading import (
    RefusedError,
    below,
    read_duration_ns,
    read_flag,
    read_list,
    read_table,
    read_text,
    unknown_key,
    where,
)
from cortex_tui.toml.words import shown
from cortex_tui.tui.config.keys import FIXED, clashes, key_named, remapped, written
from cortex_tui.tui.config.model import DEFAULTS, Config, Notify
from cortex_tui.tui.config.tables import MAIN, TABLES

_MOST_KEYS = 10
"""Of an action."""
_KEYS, _NOTIFY, _THEME = "keys", "notify", "theme"
_SCREENS = {table.name: table for table in TABLES}
_OTHERS = tuple(name for name in _SCREENS if name != MAIN)


class _Choice(NamedTuple):
    """The keys of an action, as they stand in the file."""

    path: str
    screens: tuple[str, ...]
    """Those on which they hold."""
    action: str
    keys: tuple[str, ...]


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
    lines = lines_of_errors(data, [each.key for each in refusals])
    found = [(line or 0, each) for line, each in zip(lines, refusals, strict=True)]
    return config._replace(
        problems=tuple(
            Problem(f"{one_line(str(file))}:{line}: {where(each.key)}", each.message)
            for line, each in sorted(found, key=lambda pair: pair[0])
        )
    )


def _read(table: Mapping[str, object], refusals: list[RefusedError]) -> Config:
    config = DEFAULTS
    choices: list[_Choice] = []
    for name, value in table.items():
        try:
            if name == _THEME:
                config = config._replace(theme=_read_theme(value, _THEME))
            elif name == _NOTIFY:
                notify = _read_notify(read_table(value, _NOTIFY), refusals)
                config = config._replace(notify=notify)
            elif name == _KEYS:
                choices = [*_read_choices(value, _KEYS, MAIN, refusals), *choices]
            elif name in _OTHERS:
                for key, keys in read_table(value, name).items():
                    path = below(name, key)
                    if key != _KEYS:
                        raise unknown_key(path, key, (_KEYS,))
                    choices += _read_choices(keys, path, name, refusals)
            else:
                raise unknown_key(name, name, (_KEYS, _NOTIFY, _THEME, *_OTHERS))
        except RefusedError as refused:
            refusals.append(refused)
    while clash := _clash(choices):
        choice, text = clash
        refusals.append(RefusedError(choice.path, text))
        choices.remove(choice)
    return config._replace(keys=_by_screen(choices))


def _read_theme(value: object, path: str) -> str:
    name = read_text(value, path)
    if name not in BUILTIN_THEMES:
        raise RefusedError(path, f"no theme {shown(name)} {suggestion(name, BUILTIN_THEMES)}")
    return name


def _read_notify(table: Mapping[str, object], refusals: list[RefusedError]) -> Notify:
    notify = Notify()
    for name, value in table.items():
        path = below(_NOTIFY, name)
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


def _read_choices(
    value: object, path: str, screen: str, refusals: list[RefusedError]
) -> list[_Choice]:
    """Those of a table of keys. One for the main screen may be of an action that other screens
    have, too, or that only they have."""
    choices: list[_Choice] = []
    screens = tuple(_SCREENS) if screen == MAIN else (screen,)
    known = {name: _own_actions(name) for name in screens}
    names = {action for actions in known.values() for action in actions}
    for name, keys in read_table(value, path).items():
        key_path = below(path, name)
        try:
            if name not in names:
                raise RefusedError(key_path, f"no action {shown(name)} {suggestion(name, names)}")
            # With other keys to begin with, an action only happens to have the same name.
            usual = known.get(MAIN, {}).get(name)
            where = tuple(
                each
                for each, actions in known.items()
                if name in actions and usual in (None, actions[name])
            )
            found = _read_key_list(keys, key_path)
            typed = [written(key) for key in found if (key_to_character(key) or "\0").isprintable()]
            if typed and any(_SCREENS[each].typed for each in where):
                text = f"{typed[0]} is typed there: expected a key such as"
                raise RefusedError(key_path, f'{text} "f5", "ctrl+s" or "escape"')
            choices.append(_Choice(key_path, where, name, found))
        except RefusedError as refused:
            refusals.append(refused)
    return choices


def _own_actions(screen: str) -> dict[str, tuple[str, ...]]:
    """The actions of a screen that can be given keys, with those that they have."""
    return {each.name: each.keys for each in _SCREENS[screen].actions() if each.can_have_keys}


def _by_screen(choices: Iterable[_Choice]) -> dict[str, dict[str, tuple[str, ...]]]:
    keys: dict[str, dict[str, tuple[str, ...]]] = {}
    for choice in choices:
        for screen in choice.screens:
            keys.setdefault(screen, {})[choice.action] = choice.keys
    return keys


def _read_key_list(value: object, path: str) -> tuple[str, ...]:
    written_keys = [value] if isinstance(value, str) else read_list(value, path, '["r", "f5"]')
    if len(written_keys) > _MOST_KEYS:
        raise RefusedError(path, f"expected at most {_MOST_KEYS} keys, got {len(written_keys)}")
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


def _clash(choices: Sequence[_Choice]) -> tuple[_Choice, str] | None:
    """The last choice by which two actions of a screen would have the same key, and how."""
    for screen, keys in _by_screen(choices).items():
        table = _SCREENS[screen]
        for key, names in clashes(remapped(table.actions(), keys)).items():
            found = [each for each in choices if screen in each.screens and each.action in names]
            if found:
                others = " and ".join(name for name in names if name != found[-1].action)
                return found[-1], f"{written(key)} is the key of {others}, too, on {table.where}"
    return None
