"""The dialog that gives a session, or one run of it, a name."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events, getters, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widgets import Input, Static

from cortex_tui.session.view import RunView
from cortex_tui.ui.text import Span, visible
from cortex_tui.ui.widgets.lines import Toned

Save = Callable[["SaveDialog", str, int | None], None]
"""Begins to save under a name: the whole session, or the run of that number. It closes the dialog
or has it show the error, later or at once."""


class Choice(Toned):
    """One of several lines; the chosen one is marked `(•)`, not only coloured."""

    DEFAULT_CSS = "Choice { width: 1fr; }"

    def __init__(self, *labels: str) -> None:
        super().__init__()
        self._labels = labels
        self.chosen = 0
        self.styles.height = len(labels)

    def choose(self, at: int) -> None:
        self.chosen = at
        self.refresh()

    def render_line(self, y: int) -> Strip:
        mark = "(•)" if y == self.chosen else "( )"
        return self.strip((Span(f"{mark} {visible(self._labels[y])}"),), self.size.width)

    def on_click(self, event: events.Click) -> None:
        self.choose(event.y)


class SaveDialog(ModalScreen[None]):
    """Asks for a name, and stays open until the snapshot is saved or escape is pressed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "cancel", tooltip="Save nothing", id="save-close"),
        Binding("up", "choose(0)", "whole", tooltip="The whole session", id="save-whole"),
        Binding("down", "choose(1)", "run", tooltip="Only this run", id="save-run"),
    ]
    DEFAULT_CSS = """
    SaveDialog {
        align: center middle;
        & > Vertical {
            width: 64; max-width: 96%; height: auto; max-height: 100%;
            background: $surface; border: round $primary; padding: 0 1;
        }
        Input { width: 1fr; border: none; padding: 0; margin: 1 0; height: 1; background: $panel; }
        Input:ansi .input--cursor, Input:ansi .input--selection { text-style: reverse; }
        #save-error { color: $text-error; height: auto; max-height: 6; }
        #save-store { color: $text-muted; margin-top: 1; height: auto; }
        #save-hint { color: $text-muted; }
    }
    """

    _input = getters.query_one(Input)
    _error = getters.query_one("#save-error", Static)

    def __init__(self, name: str, run: RunView | None, store: str, save: Save) -> None:
        """`run` is the one that may be saved alone, if there is one; `store` is only shown."""
        super().__init__()
        self._suggestion = name
        self._run = run
        self._store = store
        self._save = save

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = "Save a snapshot"
            yield Input(self._suggestion, placeholder="a name to find it by", compact=True)
            if self._run is not None:
                yield Choice("the whole session", f"only {self._run.profile.full_name}")
            yield Static("", id="save-error", markup=False)
            if self._store:
                yield Static(f"It goes into {visible(self._store)}", id="save-store", markup=False)
            yield Static("enter saves   ↑ ↓ choose what   escape cancels", id="save-hint")

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        event.stop()
        name = event.value.strip()
        if not name:
            self.show_error("expected a name")
            return
        self._error.update("saving…")
        only = any(choice.chosen == 1 for choice in self.query(Choice))
        run = self._run.run if only and self._run is not None else None
        self._save(self, name, run)

    def show_error(self, text: str) -> None:
        """Says why nothing was saved; the name can be changed and tried again."""
        self._error.update("\n".join(visible(line) for line in text.splitlines()))
        self._input.focus()

    def action_choose(self, at: int) -> None:
        for choice in self.query(Choice):
            choice.choose(at)

    def action_close(self) -> None:
        self.dismiss()
