"""Which keys the line at the bottom has: those that matter most in each state of the screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal

from cortex_tui.tui.actions import Action

State = Literal["", "idle", "ended", "live", "frozen", "part", "live part", "stored"]
"""Of the main screen: nothing was run yet; a session has ended, or is running; while it is running
the screen stands still; a part of a run is looked at, of one that has ended or is running; a stored
session is looked at. Other screens have one state, ""."""

FIRST: Mapping[State, tuple[str, ...]] = MappingProxyType(
    {
        "": (),
        "idle": (
            *("run", "quit", "help", "check", "edit", "filter", "library", "repeat", "one_by_one"),
            *("baseline", "solo", "check_suite", "new_suite", "editor", "maximise", "problems"),
        ),
        "ended": (
            *("run", "quit", "help", "check", "save", "library", "earlier", "baseline", "edit"),
            *("filter", "note", "repeat", "one_by_one", "solo", "check_suite", "copy", "maximise"),
            "problems",
        ),
        "live": (
            *("stop", "quit", "help", "freeze", "pause", "earlier", "skip", "faster", "note"),
            *("library", "save", "filter", "copy", "maximise", "problems"),
        ),
        "frozen": (
            *("freeze", "stop", "quit", "help", "earlier", "pause", "note", "copy", "maximise"),
            *("save", "filter"),
        ),
        "part": (
            *("back", "earlier", "longer", "quit", "help", "note", "copy", "maximise", "scale"),
            *("run", "save", "baseline"),
        ),
        "live part": (
            *("stop", "back", "earlier", "longer", "quit", "help", "freeze", "note", "copy"),
            *("pause", "maximise", "scale"),
        ),
        "stored": (
            *("back", "quit", "help", "earlier", "note", "baseline", "save", "copy", "filter"),
            *("maximise", "library"),
        ),
    }
)
"""The names of actions, what matters most first: a narrow line has room for few."""

_AT_WINDOW = {"back": "to now", "earlier": "move", "longer": "length"}
LABELS: Mapping[State, Mapping[str, str]] = MappingProxyType(
    {
        "ended": {"earlier": "look back"},
        "live": {"earlier": "look back"},
        "frozen": {"freeze": "unfreeze", "earlier": "look back"},
        "part": _AT_WINDOW,
        "live part": _AT_WINDOW,
        "stored": {"back": "leave", "earlier": "look back"},
    }
)
"""What an action does in a state, where its own label says less."""


def key_line(table: Sequence[Action], width: int, state: State = "") -> list[Action]:
    """The actions whose keys fit a line of `width` cells, in the order of the table, with their
    labels in that state."""
    known = {action.name: action for action in table}
    places = {each.name: (each.rank, 0) for each in table if each.rank}
    places |= {name: (at, 1) for at, name in enumerate(FIRST[state], start=1)}
    labels = LABELS.get(state, {})
    chosen: dict[str, Action] = {}
    used = 0
    for name in sorted(places, key=lambda each: places[each]):
        action = known[name]._replace(label=labels.get(name, known[name].label))
        needed = len(action.shown) + len(action.label) + 3
        if action.shown and used + needed <= width:
            chosen[name] = action
            used += needed
    return [chosen[action.name] for action in table if action.name in chosen]
