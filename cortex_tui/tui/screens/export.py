"""The dialog that writes a stored session to a file, in any format."""

from __future__ import annotations

import os
import re
from concurrent.futures import Future
from pathlib import Path

from textual.app import ComposeResult

from cortex_tui.files import write_whole
from cortex_tui.formats.port import Format, FormatError
from cortex_tui.formats.registry import FORMATS
from cortex_tui.library.exporting import recording_of
from cortex_tui.store.background import BackgroundStore
from cortex_tui.store.errors import SnapshotError
from cortex_tui.store.port import Store
from cortex_tui.tui.failures import reason_of
from cortex_tui.tui.screens.ask import ApplyingDialog
from cortex_tui.tui.screens.dialog import Entry
from cortex_tui.tui.widgets.choice import Choice
from cortex_tui.tui.widgets.frame import Frame, PartChoice, PartText

_UNSAFE = re.compile(r"[^\w.+-]+")


class ExportDialog(ApplyingDialog[str]):
    """Its result is what is to be reported."""

    DEFAULT_CSS = """
    ExportDialog {
        Frame { width: 76; }
        #about { height: 3; margin-top: 1; }
    }
    """

    def __init__(self, session: str, name: str, store: BackgroundStore) -> None:
        """`name` is what the file is called unless another is entered."""
        super().__init__()
        self._session = session
        self._stem = _UNSAFE.sub("-", name).strip(".-") or "session"
        self._store = store
        self._formats = [each for each in FORMATS.values() if each.write is not None]
        self._suggestion = self._suggested(self._formats[0])

    def compose(self) -> ComposeResult:
        with Frame() as box:
            box.border_title = "Export the session"
            yield PartChoice(*(each.name for each in self._formats))
            yield PartText(_about(self._formats[0]), id="about", classes="quiet")
            yield Entry(self._suggestion, placeholder="a file")
            yield PartText("", classes="error")
            yield self.hint("writes the file", "choose a format")

    def on_mount(self) -> None:
        self.watch(self.query_one(Choice), "chosen", self._suggest, init=False)

    def _suggested(self, format: Format) -> str:  # noqa: A002
        return f"{self._stem}{format.suffix}"

    def _suggest(self) -> None:
        """The name of the file follows the format until it is another than suggested."""
        before, self._suggestion = self._suggestion, self._suggested(self._formats[self.chosen])
        self.query_one("#about", PartText).update(_about(self._formats[self.chosen]))
        if self._input.value == before:
            self._input.value = self._suggestion
            self._input.cursor_position = len(self._suggestion)

    def submit(self, text: str) -> None:
        if self.file_to_write(text) is not None:
            super().submit(text)

    def apply(self, text: str) -> Future[str]:
        session, chosen = self._session, self._formats[self.chosen]
        assert chosen.write is not None
        write, file = chosen.write, Path(os.path.expanduser(text))

        async def export(store: Store) -> str:
            recording = recording_of(session, await store.load(session))
            try:
                write_whole(file, write(recording))
            except FormatError as error:
                raise SnapshotError(f"{chosen.name}: {error}") from None
            except OSError as error:
                raise SnapshotError(f"{text}: cannot be written: {reason_of(error)}") from None
            return f"written to {text}"

        return self._store.read(export)


def _about(format: Format) -> str:  # noqa: A002
    lost = f" It lacks {format.lost}." if format.lost else ""
    return f"{format.about[:1].upper()}{format.about[1:]}.{lost}"
