"""The dialog that writes a comparison to a file, as Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.message import Message

from cortex_tui.analysis.sessions import Compared
from cortex_tui.files import write_whole
from cortex_tui.formats.comparison_markdown import comparisons_markdown
from cortex_tui.tui.background import begin_on_thread
from cortex_tui.tui.failures import reason_of
from cortex_tui.tui.screens.dialog import Dialog, Entry
from cortex_tui.tui.widgets.frame import Frame, PartText

_UNSAFE = re.compile(r"[^\w.+-]+")
_STEM_MOST = 60


class MarkdownDialog(Dialog[str]):
    """Its result is the file that was written."""

    class Written(Message):
        """The file was written, or was not."""

        def __init__(self, file: str, error: str) -> None:
            super().__init__()
            self.file = file
            self.error = error

    def __init__(self, found: Sequence[Compared]) -> None:
        super().__init__()
        self._found = found
        names = [found[0].a.name, *(each.b.name for each in found)]
        stem = _UNSAFE.sub("-", "-".join(names)).strip(".-")[:_STEM_MOST]
        self._suggestion = f"compare-{stem}.md"

    def compose(self) -> ComposeResult:
        with Frame() as box:
            box.border_title = "Write the comparison as Markdown"
            yield Entry(self._suggestion, placeholder="a file")
            yield PartText("", classes="error")
            yield self.hint("writes the file")

    def submit(self, text: str) -> None:
        file = self.file_to_write(text)
        if file is not None and not self.busy:
            self.busy = True
            begin_on_thread(self, "markdown", partial(self._write, file))

    def _write(self, file: Path) -> None:
        """On a thread: a disk may be slow."""
        error = ""
        try:
            write_whole(file, comparisons_markdown(self._found).encode())
        except OSError as wrong:
            error = f"cannot be written: {reason_of(wrong)}"
        self.post_message(self.Written(str(file), error))

    @on(Written)
    def _take_written(self, event: Written) -> None:
        if event.error:
            self.show_error(event.error)
        else:
            self.dismiss(event.file)
