"""Dialogs that stay open until what is done with their text has worked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future

from textual.app import App, ComposeResult

from cortex_tui.store.errors import SnapshotError
from cortex_tui.text import one_line
from cortex_tui.tui.background import begin
from cortex_tui.tui.screens.dialog import Dialog, Entry, Result
from cortex_tui.tui.widgets.frame import Frame, PartText


class ApplyingDialog(Dialog[Result]):
    """Its result is what came of the text; None where escape was pressed."""

    def apply(self, text: str) -> Future[Result]:
        """Does what the dialog is for; what the future fails with is shown."""
        raise NotImplementedError  # each dialog does its own thing

    def submit(self, text: str) -> None:
        if not self.busy:
            self.busy = True
            self._error.update("…")
            # The app's worker: what went wrong is reported even if this is closed by then.
            begin(self.app, self._finish, text, self.app)

    async def _finish(self, text: str, app: App[object]) -> None:
        try:
            done = await asyncio.wrap_future(self.apply(text))
        except SnapshotError as error:
            if self.is_current:
                self.show_error(str(error))
            else:
                app.notify(str(error), severity="error", markup=False)
        else:
            self.busy = False
            if self.is_current:
                self.dismiss(done)


class AskDialog(ApplyingDialog[Result]):
    """Asks for one text."""

    def __init__(
        self,
        title: str,
        text: str,
        *,
        placeholder: str,
        about: str,
        apply: Callable[[str], Future[Result]],
        edits: bool = False,
    ) -> None:
        """`text` is there to begin with: to be edited, or as a suggestion that the first letter
        replaces. `apply` is called with what was entered."""
        super().__init__()
        self._title = title
        self._text = text
        self._placeholder = placeholder
        self._about = about
        self._apply = apply
        self._edits = edits

    def compose(self) -> ComposeResult:
        with Frame() as box:
            box.border_title = self._title
            yield Entry(
                one_line(self._text),
                placeholder=self._placeholder,
                select_on_focus=not self._edits,
            )
            yield PartText("", classes="error")
            yield PartText(self._about, classes="quiet about")
            yield self.hint("confirms")

    def apply(self, text: str) -> Future[Result]:
        return self._apply(text)
