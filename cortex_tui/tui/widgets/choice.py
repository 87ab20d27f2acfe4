"""One of several lines, for a dialog."""

from __future__ import annotations

from textual import events
from textual.strip import Strip

from cortex_tui.text import one_line
from cortex_tui.tui.render.text import Span
from cortex_tui.tui.widgets.lines import Toned


class Choice(Toned):
    """The chosen line is marked `(•)`, not only coloured."""

    DEFAULT_CSS = "Choice { width: 1fr; }"

    def __init__(self, *labels: str) -> None:
        super().__init__()
        self._labels = labels
        self.chosen = 0
        self.styles.height = len(labels)

    def choose(self, at: int) -> None:
        self.chosen = at
        self.refresh()

    def render_line(self, y: int) -> Strip:
        mark = "(•)" if y == self.chosen else "( )"
        return self.strip((Span(f"{mark} {one_line(self._labels[y])}"),), self.size.width)

    def on_click(self, event: events.Click) -> None:
        self.choose(event.y)
