"""A picture of a run: lines that are made for a width and a height."""

from __future__ import annotations

from collections.abc import Callable

from textual.strip import Strip

from cortex_tui.tui.render.text import Line
from cortex_tui.tui.widgets.lines import regions_of
from cortex_tui.tui.widgets.tones import Toned

Draw = Callable[[int, int], list[Line]]
"""The lines for a width and a height in cells."""


class Picture(Toned):
    """Made anew only where what it shows is new; of that, the lines that differ are drawn."""

    DEFAULT_CSS = "Picture { width: 1fr; height: 1fr; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._draw: Draw = lambda width, height: []
        self._of: object = None
        self._lines: list[Line] = []

    def show(self, draw: Draw, *, of: object) -> None:
        """Shows what `draw` makes. It is not called while `of`, all that it is made from, equals
        what it was."""
        if of == self._of:
            return
        self._draw, self._of = draw, of
        before, self._lines = self._lines, draw(*self.size)
        if len(before) != len(self._lines):
            self.refresh()
            return
        pairs = zip(before, self._lines, strict=True)
        changed = [y for y, (old, new) in enumerate(pairs) if old != new]
        if regions := regions_of(changed, self.size.width):
            self.refresh(*regions)

    def on_resize(self) -> None:
        self._lines = self._draw(*self.size)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        return self.strip(self._lines[y] if y < len(self._lines) else (), self.size.width)
