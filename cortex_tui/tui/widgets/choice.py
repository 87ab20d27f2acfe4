"""One of several lines, for a dialog."""

from __future__ import annotations

from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from cortex_tui.text import one_line
from cortex_tui.tui.render.text import Span, fit_within
from cortex_tui.tui.widgets.tones import Toned


class Choice(Toned):
    """The chosen line is marked `(•)`, not only coloured."""

    DEFAULT_CSS = "Choice { width: 1fr; }"

    class Pressed(Message):
        """A line was clicked; it is chosen."""

        def __init__(self, line: int) -> None:
            super().__init__()
            self.line = line

    chosen: reactive[int] = reactive(0)
    """The number of the line."""

    def __init__(self, *labels: str) -> None:
        super().__init__()
        self._labels = labels
        self.styles.height = len(labels)

    def set_labels(self, *labels: str) -> None:
        """Other lines in place of those there are."""
        self._labels = labels
        self.styles.height = len(labels)
        self.chosen = min(self.chosen, len(labels) - 1)
        self.refresh()

    def step(self, by: int) -> None:
        """Chooses another line, that many lower."""
        self.chosen = max(0, min(self.chosen + by, len(self._labels) - 1))

    def render_line(self, y: int) -> Strip:
        if y >= len(self._labels):  # fewer by now than there was room for
            return Strip.blank(self.size.width, self.tone_style("plain"))
        mark = "(•)" if y == self.chosen else "( )"
        text = fit_within(f"{mark} {one_line(self._labels[y])}", self.size.width)
        return self.strip((Span(text),), self.size.width)

    def on_click(self, event: events.Click) -> None:
        self.chosen = event.y
        self.post_message(self.Pressed(event.y))
