"""The small menu of what can be copied."""

from __future__ import annotations

from typing import ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from cortex_tui.tui.state.copying import What
from cortex_tui.tui.widgets.choice import Choice

_ALL: tuple[What, ...] = ("row", "table", "command")


class CopyMenu(ModalScreen[What | None]):
    """Its result is what to copy; None where it was closed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "copy('row')", "row", tooltip="Copy the row", id="copy-row"),
        Binding("t", "copy('table')", "table", tooltip="Copy the table", id="copy-table"),
        Binding("c", "copy('command')", "command", tooltip="Copy the command", id="copy-command"),
        Binding("up,k", "choose(-1)", "up", tooltip="The line above", id="copy-up"),
        Binding("down,j", "choose(1)", "down", tooltip="The line below", id="copy-down"),
        Binding("enter", "enter", "copy", tooltip="Copy what is chosen", id="copy-enter"),
        Binding("escape,q,y", "close", "close", tooltip="Close the menu", id="copy-close"),
    ]
    DEFAULT_CSS = """
    CopyMenu {
        align: center middle;
        & > Vertical {
            width: 52; max-width: 96%; height: auto;
            background: $surface; border: round $primary; padding: 0 1;
        }
        .quiet { color: $text-muted; height: auto; }
    }
    """

    _choice = getters.query_one(Choice)

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = "Copy"
            yield Choice(
                "r  the row under the cursor",
                "t  the table, as Markdown",
                "c  the command line that repeats the session",
            )
            yield Static("\nenter copies   ↑ ↓ choose   escape cancels", classes="quiet")

    def action_copy(self, what: What) -> None:
        self.dismiss(what)

    def action_choose(self, by: int) -> None:
        self._choice.chosen = (self._choice.chosen + by) % len(_ALL)

    def action_enter(self) -> None:
        self.dismiss(_ALL[self._choice.chosen])

    @on(Choice.Pressed)
    def _pressed(self, event: Choice.Pressed) -> None:
        self.dismiss(_ALL[event.line])

    def action_close(self) -> None:
        self.dismiss(None)
