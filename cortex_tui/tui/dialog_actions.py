"""Every action of dialogs and forms, in tables. In most of them text is typed, so their keys are
no letters."""

from __future__ import annotations

from cortex_tui.tui.actions import Action

DIALOG_ACTIONS = (
    Action("confirm", ("enter",), "enter", "confirm", "Do what the dialog asks about"),
    Action("cancel", ("escape",), "esc", "cancel", "Close the dialog, or clear the filter"),
    Action("choose_up", ("up",), "↑", "up", "Choose the line above"),
    Action("choose_down", ("down",), "↓", "down", "Choose the line below"),
    Action("read_on", ("pagedown",), "pgdn", "page down", "A page down in a text that scrolls"),
    Action("read_back", ("pageup",), "pgup", "page up", "A page up in a text that scrolls"),
)

FORM_ACTIONS = (
    Action("use", ("enter",), "enter", "use once", "Use it for this launch, and leave the form", 1),
    Action("write", ("f2",), "f2", "write to the file", "Write what differs to the file", 2),
    Action("restore", ("f3",), "f3", "as in the file", "Take all edits out of the lines", 3),
    Action("close", ("escape",), "esc", "leave", "Leave the form, and change nothing", 4),
    Action("next", ("down",), "↑ ↓", "move", "The next line", 5),
    Action("previous", ("up",), "", "up", "The line before"),
)

COPY_ACTIONS = (
    Action("copy_row", ("r",), "r", "row", "Copy the row"),
    Action("copy_table", ("t",), "t", "table", "Copy the table"),
    Action("copy_command", ("c",), "c", "command", "Copy the command"),
    Action("choose_up", ("up", "k"), "↑", "up", "The line above"),
    Action("choose_down", ("down", "j"), "↓", "down", "The line below"),
    Action("confirm", ("enter",), "enter", "copy", "Copy what is chosen"),
    Action("cancel", ("escape", "q", "y"), "esc", "close", "Close the menu"),
)
