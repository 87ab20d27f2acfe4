"""What the workbench's dialogs have in common: a line to type in, and a choice below it."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, TypeVar

from textual import getters, on
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from cortex_tui.files import cannot_write
from cortex_tui.text import one_line
from cortex_tui.tui.widgets.choice import Choice

Result = TypeVar("Result")


class Entry(Input):
    """The input of a dialog. It takes the keys of the choice itself: those that it inherits for
    scrolling would decline them, and a key that is declined loses its turn to the next one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "screen.choose(-1)", "up", tooltip="Choose the line above", id="entry-up"),
        Binding(
            "down", "screen.choose(1)", "down", tooltip="Choose the line below", id="entry-down"
        ),
    ]


class Dialog(ModalScreen[Result | None]):
    """One input, perhaps a choice, and a line for what is wrong; escape closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "cancel", tooltip="Close the dialog", id="dialog-close"),
    ]
    DEFAULT_CSS = """
    Dialog {
        align: center middle;
        & > Vertical {
            width: 64; max-width: 96%; height: auto; max-height: 100%;
            background: $surface; border: round $primary; padding: 0 1;
        }
        Input { width: 1fr; border: none; padding: 0; margin: 1 0; height: 1; background: $panel; }
        Input:ansi .input--cursor, Input:ansi .input--selection { text-style: reverse; }
        .error { color: $text-error; height: auto; max-height: 6; }
        .quiet { color: $text-muted; height: auto; }
    }
    """

    _input = getters.query_one(Input)
    _error = getters.query_one(".error", Static)

    _confirmed = ""
    """The file that may be overwritten."""

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.submit(event.value.strip())

    def submit(self, text: str) -> None:
        """Enter was pressed."""
        raise NotImplementedError  # each dialog does its own thing

    @property
    def chosen(self) -> int:
        """The line that is chosen; the first where there is no choice."""
        return next((choice.chosen for choice in self.query(Choice)), 0)

    def file_to_write(self, text: str) -> Path | None:
        """The file of that name; None where it cannot be written, or exists and was not entered
        twice, which is reported then."""
        file = Path(text).expanduser()
        problem = cannot_write(str(file)) if text else "expected the name of a file"
        if not problem and file.exists() and self._confirmed != text:
            self._confirmed = text
            problem = f"{text} exists: enter again overwrites it"
        if problem:
            self.show_error(problem)
            return None
        return file

    def show_error(self, text: str) -> None:
        """Reports what is wrong; the input can be changed and tried again."""
        self._error.update("\n".join(one_line(line) for line in text.splitlines()))
        self._input.focus()

    def action_choose(self, by: int) -> None:
        for choice in self.query(Choice):
            choice.step(by)

    def action_close(self) -> None:
        self.dismiss(None)
