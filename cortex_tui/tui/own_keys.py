"""The keys that a person has chosen, on the screens and widgets that have actions."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import App
from textual.binding import BindingsMap
from textual.dom import DOMNode

from cortex_tui.tui.actions import Action, bindings
from cortex_tui.tui.config.keys import remapped, written
from cortex_tui.tui.key_order import KeysInOrder


def own_actions(app: App[object], screen: str, table: Sequence[Action]) -> tuple[Action, ...]:
    """The actions with the keys that were chosen for them; `screen` is their name in the file of
    settings."""
    keys = app.own_keys.get(screen, {}) if isinstance(app, KeysInOrder) else {}
    return remapped(table, keys)


def bind(
    node: DOMNode, table: Sequence[Action], usual: Sequence[Action] = (), on: str = ""
) -> None:
    """Gives a screen or a widget the keys of the table, in place of what those do otherwise.

    Keys of the `usual` table go, too: an input does something with some of them by itself. `on` is
    where the actions are, such as `screen.`.
    """
    own = BindingsMap(bindings(table, on))
    keys = {*own.key_to_bindings, *(key for action in usual for key in action.keys)}
    for key in keys:
        node._bindings.key_to_bindings.pop(key, None)
    node._bindings = BindingsMap.merge([node._bindings, own])


def shown_key(table: Sequence[Action], name: str) -> str:
    """The first key of an action, as a person reads it; "" for one without."""
    return next((written(each.keys[0]) for each in table if each.name == name and each.keys), "")
