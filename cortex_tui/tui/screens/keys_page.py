"""The page that lists the keys of the screen below it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import ClassVar

from textual import getters
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from cortex_tui.tui.actions import Action
from cortex_tui.tui.render.marks import Legend
from cortex_tui.tui.render.text import Line, Span, wrap
from cortex_tui.tui.widgets.lines import Lines, Move, TextLine


class KeysPage(ModalScreen[None]):
    """All keys and what they do. It scrolls; the keys that open it also close it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape,q,enter,question_mark,f1",
            "close",
            "close",
            tooltip="Back to the screen below",
            id="page-close",
        ),
        Binding("down,j", "move('down')", "down", tooltip="A line down", id="page-down"),
        Binding("up,k", "move('up')", "up", tooltip="A line up", id="page-up"),
        Binding("pagedown,space", "move('page_down')", "on", tooltip="A page down", id="page-on"),
        Binding("pageup", "move('page_up')", "back", tooltip="A page up", id="page-back"),
        Binding("home,g", "move('first')", "first", tooltip="To the first line", id="page-first"),
        Binding("end,G", "move('last')", "last", tooltip="To the last line", id="page-last"),
    ]
    # Opaque: nothing of the live screen below has to be blended in at each of its refreshes.
    DEFAULT_CSS = """
    KeysPage {
        background: $background;
        & > Vertical { padding: 1 2 0 2; }
        TextLine { margin-bottom: 1; }
    }
    """

    _heading = getters.query_one(TextLine)
    _lines = getters.query_one(Lines)

    def __init__(self, table: Sequence[Action], marks: Legend) -> None:
        """The keys of a screen, and the marks that it draws."""
        super().__init__()
        self._source = partial(key_lines, table, marks)

    def compose(self) -> ComposeResult:
        with Vertical():
            yield TextLine()
            yield Lines()

    def on_mount(self) -> None:
        self._heading.line = (Span("Keys", "head"), Span("  escape closes", "dim"))
        self._lines.show(self._source, topic="keys")

    def action_close(self) -> None:
        self.dismiss()

    def action_move(self, how: Move) -> None:
        self._lines.move(how)


_INDENT = 11


def key_lines(table: Iterable[Action], marks: Legend, width: int) -> list[Line]:
    """All keys and what they do, and all marks and what they mean."""
    rows = [(action.shown, action.tooltip) for action in table if action.shown]
    rows.append(("ctrl+p", "Search for a command, or choose a theme"))
    rows.append(("mouse", "Click a row or a box, the keys below; the wheel scrolls"))
    lines = _explained(rows, width)
    for place, meanings in marks.items():
        lines += [(), (Span(place, "head"),), *_explained(meanings.items(), width)]
    return lines


def _explained(rows: Iterable[tuple[str, str]], width: int) -> list[Line]:
    """Keys or marks in a column, and next to them what each does or means."""
    lines: list[Line] = []
    for label, text in rows:
        for part in wrap(text, max(10, width - _INDENT)):
            lines.append((Span(label.ljust(_INDENT), "head"), Span(part)))
            label = ""
    return lines
