"""The dialog that gives a session, or one run of it, a name."""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import suppress
from functools import partial

from textual.app import App, ComposeResult

from cortex_tui.results.run_result import RunResult
from cortex_tui.session.control import Control, SavedSnapshot
from cortex_tui.text import one_line
from cortex_tui.tui.failures import reason_of
from cortex_tui.tui.screens.dialog import Dialog, Entry
from cortex_tui.tui.widgets.frame import Frame, PartChoice, PartText


class SaveDialog(Dialog[str]):
    """Asks for a name, and stays open until the snapshot is saved or escape is pressed.

    Its result is the name that was given, or None. What comes of saving is reported in any case.
    """

    def __init__(self, name: str, run: RunResult | None, store: str, control: Control) -> None:
        """`run` is the one that may be saved alone, if there is one; `store` is only shown."""
        super().__init__()
        self._suggestion = name
        self._run = run
        self._store = store
        self._control = control
        self._saving: str | None = None

    def compose(self) -> ComposeResult:
        with Frame() as box:
            box.border_title = "Save a snapshot"
            yield Entry(self._suggestion, placeholder="a name to find it by")
            if self._run is not None:
                yield PartChoice("the whole session", f"only {self._run.profile.full_name}")
            yield PartText("", classes="error")
            if self._store:
                where = f"It goes into {one_line(self._store)}"
                yield PartText(where, classes="quiet about")
            yield self.hint("saves", "" if self._run is None else "choose what")

    def submit(self, text: str) -> None:
        if not text:
            self.show_error("expected a name")
            return
        if self.busy:
            return
        self.busy = True
        self._error.update("saving…")
        self._saving = text
        run = self._run.run if self._run and self.chosen else None
        # The controller answers on a thread of its own, perhaps after escape.
        self._control.save(text, run=run).add_done_callback(partial(self._when_saved, self.app))

    def _when_saved(self, app: App[object], done: Future[SavedSnapshot]) -> None:
        with suppress(RuntimeError):  # the program may have ended by now
            app.call_later(self._saved, done)

    def _saved(self, done: Future[SavedSnapshot]) -> None:
        error = None if done.cancelled() else done.exception()
        if done.cancelled() or error is not None:
            self._saving = None
            text = reason_of(error) if error else "Not saved: the program is ending."
            if self.is_current:
                self.show_error(text)
            else:
                self.app.notify(text, severity="error", markup=False)
            return
        self.busy = False
        self.app.notify(f"Saved as {done.result().name}.", markup=False)
        if self.is_current:
            self.dismiss(self._saving)

    def action_cancel(self) -> None:
        self.dismiss(self._saving)
