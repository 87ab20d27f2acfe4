"""Every action of the compare screen, in one table."""

from __future__ import annotations

from cortex_tui.tui.actions import COMPARISON, MOVING, PICTURES, PROGRAM, Action, under


def _tab(key: str, name: str, label: str, tooltip: str, rank: int = 0) -> Action:
    return Action(name, (key,), key, label, tooltip, rank, group="tab", topic=PICTURES)


def _move(name: str, keys: tuple[str, ...], shown: str, label: str, tooltip: str) -> Action:
    return Action(name, keys, shown, label, tooltip, palette=False, group="move")


TABS = (
    _tab("d", "difference", "difference", "Where along the distribution the sides differ", 3),
    _tab("v", "values", "values", "Every statistic on both sides, and why the verdict is so", 3),
    _tab("c", "curves", "curves", "Both percentile curves over each other", 3),
    _tab("R", "rounds", "rounds", "The rounds in the order in which they were measured", 3),
    _tab("h", "heat", "heat map", "Where in time and latency one side has more operations", 8),
    _tab("s", "sides", "sides", "All sessions or variants, a line each", 7),
    _tab("n", "besides", "else", "What else differs, and what is left out", 7),
    _tab("H", "history", "history", "The statistic over all sessions, and where it changed", 7),
)
"""What there is to see of the profile under the cursor."""

COMPARE_ACTIONS = (
    *under(
        PICTURES,
        Action(
            "picture",
            ("enter",),
            "enter",
            "large",
            "Show the picture of the profile under the cursor in full size, or the table again",
            2,
        ),
    ),
    *TABS,
    *under(
        COMPARISON,
        Action("next_comparison", ("tab",), "tab", "next", "The next of several comparisons", 9),
        Action("previous_comparison", ("shift+tab",), "", "previous", "The comparison before"),
        Action(
            "force",
            ("f",),
            "f",
            "force",
            "Show the numbers of what cannot be compared, too, without a verdict",
            10,
        ),
        Action("export", ("e",), "e", "export", "Write the comparison to a file, as Markdown", 6),
        Action("copy", ("y",), "y", "copy", "Copy the comparison as Markdown", 8),
    ),
    *under(
        MOVING,
        Action("back", ("escape",), "esc", "back", "To the table, then to the screen before", 1),
    ),
    *under(
        PROGRAM,
        Action("help", ("question_mark", "f1"), "?", "keys", "List the keys", 4),
        Action("quit", ("q",), "q", "quit", "Leave; twice to end or lose a session"),
    ),
    *under(
        MOVING,
        _move("down", ("j", "down"), "j k ↓ ↑", "down", "The row below, or scroll the picture"),
        _move("up", ("k", "up"), "", "up", "The row above, or scroll the picture"),
        _move("page_down", ("pagedown",), "pgdn pgup", "page down", "A page down"),
        _move("page_up", ("pageup",), "", "page up", "A page up"),
        _move("first", ("home", "g"), "home end", "first", "The first row"),
        _move("last", ("end", "G"), "", "last", "The last row"),
    ),
)
