"""A line in which is typed, as wide and as high whatever is in it."""

from __future__ import annotations

from textual.geometry import Size
from textual.reactive import Reactive
from textual.widgets import Input


class SteadyInput(Input):
    """Has the screen laid out anew by no letter; Textual's does by each."""

    virtual_size: Reactive[Size] = Reactive(Size(0, 0))
    """Of all that is typed, which scrolls where the line is too narrow for it."""

    def watch_virtual_size(self) -> None:
        # Of what is deleted nothing stays in sight. Textual leaves that to the layout.
        self.scroll_x = self.validate_scroll_x(self.scroll_x)
