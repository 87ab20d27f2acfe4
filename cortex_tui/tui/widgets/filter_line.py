"""The line in which a filter is typed; the list follows each letter."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input


class FilterLine(Input):
    """Enter keeps the filter and leaves the line, escape clears it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear", "clear", tooltip="Show all rows", id="filter-clear"),
        # Else the keys that an input inherits for scrolling would take these and decline them.
        Binding("up", "screen.move('up')", "up", tooltip="The row above", id="filter-up"),
        Binding("down", "screen.move('down')", "down", tooltip="The row below", id="filter-down"),
    ]
    DEFAULT_CSS = """
    FilterLine {
        height: 1; border: none; padding: 0 1; background: $panel;
        &:ansi .input--cursor { text-style: reverse; }
    }
    """

    class Cleared(Message):
        """Escape was pressed."""

    def __init__(self, filter_: str, what: str = "parts of a name") -> None:
        """`filter_` is what there is already: more can be typed behind it."""
        super().__init__(
            filter_,
            placeholder=f"filter: {what}; enter keeps it, escape clears it",
            compact=True,
            select_on_focus=False,
        )
        self.cursor_position = len(filter_)

    def action_clear(self) -> None:
        self.post_message(self.Cleared())
