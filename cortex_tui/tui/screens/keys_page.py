"""The page that lists the keys of the screen below it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import ClassVar

from textual import getters
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from cortex_tui.tui.actions import PROGRAM, TOPICS, Action
from cortex_tui.tui.config.keys import written
from cortex_tui.tui.early_leaving import LeftEarly
from cortex_tui.tui.render.marks import Legend
from cortex_tui.tui.render.text import Line, Span, wrap
from cortex_tui.tui.widgets.lines import Lines, Move, TextLine


class KeysPage(LeftEarly, ModalScreen[None]):
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

    def __init__(
        self, table: Sequence[Action], marks: Legend, others: Mapping[str, Sequence[Action]]
    ) -> None:
        """The keys of a screen, the marks that it draws, and the keys of other screens by name."""
        super().__init__()
        self._source = partial(key_lines, table, marks, others)
        opening = [key for action in table if action.name == "help" for key in action.keys]
        self._bindings.bind(",".join(opening), "close", show=False)

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
_FIXED = (
    ("ctrl+c", "End the session and leave"),
    ("ctrl+p", "Search for a command, or choose a theme"),
    ("mouse", "Click a row, a box, a title, a tab or a key; the wheel scrolls"),
)


def key_lines(
    table: Iterable[Action],
    marks: Legend,
    others: Mapping[str, Sequence[Action]],
    width: int,
) -> list[Line]:
    """All keys by topic and what they do, all marks and what they mean, and the keys of other
    screens."""
    topics: dict[str, list[tuple[str, str]]] = {}
    for action in table:
        topics.setdefault(action.topic, []).extend(_key_rows([action]))
    topics.setdefault(PROGRAM, []).extend(_FIXED)
    lines: list[Line] = []
    for topic in TOPICS:
        if rows := topics.get(topic):
            lines += [*[()] * bool(lines), (Span(topic, "head"),), *_explained(rows, width)]
    for place, meanings in marks.items():
        lines += [(), (Span(place, "head"),), *_explained(meanings.items(), width)]
    for where, actions in others.items():
        lines += [(), (Span(f"Keys of {where}", "head"),)]
        lines += _explained(_key_rows(actions), width)
    return lines


def _key_rows(table: Iterable[Action]) -> list[tuple[str, str]]:
    rows = [(" ".join(map(written, each.keys)) or each.shown, each.tooltip) for each in table]
    return [(keys, tooltip) for keys, tooltip in rows if keys]


def _explained(rows: Iterable[tuple[str, str]], width: int) -> list[Line]:
    """Keys or marks in a column, and next to them what each does or means."""
    lines: list[Line] = []
    for label, text in rows:
        for part in wrap(text, max(10, width - _INDENT)):
            lines.append((Span(label.ljust(_INDENT), "head"), Span(part)))
            label = ""
    return lines
