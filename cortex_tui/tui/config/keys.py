"""Keys: how a person writes them, how Textual names them, and tables of actions with other keys."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from textual.keys import KEY_NAME_REPLACEMENTS, Keys, format_key, key_to_character

from cortex_tui.tui.actions import Action

KeyMap = Mapping[str, tuple[str, ...]]
"""The keys of an action by its name, in Textual's words, in place of those that the table has."""

FIXED = {
    "ctrl+c": "it always leaves the workbench",
    "ctrl+q": "it always leaves the workbench",
    "ctrl+p": "it always opens the palette",
}
"""Keys that cannot be given to an action, and why."""

_ALIASES = {
    "esc": "escape",
    "return": "enter",
    "del": "delete",
    "pgup": "pageup",
    "pgdn": "pagedown",
    "ctrl+i": "tab",
    "ctrl+m": "enter",
}
_NAMED = frozenset({*(str(key.value) for key in Keys), *KEY_NAME_REPLACEMENTS.values()})
_MODIFIED = re.compile(r"((?:ctrl|alt|shift|super|meta|hyper)\+)+(.+)")
_WRITTEN = {"enter": "enter", "backspace": "backspace"}


def key_named(text: str) -> str | None:
    """Textual's name of a key that is written as its character (`?`, `R`) or by its name (`f5`,
    `ctrl+r`, `page_down`); None if there is no such key."""
    text = _ALIASES.get(text.lower(), text)
    modified = _MODIFIED.fullmatch(text)
    if modified and modified[1] == text[: -len(modified[2])] == "shift+" and len(modified[2]) == 1:
        return key_named(modified[2].upper())
    if modified:
        bare = key_named(modified[2])
        return None if bare is None else text[: -len(modified[2])] + bare
    if len(text) == 1:
        return _of_character(text) if text.isprintable() else None
    name = text.lower()
    for known in (name, name.replace("_", "")):
        if known in _NAMED:
            return known
    character = key_to_character(name)
    return _of_character(character) if character and character.isprintable() else None


def _of_character(character: str) -> str:
    if character == " ":
        return "space"
    if character.isalnum():
        return character
    import unicodedata

    name = unicodedata.name(character, "").lower().replace("-", "_").replace(" ", "_")
    return KEY_NAME_REPLACEMENTS.get(name, name) or character


def written(key: str) -> str:
    """A key as a person reads it: `?`, `space`, `ctrl+r`, `↓`."""
    modifiers, plus, bare = key.rpartition("+")
    return modifiers + plus + (_WRITTEN.get(bare) or format_key(bare))


def remapped(table: Sequence[Action], keys: KeyMap) -> tuple[Action, ...]:
    """The table with the keys that a person has chosen, also where they are shown."""
    if not keys:
        return tuple(table)
    instead: dict[str, str] = {}
    for action in table:
        if action.name in keys:
            chosen = " ".join(map(written, keys[action.name][:1]))
            instead |= dict.fromkeys(map(written, action.keys), "")
            if action.keys:
                instead[written(action.keys[0])] = chosen
    return tuple(
        action._replace(
            keys=keys.get(action.name, action.keys) if action.can_have_keys else (),
            shown=" ".join(filter(None, (instead.get(k, k) for k in action.shown.split()))),
        )
        for action in table
    )


def clashes(table: Iterable[Action]) -> dict[str, list[str]]:
    """The keys that several actions of a table have, and the names of those."""
    table = list(table)
    counts = Counter(key for action in table for key in action.keys)
    return {
        key: [action.name for action in table if key in action.keys]
        for key, count in counts.items()
        if count > 1
    }
