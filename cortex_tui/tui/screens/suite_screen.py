"""A screen on which suites are read again when their files change."""

from __future__ import annotations

from contextlib import suppress

from textual import on
from textual.message import Message

from cortex_tui.placement.registry import place_of
from cortex_tui.profiles.model import Catalog
from cortex_tui.profiles.rereading import reread_text, with_former
from cortex_tui.profiles.search_path import SuiteReader
from cortex_tui.session.control import Control
from cortex_tui.tui.screens.session_screen import SessionScreen
from cortex_tui.tui.state.listing import Listing
from cortex_tui.tui.state.suite_watch import SuiteWatch
from cortex_tui.tui.widgets.profile_list import ProfileList


class SuiteScreen(SessionScreen):
    """Lists what the files of the suites have now. Sessions that are running keep what they had."""

    profiles: ProfileList

    class SuitesRead(Message):
        """Files have changed, and all suites were read again."""

        def __init__(self, catalog: Catalog) -> None:
            super().__init__()
            self.catalog = catalog

    def __init__(self, listing: Listing, store: str, reader: SuiteReader | None) -> None:
        """`reader` is None where suites come from nowhere that could be read again."""
        super().__init__(listing, store)
        self._read = listing.catalog
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
        self.profiles.take(self._read)
        if text := reread_text(before, self._read):
            self.report(text)
