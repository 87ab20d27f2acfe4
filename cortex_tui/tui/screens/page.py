"""A page of lines above the main screen: the list of keys, the list of problems."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import getters
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from cortex_tui.tui.actions import ACTIONS, Action
from cortex_tui.tui.render.text import Line, Span, wrap
from cortex_tui.tui.widgets.lines import Lines, Source, TextLine


class Page(ModalScreen[None]):
    """Lines under a heading. They scroll; the keys that open a page also close it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape,q,enter,question_mark,f1,e",
            "close",
            "close",
            tooltip="Back to the profiles",
            id="page-close",
        ),
        Binding("down,j", "scroll(1)", "down", tooltip="A line down", id="page-down"),
        Binding("up,k", "scroll(-1)", "up", tooltip="A line up", id="page-up"),
        Binding("pagedown,space", "page(1)", "on", tooltip="A page down", id="page-on"),
        Binding("pageup", "page(-1)", "back", tooltip="A page up", id="page-back"),
        Binding("home,g", "edge(0)", "first", tooltip="To the first line", id="page-first"),
        Binding("end,G", "edge(1)", "last", tooltip="To the last line", id="page-last"),
    ]
    # Opaque: nothing of the live screen below has to be blended in at each of its refreshes.
    DEFAULT_CSS = """
    Page {
        background: $background;
        & > Vertical { padding: 1 2 0 2; }
        TextLine { margin-bottom: 1; }
    }
    """

    _heading = getters.query_one(TextLine)
    _lines = getters.query_one(Lines)

    def __init__(self, heading: str, source: Source) -> None:
        super().__init__()
        self._heading_text = heading
        self._source = source

    def compose(self) -> ComposeResult:
        with Vertical():
            yield TextLine()
            yield Lines()

    def on_mount(self) -> None:
        closing = Span("  escape closes", "dim")
        self._heading.show((Span(self._heading_text, "head"), closing))
        self._lines.show(self._source, topic=self._heading_text)

    def action_close(self) -> None:
        self.dismiss()

    def action_scroll(self, by: int) -> None:
        self._lines.scroll_relative(y=by, animate=False)

    def action_page(self, by: int) -> None:
        self._lines.scroll_relative(y=by * self._lines.size.height, animate=False)

    def action_edge(self, end: int) -> None:
        if end:
            self._lines.scroll_end(animate=False)
        else:
            self._lines.scroll_home(animate=False)


def key_lines(width: int, actions: Sequence[Action] = ACTIONS) -> list[Line]:
    """All keys and what they do."""
    rows = [(action.shown, action.tooltip) for action in actions if action.shown]
    rows.append(("!", "Before a name: there is a warning, which the details tell"))
    phases = "w warm-up, m measure, end teardown, wait for its turn or for the others, stop stopped"
    rows.append(("phase", phases))
    rows.append(("T", "Targets: ✓ met, ✗ missed, … none missed so far"))
    rows.append(("ctrl+p", "Search for a command, or choose a theme"))
    rows.append(("mouse", "Click a row or a box, the keys below; the wheel scrolls"))
    indent = 11
    lines: list[Line] = []
    for keys, tooltip in rows:
        for text in wrap(tooltip, max(10, width - indent)):
            lines.append((Span(keys.ljust(indent), "head"), Span(text)))
            keys = ""
    return lines
