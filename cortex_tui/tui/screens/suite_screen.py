"""A screen on which suites are edited, and read again when their files change."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.message import Message

from cortex_tui.placement.registry import place_of
from cortex_tui.profiles.model import Catalog, Profile, Suite
from cortex_tui.profiles.rereading import reread_text, with_former, with_kept, with_profiles
from cortex_tui.profiles.search_path import SuiteReader
from cortex_tui.session.control import ONLY_STORED, Control
from cortex_tui.text import one_line
from cortex_tui.tui.screens.session_screen import SessionScreen
from cortex_tui.tui.state.edits import Edit, Edits, family_of
from cortex_tui.tui.state.listing import Entry, Listing
from cortex_tui.tui.state.suite_watch import SuiteWatch
from cortex_tui.tui.widgets.profile_list import ProfileList

if TYPE_CHECKING:
    from cortex_tui.profiles.new_suite import NewSuite
    from cortex_tui.tui.screens.edit import Edited


class SuiteScreen(SessionScreen):
    """Lists what the files of the suites have now. Sessions that are running keep what they had."""

    profiles: ProfileList

    class SuitesRead(Message):
        """Files have changed, and all suites were read again."""

        def __init__(self, catalog: Catalog) -> None:
            super().__init__()
            self.catalog = catalog

    def __init__(
        self,
        listing: Listing,
        store: str,
        reader: SuiteReader | None,
        home: SuiteScreen | None = None,
    ) -> None:
        """`reader` is None where suites come from nowhere that could be read again. `home` is the
        screen that has read the files, where this one lists a stored session's own profiles."""
        super().__init__(listing, store)
        self._home = home
        self._read = listing.catalog
        self._edits = Edits()
        self._new: NewSuite | None = None
        """The suite that was made here, until it has been read."""
        self._copy_asked = ""
        """The shipped suite of which a second press makes a copy."""
        self._reader = reader
        self._also: dict[str, Profile] = {}
        """Profiles that are listed though no file has them, by full name."""
        self._session_listed = ""
        """The session whose profiles are listed though no file may have them any more."""
        self._lists_gone = False
        """Whether there are such profiles."""
        self._watch: SuiteWatch | None = None
        if reader is not None:
            self._watch = SuiteWatch(reader, self._post_suites, rests=self.reads_no_files)

    def watch_control(self, control: Control | None) -> None:
        super().watch_control(control)
        if self._watch is not None:
            self._watch.start()

    def on_unmount(self) -> None:
        if self._watch is not None:
            self._watch.stop()

    def list_also(self, profiles: Iterable[Profile]) -> None:
        """Lists profiles that come from no file that was read, as those of a stored session."""
        self._also.update((profile.full_name, profile) for profile in profiles)
        self._list()

    @property
    def suites_as_read(self) -> Catalog:
        """What the files of the suites have, without edits."""
        return self._read if self._home is None else self._home.suites_as_read

    def look_for_changes(self) -> None:
        """Looks at once whether suites have changed, on the thread that does."""
        if self._watch is not None:
            self._watch.look_now()

    def reads_no_files(self) -> bool:
        """Whether files are left alone, since a session is being measured by this very process."""
        view = self.control.view if self.control else None
        return view is not None and view.is_live and not place_of(view.placement).own_process

    def _post_suites(self, catalog: Catalog) -> None:
        with suppress(RuntimeError):  # the program may have ended by now
            self.post_message(self.SuitesRead(catalog))

    @on(SuitesRead)
    def _take_suites(self, event: SuitesRead) -> None:
        before, self._read = self._read, with_former(self._read, event.catalog)
        lost = self._edits.drop_outdated(self._read)
        self._list()
        texts = [reread_text(before, self._read)]
        texts += [f"{family} is as in its file again" for family in lost]
        if self._show_new():
            return
        self.report("; ".join(filter(None, texts)) or "suites were read again: no profile changed")

    def _list(self) -> None:
        of_session = {run.profile.full_name for run in self.latest.runs}
        read = self._edits.applied(self._read)
        kept = with_kept(self.listing.catalog, read, of_session)
        self._lists_gone = kept is not read
        catalog = with_profiles(kept, self._also.values())
        self.profiles.take(catalog, self._edits.unsaved)

    def list_session(self, session: str) -> None:
        """Lists what the newest session has run, and no more what only the one before it had."""
        before, self._session_listed = self._session_listed, session
        if session != before and self._lists_gone:
            self._list()

    def _is_gone(self, entry: Entry) -> bool:
        """Whether no suite that was read has it, so that it is listed for a session alone."""
        if not (self._lists_gone or self._also):
            return False  # asked with each frame
        if all(suite.name != entry.suite.name for suite in self._read.suites):
            return True
        return entry.profile is not None and not family_of(self._read, entry.profile.family)

    # --- editing --------------------------------------------------------------------------------

    def applies(self, name: str) -> bool:
        if self.actions[name].group != "suites":
            return super().applies(name)
        current = self.listing.current
        match name:
            case "edit":
                is_profile = current is not None and current.profile is not None
                can_be = not (self.only_looks or current is None or self._is_gone(current))
                return is_profile and can_be
            case "editor":
                return current is not None
            case _:
                return self._reader is not None

    def action_suites(self, name: str) -> None:
        """Does what a key or a command of the palette means."""
        match name:
            case "edit":
                self._open_form()
            case "editor":
                self._open_editor()
            case "new_suite":
                self._ask_for_suite()

    def _open_form(self) -> None:
        entry = self.listing.current
        if self.only_looks:
            self.notify(f"Not edited: {ONLY_STORED}", severity="error", markup=False)
            return
        if entry is None or entry.profile is None:
            self.report("the cursor is on no profile")
            return
        # Imported when it is first opened.
        from cortex_tui.profiles.drafts import DraftError, draft_of
        from cortex_tui.tui.screens.edit import EditForm

        try:
            # As it was read: what an earlier edit has changed is among its changes.
            as_read = family_of(self._read, entry.profile.family)
            draft = draft_of(as_read[0] if as_read else entry.profile)
        except DraftError as error:
            self.notify(f"{error}.", severity="error", markup=False)
            return
        # The form has the file as it is now; the table will have it, too, before it is left.
        self.look_for_changes()
        family = entry.profile.family
        edit = self._edits.of(family)
        form = EditForm(
            draft,
            edit.changes if edit else {},
            shipped=entry.suite.shipped,
            folders=self._reader.folders if self._reader else (),
        )
        self.app.push_screen(form, partial(self._take_edited, family))

    def _take_edited(self, family: str, edited: Edited | None) -> None:
        if edited is None:
            return
        of, was_edited = family_of(self._read, family), self._edits.of(family) is not None
        edit = Edit(edited.changes, edited.profiles, of, written=edited.kept == "file")
        is_alike = len(edit.profiles) == len(of)
        if edit.written:
            self._edits.put(family, edit if is_alike else None)
            self.look_for_changes()
        elif not is_alike:
            key = self.key_of("edit")
            self.report(f"{family} has changed in its file: {key} opens it as it is now")
        elif edit.changes:
            self._edits.put(family, edit)
            self.report(f"{family} is edited for this launch, and not saved")
        elif was_edited:
            self._edits.put(family, None)
            self.report(f"{family} is as in its file")
        self._list()

    # --- the editor, and new suites -------------------------------------------------------------

    def _open_editor(self) -> None:
        """Gives the terminal to a person's editor. This screen stands still meanwhile, but not what
        a runner process measures."""
        entry = self.listing.current
        profile = (entry.profile or next(iter(entry.suite.profiles), None)) if entry else None
        if entry is None or profile is None:
            self.report("the cursor is on no suite")
            return
        if self._is_gone(entry) and not Path(profile.source).exists():
            self.report(f"{entry.suite.source} is gone")
            return
        if self.reads_no_files():
            stop = self.key_of("stop")
            self._warn(
                f"A session is measured in this process; press {stop} to stop it before you edit."
            )
            return
        from cortex_tui.profiles.writing_back import NotWrittenError
        from cortex_tui.tui.editor import edit_in_terminal

        try:
            file = self._file_to_edit(entry.suite, Path(profile.source))
        except NotWrittenError as error:
            self._warn(f"{error}.")
            return
        if file is not None:
            name = "" if entry.profile is None else profile.base or profile.name
            if failed := edit_in_terminal(self.app, file, name):
                self._warn(failed)
            self.look_for_changes()

    def _file_to_edit(self, suite: Suite, file: Path) -> Path | None:
        """The suite's file. A shipped one is the program's: with a second press a copy is made."""
        from cortex_tui.profiles.loader import shown_as
        from cortex_tui.profiles.writing_back import copy_of, copy_suite

        asked, self._copy_asked = self._copy_asked, ""
        if not suite.shipped or self._reader is None:
            return file
        copy = copy_of(suite.name, file, self._reader.folders)
        if copy == file:
            return file
        if asked == suite.name:
            copy_suite(file, copy)
            return copy
        self._copy_asked = suite.name
        self._warn(
            f"{suite.name} is shipped with the program. E again makes a copy of it, "
            f"{shown_as(copy, Path.cwd())}, which takes its place, and opens that."
        )
        return None

    def _ask_for_suite(self) -> None:
        folders = self._reader.folders if self._reader else ()
        if not folders:
            self._warn("--profiles names no folder in which a new suite would be found.")
            return
        from cortex_tui.tui.screens.new_suite import NewSuiteDialog

        self.app.push_screen(NewSuiteDialog(self._read, folders), self._take_new)

    def _take_new(self, new: NewSuite | None) -> None:
        if new is not None:
            self._new = new
            self.look_for_changes()

    def _show_new(self) -> bool:
        """Puts the cursor on the suite that was made, once it has been read."""
        new = self._new
        suite = next((s for s in self._read.suites if new and s.name == new.suite.stem), None)
        if new is None or suite is None:
            return False
        self._new = None
        self.profiles.show_row(suite.profiles[0].full_name)
        text = f"Wrote {suite.source} and {new.code.name}: {self.key_of('edit')} edits a profile, "
        text += f"{self.key_of('editor')} opens the file."
        self.notify(one_line(text), markup=False)
        return True
