"""Every action of the main screen, in one table: key bindings, key line, help and palette read it.

Single letters and named keys only: control combinations clash with terminals and multiplexers.
"""

from __future__ import annotations

from typing import NamedTuple

from textual.binding import Binding, BindingType


class Action(NamedTuple):
    """What a person can do."""

    name: str
    """`action_NAME` on the main screen, and the id of its bindings."""
    keys: tuple[str, ...]
    """In Textual's words; the first is the one that is shown."""
    shown: str
    """How its keys are written; empty if another action's line tells of them."""
    label: str
    tooltip: str
    rank: int = 0
    """Its place in the key line when there is not room for all; 0 stays out of it."""
    palette: bool = True


ACTIONS: tuple[Action, ...] = (
    Action("check", ("space",), "space", "check", "Check or uncheck the profile or suite", 3),
    Action("run", ("r",), "r", "run", "Run the checked profiles together on one loop", 1),
    Action(
        "one_by_one", ("o",), "o", "one by one", "Run the checked profiles one after another", 6
    ),
    Action("stop", ("x",), "x", "stop", "Stop the session; what was measured is kept", 4),
    Action("stop_one", ("X",), "X", "stop one", "Stop only the run under the cursor"),
    Action("save", ("s",), "s", "save", "Save the session, or the run under the cursor", 5),
    Action("filter", ("slash",), "/", "filter", "Show only the profiles whose name matches", 7),
    Action(
        "clear_filter",
        ("escape",),
        "esc",
        "clear filter",
        "Close the filter and show every profile",
    ),
    Action(
        "check_suite", ("a",), "a", "check suite", "Check or uncheck all profiles of the suite", 9
    ),
    Action("check_all", ("A",), "A", "check all", "Check or uncheck all profiles", 0),
    Action("log", ("l",), "l", "log", "Show the log of the session, or the details again", 8),
    Action("problems", ("e",), "e", "problems", "List what is wrong with suites and store", 10),
    Action("help", ("question_mark", "f1"), "?", "keys", "List the keys", 2),
    Action("quit", ("q",), "q", "quit", "End the session and leave; ctrl+c does the same", 1),
    Action("down", ("j", "down"), "j k ↓ ↑", "down", "Move, or scroll the details", 0, False),
    Action("up", ("k", "up"), "", "up", "The row above, or scroll the details", 0, False),
    Action("page_down", ("pagedown",), "pgdn pgup", "page down", "Move by a page", 0, False),
    Action("page_up", ("pageup",), "", "page up", "A page up", 0, False),
    Action("first", ("home", "g"), "home end", "first", "To the first or the last row", 0, False),
    Action("last", ("end", "G"), "", "last", "The last row", 0, False),
    Action("details_down", ("J",), "J K", "details down", "Scroll the details", 0, False),
    Action("details_up", ("K",), "", "details up", "Scroll the details up", 0, False),
    Action(
        "details",
        ("enter", "tab"),
        "enter",
        "to details",
        "Go to the details, or back to the profiles",
        0,
        False,
    ),
)

BY_NAME = {action.name: action for action in ACTIONS}


def bindings() -> list[BindingType]:
    """A binding for each key of each action; ids are `NAME`, `NAME-2` and so on."""
    return [
        Binding(
            key,
            action.name,
            action.label,
            show=False,
            tooltip=action.tooltip,
            id=action.name if at == 0 else f"{action.name}-{at + 1}",
        )
        for action in ACTIONS
        for at, key in enumerate(action.keys)
    ]


def key_line(width: int) -> list[Action]:
    """The actions whose keys fit a line of `width` cells, in the order of the table."""
    chosen: set[str] = set()
    used = 0
    for action in sorted((a for a in ACTIONS if a.rank), key=lambda a: a.rank):
        needed = len(action.shown) + len(action.label) + 3
        if used + needed <= width:
            chosen.add(action.name)
            used += needed
    return [action for action in ACTIONS if action.name in chosen]
