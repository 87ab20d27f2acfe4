"""Every action of the screen of stored sessions, in one table."""

from __future__ import annotations

from cortex_tui.tui.actions import LIST, MOVING, PROGRAM, SESSIONS, Action, under


def _move(name: str, keys: tuple[str, ...], shown: str, label: str, tooltip: str) -> Action:
    return Action(name, keys, shown, label, tooltip, palette=False, group="move")


def _sort(
    name: str, keys: tuple[str, ...], shown: str, label: str, tooltip: str, rank: int = 0
) -> Action:
    return Action(name, keys, shown, label, tooltip, rank, group="sort")


def _details(name: str, key: str, shown: str, label: str, tooltip: str) -> Action:
    return Action(name, (key,), shown, label, tooltip, palette=False)


LIBRARY_ACTIONS: tuple[Action, ...] = (
    *under(
        SESSIONS,
        Action("open", ("enter",), "enter", "open", "Look at the session as if it had just run", 1),
    ),
    *under(
        LIST,
        Action("check", ("space",), "space", "check", "Check or uncheck the session", 3),
        Action("check_all", ("a",), "a", "check all", "Check or uncheck all that are listed", 14),
    ),
    *under(
        SESSIONS,
        Action("again", ("r",), "r", "run again", "Run the same profiles once more, as stored", 4),
        Action("compare", ("c",), "c", "compare", "Compare checked ones, or with a baseline", 5),
        Action("name", ("s",), "s", "name", "Give the session a name", 9),
        Action("baseline", ("b",), "b", "baseline", "Point a baseline at the session", 8),
        Action("tag", ("t",), "t", "tags", "Add or take away tags of the checked sessions", 6),
        Action("note", ("w",), "w", "note", "Write a note on the checked sessions", 7),
        Action("export", ("x",), "x", "export", "Write the session to a file, in any format", 5),
        Action("delete", ("d",), "d", "delete", "Delete the checked sessions with their names", 10),
        Action("undo", ("u",), "u", "undo", "Take back what was deleted last", 11),
    ),
    *under(
        LIST,
        Action("filter", ("slash",), "/", "filter", "List what has these words, tags, dates", 2),
        _sort("sort_next", ("comma",), ", <", "sort", "Sort by the next column; < goes back", 12),
        _sort("sort_previous", ("less_than_sign",), "", "sort back", "Sort by the column before"),
        _sort("sort_other_way", ("full_stop",), ".", "reverse", "Sort the other way round"),
        Action("reload", ("R",), "R", "read again", "Read the store again"),
    ),
    *under(
        MOVING,
        Action("back", ("escape",), "esc", "back", "All sessions, then the profiles", 13),
        Action("leave", ("h",), "h", "profiles", "Back to the profiles"),
    ),
    *under(
        PROGRAM,
        Action("help", ("question_mark", "f1"), "?", "keys", "List the keys", 2),
        Action("quit", ("q",), "q", "quit", "Leave the program; twice to end or lose a session"),
    ),
    *under(
        MOVING,
        _move("down", ("j", "down"), "j k ↓ ↑", "down", "Move"),
        _move("up", ("k", "up"), "", "up", "The row above"),
        _move("page_down", ("pagedown",), "pgdn pgup", "page down", "Move by a page"),
        _move("page_up", ("pageup",), "", "page up", "A page up"),
        _move("first", ("home", "g"), "home end", "first", "To the first or the last row"),
        _move("last", ("end", "G"), "", "last", "The last row"),
        _details("facts_down", "J", "J K", "details down", "Scroll the details down"),
        _details("facts_up", "K", "", "details up", "Scroll the details up"),
    ),
)
