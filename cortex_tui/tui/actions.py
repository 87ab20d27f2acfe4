"""Every action of the main screen, in one table: key bindings, key line, help and palette read it.

Single letters and named keys only: control combinations clash with terminals and multiplexers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from textual.binding import Binding, BindingType

from cortex_tui.tui.panes.registry import PANES, tabs

TOPICS = SESSIONS, PICTURES, COMPARISON, LIST, TABS, TIME, COMPARING, SUITES, MOVING, PROGRAM = (
    *("Sessions", "Pictures", "The comparison", "The list", "Tabs", "Time"),
    *("Comparing", "Suites", "Moving", "The program"),
)
"""The headings of the page of keys, in order."""


class Action(NamedTuple):
    """What a person can do."""

    name: str
    """Also the id of its bindings."""
    keys: tuple[str, ...]
    """In Textual's words."""
    shown: str
    """How its keys are written; empty if the line of another action has them."""
    label: str
    tooltip: str
    rank: int = 0
    """Its place in the key line where there is not room for all, among those that `key_lines` has
    for a state of the screen; 0 stays out of it."""
    palette: bool = True
    group: str = ""
    """The action of the main screen that it is one of, and which is given its name; empty where it
    has an action of its own."""
    topic: str = TOPICS[0]
    """Under which heading the page of keys has it."""

    @property
    def can_have_keys(self) -> bool:
        """Whether it is not done by the key of another action."""
        return bool(self.keys or not self.shown)

    @property
    def call(self) -> str:
        """What Textual runs for it."""
        return f"{self.group}('{self.name}')" if self.group else self.name


def under(topic: str, *table: Action) -> tuple[Action, ...]:
    """The actions, under a heading of the page of keys."""
    return tuple(action._replace(topic=topic) for action in table)


def _check(name: str, keys: tuple[str, ...], shown: str, label: str, tooltip: str) -> Action:
    return Action(name, keys, shown, label, tooltip, group="check", topic=LIST)


def _session(name: str, keys: tuple[str, ...], shown: str, label: str, tooltip: str) -> Action:
    return Action(name, keys, shown, label, tooltip, group="session", topic=SESSIONS)


def _suites(name: str, keys: tuple[str, ...], shown: str, label: str, tooltip: str) -> Action:
    return Action(name, keys, shown, label, tooltip, group="suites", topic=SUITES)


def _look(name: str, keys: tuple[str, ...], shown: str, label: str, tooltip: str) -> Action:
    return Action(name, keys, shown, label, tooltip, group="look", topic=TIME)


def _sort(name: str, keys: tuple[str, ...], shown: str, label: str, tooltip: str) -> Action:
    return Action(name, keys, shown, label, tooltip, group="sort", topic=LIST)


def _move(name: str, keys: tuple[str, ...], shown: str, label: str, tooltip: str) -> Action:
    return Action(name, keys, shown, label, tooltip, palette=False, group="move", topic=MOVING)


_ROWS_AND_SESSIONS: tuple[Action, ...] = (
    Action(
        "check",
        ("space",),
        "space",
        "check",
        "Check or uncheck the profile or suite; while a session is running, freeze the screen",
        group="space",
        topic=LIST,
    ),
    _check("check_row", ("asterisk",), "*", "check", "Check or uncheck, also during a session"),
    Action(
        "freeze",
        (),
        "space",
        "freeze",
        "Stop drawing what is new, or draw again; what is measured is not touched",
        group="look",
        topic=TIME,
    ),
    _look("earlier", ("left_square_bracket",), "[ ]", "earlier", "Look at an earlier part"),
    _look("later", ("right_square_bracket",), "", "later", "Look at a later part"),
    _look("longer", ("right_curly_bracket",), "{ }", "longer", "Look at a longer part"),
    _look("shorter", ("left_curly_bracket",), "", "shorter", "Look at a shorter part"),
    _session("run", ("r",), "r", "run", "Run the checked profiles together on one loop"),
    _session(
        "one_by_one",
        ("o",),
        "o",
        "one by one",
        "Run the checked profiles one after another",
    ),
    _session("repeat", ("R",), "R", "repeat", "Run the checked profiles in several rounds"),
    _session(
        "stop",
        ("x",),
        "x",
        "stop",
        "Stop the session and keep what was measured",
    ),
    _session("stop_one", ("X",), "", "stop one", "Stop only the run under the cursor"),
    _session(
        "pause",
        ("p",),
        "p",
        "pause",
        "Pause or resume every run",
    ),
    _session("pause_one", ("P",), "", "pause one", "Pause or resume the run under the cursor"),
    _session(
        "skip",
        ("n",),
        "n",
        "skip",
        "End warm-up or measure of the run under the cursor now",
    ),
    _session("skip_all", ("S",), "", "skip all", "End warm-up or measure of every run now"),
    _session(
        "faster",
        ("plus", "equals_sign"),
        "+ -",
        "load",
        "More load for the run under the cursor, by a quarter",
    ),
    _session(
        "slower", ("minus",), "", "less load", "Less load for the run under the cursor, by a fifth"
    ),
    Action(
        "baseline",
        ("b",),
        "b",
        "baseline",
        "Compare runs with a stored session, or with none",
        topic=COMPARING,
    ),
    Action(
        "solo",
        ("c",),
        "c",
        "alone?",
        "Measure the profile under the cursor alone and with the checked ones, in turn",
        topic=COMPARING,
    ),
    Action(
        "compare",
        (),
        "",
        "compare screen",
        "The variants of the newest session in pictures, or that session against the baseline",
        topic=COMPARING,
    ),
    Action(
        "note",
        ("w",),
        "w",
        "note",
        "Write a note at the cursor in time, at the part that is looked at, or at the end",
        topic=TIME,
    ),
    _suites("edit", ("m",), "m", "edit", "Edit the profile in a form"),
    _suites("editor", ("E",), "E", "editor", "Open the profile's file in your editor"),
    _suites("new_suite", ("N",), "N", "new suite", "Make a new suite, with its code"),
    _session("save", ("s",), "s", "save", "Save the session, or the run under the cursor"),
    Action(
        "filter",
        ("slash",),
        "/",
        "filter",
        "Show only the profiles with these words in name or workload, or with this @tag",
        topic=LIST,
    ),
    _sort("sort_next", ("comma",), ", <", "sort", "Sort by the next column"),
    _sort("sort_previous", ("less_than_sign",), "", "sort back", "Sort by the column before"),
    _sort("sort_other_way", ("full_stop",), ".", "reverse", "Sort the other way round"),
    Action(
        "back",
        ("escape",),
        "esc",
        "back",
        "Back to now, then to both parts, to the first tab, to all profiles",
        topic=MOVING,
    ),
    _check(
        "check_suite",
        ("a",),
        "a",
        "check suite",
        "Check or uncheck all profiles of the suite",
    ),
    _check("check_all", ("A",), "", "check all", "Check or uncheck all profiles"),
)

