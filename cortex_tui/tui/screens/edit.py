"""The form in which a profile is edited, for this launch only or in its file."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from textual import events, getters, on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input

from cortex_tui.profiles.drafts import (
    FIELDS,
    Changes,
    Draft,
    DraftError,
    check,
    check_is_as_read,
    inherited,
    lines_of,
)
from cortex_tui.profiles.keys import KEYS
from cortex_tui.profiles.loader import shown_as
from cortex_tui.profiles.model import Profile
from cortex_tui.profiles.writing_back import NotWrittenError, copy_of, write_back
from cortex_tui.tui.dialog_actions import FORM_ACTIONS
from cortex_tui.tui.early_leaving import LeftEarly
from cortex_tui.tui.own_keys import bind, own_actions, shown_key
from cortex_tui.tui.render.text import Span, fit_middle, width_of
from cortex_tui.tui.widgets.field import Field, FieldInput
from cortex_tui.tui.widgets.key_line import KeyLine
from cortex_tui.tui.widgets.lines import TextLine
from cortex_tui.tui.widgets.steady_text import SteadyText

_GROUPS_BEGIN = ("load", "targets")
"""The fields with a blank line above them."""


class Edited(NamedTuple):
    """What a person has done in the form."""

    kept: Literal["once", "file"]
    """Whether it is for this launch only, or stands in the file."""
    changes: Changes
    """What differs from the file as it was when the form was opened; may be nothing."""
    profiles: tuple[Profile, ...]
    file: Path


class EditForm(LeftEarly, ModalScreen[Edited | None]):
    """A line for each key of the profile, checked by the loader with each letter."""

    # Opaque, without margins: nothing of the live screen below has to be blended in at each of its
    # refreshes, and none of it shows with the terminal's own colours.
    DEFAULT_CSS = """
    EditForm {
        background: $background;
        #title { dock: top; background: $panel; }
        #fields { height: 1fr; padding: 1 0 0 1; scrollbar-size-vertical: 1; }
        .group { margin-top: 1; }
        #foot { dock: bottom; height: auto; }
        #foot Static { padding: 0 1; }
        #message { color: $text-error; height: auto; max-height: 6; }
        #about { color: $text-muted; height: auto; max-height: 3; min-height: 1; }
        KeyLine { dock: none; }
    }
    """

    _title_line = getters.query_one("#title", TextLine)
    _message = getters.query_one("#message", SteadyText)
    _about = getters.query_one("#about", SteadyText)

    def __init__(
        self,
        draft: Draft,
        changes: Changes,
        *,
        shipped: bool,
        folders: Sequence[Path],
        working_folder: Path | None = None,
    ) -> None:
        """`changes` are those of an edit before. A suite that is `shipped` is not written itself,
        but copied into the first of the `folders` in which the user's own are looked for."""
        super().__init__()
        self._draft = draft
        self._begun = lines_of(draft, changes)
        self._shipped = shipped
        self._folders = folders
        self._working_folder = working_folder or Path.cwd()
        self._checked_lines = self._begun
        self._checked = check(draft, self._begun)
        self._warned_to_leave = False
        self._warned_of_copy = False
        self._fields: list[Field] = []

    def compose(self) -> ComposeResult:
        yield TextLine(id="title")
        self._actions = own_actions(self.app, "form", FORM_ACTIONS)
        self._fields = [
            Field(
                FieldInput(key, self._begun[key], self._actions),
                classes="group" if key in _GROUPS_BEGIN else None,
            )
            for key in FIELDS
        ]
        with VerticalScroll(id="fields", can_focus=False):
            yield from self._fields
        with Vertical(id="foot"):
            yield SteadyText("", id="message", markup=False)
            yield SteadyText("", id="about", markup=False)
            yield KeyLine(self._actions)

    def on_mount(self) -> None:
        bind(self, self._actions)
        self._check()
        self.set_focus(self._fields[0].input)

    # --- checking -------------------------------------------------------------------------------

    @property
    def _lines(self) -> dict[str, str]:
        return {field.key: field.line for field in self._fields}

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self._catch_up()

    def _catch_up(self) -> None:
        """Checks the lines as they are now: what has changed is reported to the form later, and
        perhaps behind the key by which they are used or written."""
        if self._lines != self._checked_lines:
            self._warned_to_leave = self._warned_of_copy = False
            self._check()

    def _check(self) -> None:
        self._checked_lines = self._lines
        self._checked = checked = check(self._draft, self._checked_lines)
        holds = inherited(self._draft, checked.changes)
        for field in self._fields:
            field.show(
                changed=field.key in checked.changes,
                error=checked.errors.get(field.key, ""),
                inherited=holds.get(field.key),
            )
        self._message.update(checked.errors.get("", ""))
        self._show_title()
        self._show_about()

    def on_resize(self) -> None:
        self._show_title()

    def _show_title(self) -> None:
        where = shown_as(self._draft.file, self._working_folder)
        state = "  edited, not saved" if self._checked.changes else ""
        name = f" {self._draft.suite}.{self._draft.name}"
        room = self.app.size.width - width_of(name) - width_of(state) - 2
        shown = where if width_of(where) <= room else fit_middle(where, room)
        self._title_line.line = (
            Span(name, "head"),
            Span(f"  {shown}", "dim"),
            Span(state, "warn"),
        )

    @on(events.DescendantFocus)
    def _show_about(self) -> None:
        focused = self.focused
        if isinstance(focused, FieldInput):
            hint = "  → takes over what holds now" if focused.can_take_over else ""
            self._about.update(KEYS[focused.key].description + hint)

    def _report(self, text: str) -> None:
        self._message.update(text)

    # --- leaving --------------------------------------------------------------------------------

    @on(KeyLine.Pressed)
    async def _key_pressed(self, event: KeyLine.Pressed) -> None:
        event.stop()
        await self.run_action(event.action)

    def action_next(self) -> None:
        self.focus_next()

    def action_previous(self) -> None:
        self.focus_previous()

    def action_use(self) -> None:
        if not self._is_right():
            return
        try:
            check_is_as_read(self._draft)
        except DraftError as error:
            self._report(str(error))  # what was typed stays there to be read
        else:
            self.dismiss(self._edited("once", self._draft.file))

    def _edited(self, kept: Literal["once", "file"], file: Path) -> Edited:
        return Edited(kept, self._checked.changes, self._checked.profiles, file)

    def _is_right(self) -> bool:
        """Whether there is nothing wrong; the cursor goes to the first line where there is."""
        self._catch_up()
        errors = self._checked.errors
        for field in self._fields:
            if field.key in errors:
                self._report("Correct what is wrong first.")
                self.set_focus(field.input)
                return False
        return not errors

    async def action_write(self) -> None:
        if not self._is_right():
            return
        if not self._checked.changes:
            self._report("Nothing differs from the file.")
            return
        checked = self._checked
        try:
            copy = self._copy if self._shipped else None
            if copy is not None and copy != self._draft.file and not self._warned_of_copy:
                self._warned_of_copy = True
                key = shown_key(self._actions, "write")
                self._report(
                    f"{self._draft.suite} is shipped with the program. {key} again writes a copy "
                    f"to {shown_as(copy, self._working_folder)}, which takes its place."
                )
                return
            file = await asyncio.to_thread(
                write_back, self._draft, checked.changes, checked.profiles, to=copy
            )
        except NotWrittenError as error:
            self._report(str(error))
        else:
            self.dismiss(self._edited("file", file))

    @property
    def _copy(self) -> Path:
        return copy_of(self._draft.suite, self._draft.file, self._folders)

    def action_restore(self) -> None:
        lines = lines_of(self._draft, {})
        for field in self._fields:
            field.line = lines[field.key]

    def action_close(self) -> None:
        self._catch_up()
        if self._lines != self._begun and not self._warned_to_leave:
            self._warned_to_leave = True
            key = shown_key(self._actions, "close")
            self._report(f"Not used and not written yet: {key} again leaves all the same.")
        else:
            self.dismiss(None)
