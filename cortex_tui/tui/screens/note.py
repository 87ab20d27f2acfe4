"""The dialog that writes a note at a moment of a run."""

from __future__ import annotations

from textual.app import ComposeResult

from cortex_tui.limits import MAX_NOTE_CHARS
from cortex_tui.profiles.model import Profile
from cortex_tui.quantities import format_duration
from cortex_tui.text import one_line
from cortex_tui.tui.screens.dialog import Dialog, Entry
from cortex_tui.tui.widgets.frame import Frame, PartText


class NoteDialog(Dialog[str]):
    """Its result is the text."""

    def __init__(self, profile: Profile, offset_ns: int) -> None:
        super().__init__()
        self._profile = profile
        self._offset_ns = offset_ns

    def compose(self) -> ComposeResult:
        where = f"{one_line(self._profile.full_name)} at {format_duration(self._offset_ns)}"
        with Frame() as box:
            box.border_title = f"Note on {where}"
            yield Entry("", placeholder="what was seen here")
            yield PartText("", classes="error")
            yield self.hint("keeps it with the run")

    def submit(self, text: str) -> None:
        if not text:
            self.show_error("expected a text")
        elif len(text) > MAX_NOTE_CHARS:
            self.show_error(f"expected at most {MAX_NOTE_CHARS} characters, got {len(text)}")
        else:
            self.dismiss(text)