_PROGRAM_AND_MOVES = (
    Action(
        "library",
        ("h",),
        "h",
        "library",
        "Browse all stored sessions, or return to them",
        topic=PROGRAM,
    ),
    Action("help", ("question_mark", "f1"), "?", "keys", "List the keys", topic=PROGRAM),
    Action("quit", ("q",), "q", "quit", "Leave; twice to end or lose a session", topic=PROGRAM),
    _move("down", ("j", "down"), "j k ↓ ↑", "down", "The row below, or scroll the details"),
    _move("up", ("k", "up"), "", "up", "The row above, or scroll the details"),
    _move("page_down", ("pagedown",), "pgdn pgup", "page down", "A page down"),
    _move("page_up", ("pageup",), "", "page up", "A page up"),
    _move("first", ("home", "g"), "home end", "first", "The first row"),
    _move("last", ("end", "G"), "", "last", "The last row"),
    _move("left", ("left",), "", "left", "The part before, in a tab that has a cursor"),
    _move("right", ("right",), "", "right", "The part after, in a tab that has a cursor"),
    Action("next_tab", ("tab",), "tab", "next tab", "Open the next tab", topic=TABS),
    Action("previous_tab", ("shift+tab",), "", "previous tab", "Open the tab before", topic=TABS),
    Action(
        "curves",
        ("v",),
        "v",
        "curves",
        "Show the curves of all checked rows, or of one again",
        topic=TABS,
    ),
    Action(
        "scale",
        ("t",),
        "t",
        "scale",
        "Change the scale of a picture: logarithmic or linear, or what its colours mean",
        group="in_pane",
        topic=TABS,
    ),
    Action(
        "maximise",
        ("z",),
        "z",
        "maximise",
        "Give the table or the details, whichever has the cursor, the whole screen, and back",
        topic=TABS,
    ),
    Action(
        "copy",
        ("y",),
        "y",
        "copy",
        "Copy the row, the table, or the command line",
        topic=PROGRAM,
    ),
    Action(
        "pane_down",
        ("J",),
        "J K",
        "details down",
        "Scroll the details down",
        palette=False,
        topic=MOVING,
    ),
    Action(
        "pane_up", ("K",), "", "details up", "Scroll the details up", palette=False, topic=MOVING
    ),
    Action(
        "focus_pane",
        ("enter",),
        "enter",
        "to details",
        "Go to the details, or the shards of a run of several processes, or back to the profiles",
        palette=False,
        topic=MOVING,
    ),
)


def actions() -> tuple[Action, ...]:
    """All that there are, those of the panes included."""
    panes = (
        Action(
            pane.NAME,
            (pane.KEY,),
            pane.KEY,
            pane.LABEL,
            pane.TOOLTIP,
            pane.RANK,
            group="pane",
            topic=TABS,
        )
        for pane in PANES.values()
        if pane.KEY
    )
    by_number = (
        Action(
            f"tab_{pane.NAME}",
            (str(pane.TAB),),
            str(pane.TAB),
            pane.LABEL,
            pane.TOOLTIP,
            palette=not pane.KEY,
            group="tab",
            topic=TABS,
        )
        for pane in tabs()
    )
    return (*_ROWS_AND_SESSIONS, *by_number, *panes, *_PROGRAM_AND_MOVES)


def bindings(table: Iterable[Action], on: str = "") -> list[BindingType]:
    """A binding for each key of each action; ids are `NAME`, `NAME-2` and so on. `on` is where the
    actions are, such as `screen.`; by itself where the bindings are."""
    return [
        Binding(
            key,
            on + action.call,
            action.label,
            show=False,
            tooltip=action.tooltip,
            id=action.name if at == 0 else f"{action.name}-{at + 1}",
        )
        for action in table
        for at, key in enumerate(action.keys)
    ]
