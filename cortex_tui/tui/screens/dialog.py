"""What the workbench's dialogs have in common: a line to type in, and a choice below it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from textual import getters
from textual.app import App
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from cortex_tui.files import cannot_write
from cortex_tui.text import one_line
from cortex_tui.tui.actions import Action
from cortex_tui.tui.dialog_actions import DIALOG_ACTIONS
from cortex_tui.tui.early_leaving import LeftEarly
from cortex_tui.tui.key_order import KeysInOrder
from cortex_tui.tui.own_keys import bind, own_actions, shown_key
from cortex_tui.tui.widgets.choice import Choice
from cortex_tui.tui.widgets.frame import PartText
from cortex_tui.tui.widgets.steady_input import SteadyInput

Result = TypeVar("Result")


def dialog_actions(app: App[object]) -> tuple[Action, ...]:
    """With the keys that a person has chosen."""
    return own_actions(app, "dialogs", DIALOG_ACTIONS)


def keys_hint(table: Sequence[Action], confirms: str, chooses: str = "") -> Static:
    """A line on the keys of a table that has the actions of dialogs."""
    confirm, up, down, cancel = (
        shown_key(table, name) for name in ("confirm", "choose_up", "choose_down", "cancel")
    )
    parts = (
        f"{confirm} {confirms}" if confirm else "",
        f"{up} {down} {chooses}" if chooses and (up or down) else "",
        f"{cancel} cancels" if cancel else "",
    )
    return Static("   ".join(filter(None, parts)), classes="quiet", markup=False)


class Entry(SteadyInput):
    """The input of a dialog. It takes the keys of the dialog itself: those that it inherits for
    scrolling would decline them, and a key that is declined loses its turn to the next one."""

    def __init__(self, value: str = "", **options: Any) -> None:
        """`options` are those of Textual's input."""
        super().__init__(value, compact=True, **options)
        bind(self, dialog_actions(self.app), DIALOG_ACTIONS, on="screen.")


class Dialog(LeftEarly, ModalScreen[Result | None]):
    """One input, perhaps a choice, and a line for what is wrong."""

    DEFAULT_CSS = """
    Dialog {
        align: center middle;
        Frame { width: 64; }
        Input {
            width: 1fr; height: 1; border: none; padding: 0; margin: 1 1 1 0; background: $panel;
        }
        Input:ansi .input--cursor, Input:ansi .input--selection {
            color: ansi_default; background: ansi_default; text-style: reverse;
        }
        .error { color: $text-error; height: auto; max-height: 6; }
        .quiet { color: $text-muted; height: auto; }
        .about { margin-bottom: 1; }
    }
    """

    _input = getters.query_one(Input)
    _error = getters.query_one(".error", PartText)

    _confirmed = ""
    """The file that may be overwritten."""
    _busy = False
    """Whether what was confirmed is being done."""

    def on_mount(self) -> None:
        bind(self, dialog_actions(self.app))

    def hint(self, confirms: str, chooses: str = "") -> Static:
        """The line that names the keys: what is done by the one that confirms, and what is chosen,
        where there is a choice."""
        return keys_hint(dialog_actions(self.app), confirms, chooses)

    def action_confirm(self) -> None:
        self.submit(self._input.value.strip())

    @property
    def busy(self) -> bool:
        return self._busy

    @busy.setter
    def busy(self, busy: bool) -> None:
        self._busy = busy
        if not busy and isinstance(self.app, KeysInOrder):
            self.app.call_later(self.app.take_kept_keys)

    def keeps(self, key: str) -> bool:
        """While it is busy, all keys but the one that closes it: they are for what follows."""
        if not self.busy:
            return False
        return all(
            key not in each.keys for each in dialog_actions(self.app) if each.name == "cancel"
        )

    def submit(self, text: str) -> None:
        """The text was confirmed."""
        raise NotImplementedError  # each dialog does its own thing

    @property
    def chosen(self) -> int:
        """The line that is chosen; the first where there is no choice."""
        return next((choice.chosen for choice in self.query(Choice)), 0)

    def file_to_write(self, text: str) -> Path | None:
        """The file of that name; None where it cannot be written, or exists and was not entered
        twice, which is reported then."""
        file = Path(os.path.expanduser(text))
        problem = cannot_write(str(file)) if text else "expected the name of a file"
        if not problem and os.path.exists(file) and self._confirmed != text:
            self._confirmed = text
            key = shown_key(dialog_actions(self.app), "confirm")
            problem = f"{text} exists: {key} again overwrites it"
        if problem:
            self.show_error(problem)
            return None
        return file

    def show_error(self, text: str) -> None:
        """Reports what is wrong; the input can be changed and tried again. Keys that waited were
        for what follows, which does not."""
        self._busy = False
        if isinstance(self.app, KeysInOrder):
            self.app.drop_kept_keys()
        self._error.update("\n".join(one_line(line) for line in text.splitlines()))
        self._input.focus()

    def action_read_on(self) -> None:
        self._read(1)

    def action_read_back(self) -> None:
        self._read(-1)

    def _read(self, by: int) -> None:
        """Scrolls the texts that have no room by a page."""
        for text in self.query(PartText):
            text.scroll_relative(y=by * max(1, text.size.height - 1), animate=False)

    def choose(self, by: int) -> None:
        """Chooses another line, that many lower."""
        for choice in self.query(Choice):
            choice.step(by)

    def action_choose_up(self) -> None:
        self.choose(-1)

    def action_choose_down(self) -> None:
        self.choose(1)

    def action_cancel(self) -> None:
        self.dismiss(None)
