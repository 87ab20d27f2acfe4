"""The line of tabs above the pane; a click opens one."""

from __future__ import annotations

from itertools import accumulate

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
        """For each tab its column, its name and its text of one cell more on either side. In a
        narrow terminal names are shortened, but not that of the open one."""
        width = self.size.width
        texts = self._texts(max(len(pane.LABEL) for pane in tabs()))
        for longest in range(len(max(texts, key=len)), -1, -1):
            # Neighbours share the cell between them: that of the bracket, where there is one.
            if sum(map(len, texts)) - len(texts) + 1 <= width:
                break
            texts = self._texts(longest)
        ends = accumulate((len(text) - 1 for text in texts), initial=0)
        return [(at, pane.NAME, text) for at, pane, text in zip(ends, tabs(), texts, strict=False)]

    def _texts(self, longest: int) -> list[str]:
        """With names of `longest` letters at most, where one letter is none at all."""
        texts = []
        for pane in tabs():
            if self.open == pane.NAME:
                texts.append(f"[{pane.TAB} {pane.LABEL}]")
            elif len(pane.LABEL) <= longest:
                texts.append(f" {pane.TAB} {pane.LABEL} ")
            elif longest > 1:
                texts.append(f" {pane.TAB} {pane.LABEL[: longest - 1]}… ")
            else:
                texts.append(f" {pane.TAB} ")
        return texts

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
