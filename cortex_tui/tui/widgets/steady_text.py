"""A text that is often set to what it says already."""

from __future__ import annotations

from textual.visual import VisualType
from textual.widgets import Static


class SteadyText(Static):
    """Lays out the screen anew only when what it says changes; Textual's does each time."""

    def update(self, content: VisualType = "", *, layout: bool = True) -> None:
        if content != self.content:
            super().update(content, layout=layout)
