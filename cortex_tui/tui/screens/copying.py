"""The small menu of what can be copied."""

from __future__ import annotations

from textual import getters, on
from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Static

from cortex_tui.tui.dialog_actions import COPY_ACTIONS
from cortex_tui.tui.early_leaving import LeftEarly
from cortex_tui.tui.own_keys import bind, own_actions, shown_key
from cortex_tui.tui.screens.dialog import keys_hint
from cortex_tui.tui.state.copying import What
from cortex_tui.tui.widgets.choice import Choice
from cortex_tui.tui.widgets.frame import Frame, PartChoice

_ALL: dict[What, str] = {
    "row": "the row under the cursor",
    "table": "the table, as Markdown",
    "command": "the command line that repeats the session",
}


class CopyMenu(LeftEarly, ModalScreen[What | None]):
    """Its result is what to copy; None where it was closed."""

    DEFAULT_CSS = """
    CopyMenu {
        align: center middle;
        Frame { width: 52; }
        .quiet { color: $text-muted; height: auto; }
    }
    """

    _choice = getters.query_one(Choice)

    def compose(self) -> ComposeResult:
        table = own_actions(self.app, "copy", COPY_ACTIONS)
        bind(self, table)
        keys = [shown_key(table, f"copy_{what}") for what in _ALL]
        wide = max(map(len, keys))
        labels = (f"{key:{wide}}  {text}" for key, text in zip(keys, _ALL.values(), strict=True))
        with Frame() as box:
            box.border_title = "Copy"
            yield PartChoice(*labels)
            yield Static("")
            yield keys_hint(table, "copies", "choose")

    def action_copy_row(self) -> None:
        self.dismiss("row")

    def action_copy_table(self) -> None:
        self.dismiss("table")

    def action_copy_command(self) -> None:
        self.dismiss("command")

    def action_choose_up(self) -> None:
        self._choice.chosen = (self._choice.chosen - 1) % len(_ALL)

    def action_choose_down(self) -> None:
        self._choice.chosen = (self._choice.chosen + 1) % len(_ALL)

    def action_confirm(self) -> None:
        self.dismiss([*_ALL][self._choice.chosen])

    @on(Choice.Pressed)
    def _pressed(self, event: Choice.Pressed) -> None:
        self.dismiss([*_ALL][event.line])

    def action_cancel(self) -> None:
        self.dismiss(None)
