"""The line of keys at the bottom; a click does what the key does."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from cortex_tui.tui.actions import Action
from cortex_tui.tui.key_lines import State, key_line
from cortex_tui.tui.render.text import Span
from cortex_tui.tui.widgets.tones import Toned


class KeyLine(Toned):
    """The keys that fit; those that do nothing at present are dim."""

    DEFAULT_CSS = "KeyLine { height: 1; dock: bottom; background: $panel; }"

    class Pressed(Message):
        """A key was clicked."""

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

    idle: reactive[frozenset[str]] = reactive(frozenset())
    """The names of the actions that have nothing to do now."""
    state: reactive[State] = reactive("")
    """That of the screen."""

    def __init__(self, table: Sequence[Action]) -> None:
        super().__init__()
        self._table = table

    def _places(self) -> list[tuple[int, int, Action]]:
        places: list[tuple[int, int, Action]] = []
        at = 1
        for action in key_line(self._table, self.size.width - 1, self.state):
            end = at + len(action.shown) + 1 + len(action.label)
            places.append((at, end, action))
            at = end + 2
        return places

    def render_line(self, y: int) -> Strip:
        spans = [Span(" ")]
        for _, _, action in self._places():
            idle = action.name in self.idle
            spans.append(Span(action.shown, "dim" if idle else "head"))
            spans.append(Span(f" {action.label}  ", "dim" if idle else "plain"))
        return self.strip(tuple(spans), self.size.width)

    def on_click(self, event: events.Click) -> None:
        for start, end, action in self._places():
            if start <= event.x < end:
                self.post_message(self.Pressed(action.name))
