"""The dialog that gives a session, or one run of it, a name."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from cortex_tui.results.run_result import RunResult
from cortex_tui.text import one_line
from cortex_tui.tui.screens.dialog import Dialog, Entry
from cortex_tui.tui.widgets.choice import Choice

Save = Callable[["SaveDialog", str, int | None], None]
"""Begins to save under a name: the whole session, or the run of that number. It closes the dialog
or has it show the error, later or at once."""


class SaveDialog(Dialog):
    """Asks for a name, and stays open until the snapshot is saved or escape is pressed."""

    def __init__(self, name: str, run: RunResult | None, store: str, save: Save) -> None:
        """`run` is the one that may be saved alone, if there is one; `store` is only shown."""
        super().__init__()
        self._suggestion = name
        self._run = run
        self._store = store
        self._save = save

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = "Save a snapshot"
            yield Entry(self._suggestion, placeholder="a name to find it by", compact=True)
            if self._run is not None:
                yield Choice("the whole session", f"only {self._run.profile.full_name}")
            yield Static("", classes="error", markup=False)
            if self._store:
                where = f"It goes into {one_line(self._store)}\n"
                yield Static(where, classes="quiet", markup=False)
            choose = "" if self._run is None else "↑ ↓ choose what   "
            yield Static(f"enter saves   {choose}escape cancels", classes="quiet")

    def submit(self, text: str) -> None:
        if not text:
            self.show_error("expected a name")
            return
        self._error.update("saving…")
        self._save(self, text, self._run.run if self._run and self.chosen else None)
