"""What the main screen asks of the controller: start, stop, save; and what it answers a person."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Literal

from cortex_tui.session.control import Control, SavedSnapshot
from cortex_tui.session.view import RunView, SessionView
from cortex_tui.ui.board import Board
from cortex_tui.ui.listing import Listing

if TYPE_CHECKING:
    from textual.screen import Screen

    from cortex_tui.ui.screens.save import SaveDialog


class Sessions:
    """Turns actions into calls of the controller. Used on the screen's loop only."""

    def __init__(
        self,
        screen: Screen[None],
        listing: Listing,
        board: Board,
        control: Callable[[], Control],
        store: str,
    ) -> None:
        """`control` makes the controller when it is first called, and returns it from then on.

        `store` names the file that snapshots go to, for a person to read.
        """
        self._screen = screen
        self._listing = listing
        self._board = board
        self._control = control
        self._store = store
        self._names: set[str] = set()

    def newest_view(self) -> SessionView | None:
        return self._control().view

    def applies(self, name: str) -> bool:
        """Whether an action on sessions would do anything now; true for all other actions."""
        match name:
            case "run" | "one_by_one":
                return not self._board.active and bool(self._listing.chosen())
            case "stop":
                return self._board.active
            case "stop_one":
                run = self._run_at_cursor()
                return self._board.active and run is not None and run.state == "running"
            case "save":
                return self._board.view is not None
            case _:
                return True

    def _say(
        self, text: str, severity: Literal["information", "warning", "error"] = "information"
    ) -> None:
        self._screen.notify(text, severity=severity, markup=False)

    def _run_at_cursor(self) -> RunView | None:
        """The run of the row under the cursor, if the newest session has one."""
        entry = self._listing.current
        known = self._board.known(entry.key) if entry and entry.profile else None
        return known.run if known and known.current else None

    def start(self, *, one_by_one: bool) -> bool:
        """Runs what is chosen; whether a session was started. If not, it has said why."""
        if self._board.active:
            self._say("A session goes on; x stops it.", "warning")
            return False
        profiles = self._listing.chosen()
        if not profiles:
            self._say("There is nothing to run.", "warning")
            return False
        try:
            self._control().start(profiles, one_by_one=one_by_one)
        except (RuntimeError, ValueError, OSError) as error:
            self._say(f"Not started: {error}", "error")
            return False
        shown = {profile.full_name for profile in self._listing.shown}
        hidden = sum(profile.full_name not in shown for profile in profiles)
        if hidden:
            self._say(f"{len(profiles)} profiles run, {hidden} of them hidden by the filter.")
        return True

    def stop(self) -> None:
        if self._board.active:
            self._control().stop()
        else:
            self._say("Nothing runs.")

    def stop_one(self) -> None:
        run = self._run_at_cursor()
        if self._board.active and run is not None and run.state in ("planned", "running"):
            self._control().stop(run.run)
        else:
            self._say("The row under the cursor does not run.")

    # --- saving ---------------------------------------------------------------------------------

    def _suggested_name(self, view: SessionView) -> str:
        """The session's start in UTC, such as `20250131-120530`; counted on if that is taken."""
        digits = "".join(c for c in view.started_at if c.isdigit())[:14]
        base = f"{digits[:8]}-{digits[8:]}" if len(digits) == 14 else view.session
        name, count = base, 1
        while name in self._names:
            count += 1
            name = f"{base}-{count}"
        return name

    def ask_to_save(self) -> None:
        view = self._board.view
        if view is None:
            self._say("There is no session to save yet; r runs the checked profiles.")
            return
        from cortex_tui.ui.screens.save import SaveDialog

        name, run = self._suggested_name(view), self._run_at_cursor()
        dialog = SaveDialog(name, run, self._store, self._save)
        self._screen.app.push_screen(dialog)

    def _save(self, dialog: SaveDialog, name: str, run: int | None) -> None:
        # The controller answers on a thread of its own.
        self._control().save(name, run=run).add_done_callback(
            lambda done: self._screen.call_later(self._saved, dialog, name, done)
        )

    def _saved(self, dialog: SaveDialog, name: str, done: Future[SavedSnapshot]) -> None:
        error = None if done.cancelled() else done.exception()
        if done.cancelled() or error is not None:
            text = str(error) if error else "Not saved: the program is ending."
            if dialog.is_current:
                dialog.show_error(text)
            else:
                self._say(text, "error")
            return
        self._names.add(name)
        self._say(f"Saved as {done.result().name}.")
        if dialog.is_current:
            dialog.dismiss()
