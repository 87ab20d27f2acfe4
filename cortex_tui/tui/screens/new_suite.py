"""The dialog that makes a new suite."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from textual.app import ComposeResult

from cortex_tui.profiles.model import Catalog
from cortex_tui.profiles.new_suite import NewSuite, NoSuiteError, write_new_suite
from cortex_tui.text import one_line
from cortex_tui.tui.screens.dialog import Dialog, Entry
from cortex_tui.tui.widgets.frame import Frame, PartChoice, PartText


class NewSuiteDialog(Dialog[NewSuite]):
    """Asks for a name and writes a suite of that name; its result is the files."""

    def __init__(self, catalog: Catalog, folders: Sequence[Path]) -> None:
        """`folders` are those in which suites are looked for, one at least."""
        super().__init__()
        self._catalog = catalog
        here = Path.cwd()
        self._folders = [f.relative_to(here) if f.is_relative_to(here) else f for f in folders]

    def compose(self) -> ComposeResult:
        shown = [f"in {one_line(str(folder))}" for folder in self._folders]
        with Frame() as box:
            box.border_title = "Make a new suite"
            yield Entry(placeholder="its name, such as checkout")
            if len(shown) > 1:
                yield PartChoice(*shown)
            yield PartText("", classes="error")
            files = "A TOML file with two profiles, and a Python file with what they measure"
            where = "" if len(shown) > 1 else f", {shown[0]}"
            yield PartText(f"{files}{where}.", classes="quiet about")
            yield self.hint("writes them", "choose where" if len(shown) > 1 else "")

    def submit(self, text: str) -> None:
        if not text:
            self.show_error("expected a name")
            return
        try:
            written = write_new_suite(text, self._folders[self.chosen], self._catalog)
        except NoSuiteError as error:
            self.show_error(str(error))
        else:
            self.dismiss(written)
