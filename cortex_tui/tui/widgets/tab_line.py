"""The line of tabs above the pane; a click opens one."""

from __future__ import annotations

from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from cortex_tui.tui.panes.registry import tabs
from cortex_tui.tui.render.text import Span
from cortex_tui.tui.widgets.tones import Toned


class TabLine(Toned):
    """Number and name of each tab. The open one stands in brackets, not only in another colour."""

    DEFAULT_CSS = "TabLine { height: 1; background: $panel; }"

    class Pressed(Message):
        """A tab was clicked."""

        def __init__(self, pane: str) -> None:
            super().__init__()
            self.pane = pane

    open: reactive[str] = reactive("")
    """The name of the open pane, which need not be a tab."""

    def _places(self) -> list[tuple[int, str, str]]:
        """For each tab its column, its name and its text of one cell more on either side."""
        places, at = [], 0
        for pane in tabs():
            text = f"{pane.TAB} {pane.LABEL}"
            text = f"[{text}]" if self.open == pane.NAME else f" {text} "
            places.append((at, pane.NAME, text))
            # Neighbours share the cell between them: that of the bracket, where there is one.
            at += len(text) - 1
        return places

    def render_line(self, y: int) -> Strip:
        spans: list[Span] = []
        end = 0
        for at, name, text in self._places():
            is_open = name == self.open
            shared = end - at
            if shared and is_open:
                last = spans.pop()
                spans.append(last._replace(text=last.text[:-shared]))
                shared = 0
            spans.append(Span(text[shared:], "head" if is_open else "dim"))
            end = at + len(text)
        return self.strip(tuple(spans), self.size.width)

    def on_click(self, event: events.Click) -> None:
        for at, name, text in self._places():
            if at <= event.x < at + len(text):
                self.post_message(self.Pressed(name))
                return
