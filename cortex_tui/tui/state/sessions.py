"""What the main screen asks of the controller: start, stop, save; and what it answers a person."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Literal, NamedTuple

from cortex_tui.profiles.model import Profile
from cortex_tui.protocol.messages import Answered
from cortex_tui.results.view import SessionView
from cortex_tui.session.control import Control, SavedSnapshot
from cortex_tui.text import one_line
from cortex_tui.tui.state import steering
from cortex_tui.tui.state.latest_runs import LatestRuns
from cortex_tui.tui.state.listing import Listing
from cortex_tui.tui.state.status_message import Say, ended
from cortex_tui.tui.state.steering import Steering

if TYPE_CHECKING:
    from textual.screen import Screen

    from cortex_tui.tui.screens.save import SaveDialog


class _Wanted(NamedTuple):
    """A session that a person wants."""

    profiles: Sequence[Profile]
    one_by_one: bool
    rounds: int


class Sessions:
    """Turns actions into calls of the controller. Used on the screen's loop only."""

    def __init__(
        self,
        screen: Screen[None],
        listing: Listing,
        latest: LatestRuns,
        control: Callable[[], Control | None],
        store: str,
        say: Say,
        started: Callable[[], None],
    ) -> None:
        """`control` returns the controller, or None while it is being made.

        `store` names the file that snapshots go to, for a person to read. `started` is called
        when a session was.
        """
        self._screen = screen
        self._listing = listing
        self._latest = latest
        self._control = control
        self._store = store
        self._say = say
        self._started = started
        self._steering = Steering(listing, latest, control, say, self._show_answer)
        self._names: set[str] = set()
        self._wanted: _Wanted | None = None

    def newest_view(self) -> SessionView | None:
        control = self._control()
        return control.view if control else None

    def begin(self) -> None:
        """Call when there is a controller: starts what was asked for meanwhile."""
        wanted, self._wanted = self._wanted, None
        if wanted is not None:
            self._start(wanted)

    def applies(self, name: str) -> bool:
        """Whether an action on sessions would do anything now."""
        if name in steering.ACTIONS:
            return self._steering.applies(name)
        match name:
            case "run" | "one_by_one" | "repeat":
                idle = not self._latest.active and self._wanted is None
                return idle and bool(self._listing.chosen())
            case "stop":
                return self._latest.active or self._wanted is not None
            case "stop_one":
                run = self._latest.run_of(self._listing.current)
                return self._latest.active and run is not None and not ended(run)
            case _:
                return self._latest.view is not None

    def perform(self, name: str) -> None:
        """Does what a key or a command of the palette means."""
        match name:
            case "run":
                self.start(one_by_one=False)
            case "one_by_one":
                self.start(one_by_one=True)
            case "repeat":
                self._ask_for_rounds()
            case "stop":
                self._stop()
            case "stop_one":
                self._stop_one()
            case "save":
                self._ask_to_save()
            case _:
                self._steering.perform(name)

    def _notify(
        self, text: str, severity: Literal["information", "warning", "error"] = "information"
    ) -> None:
        self._screen.notify(text, severity=severity, markup=False)

    def _show_answer(self, answer: Future[Answered]) -> None:
        """Shows what came of a command when it is known; the answer comes on another thread."""
        loop = asyncio.get_running_loop()

        def show(answer: Future[Answered]) -> None:
            answered = answer.result()
            text = answered.text if answered.done else f"ignored: {answered.text}"
            with contextlib.suppress(RuntimeError):  # the screen may be gone by now
                loop.call_soon_threadsafe(self._say, one_line(text))

        answer.add_done_callback(show)

    # --- start and stop -------------------------------------------------------------------------

    def _chosen(self) -> list[Profile]:
        """What would be run; if that is nothing, or cannot be, it says why."""
        if self._latest.active or self._wanted is not None:
            self._notify("A session is running; press x to stop it.", "warning")
            return []
        profiles = self._listing.chosen()
        if not profiles:
            self._notify("There is nothing to run.", "warning")
        return profiles

    def start(self, *, one_by_one: bool, rounds: int = 1) -> None:
        """Runs what is chosen; if there is no controller yet, as soon as there is."""
        if profiles := self._chosen():
            wanted = _Wanted(profiles, one_by_one, rounds)
            if self._control() is None:
                self._wanted = wanted
                self._say("starts in a moment")
            else:
                self._start(wanted)

    def _start(self, wanted: _Wanted) -> None:
        control, profiles = self._control(), wanted.profiles
        if control is None:
            return
        try:
            control.start(profiles, one_by_one=wanted.one_by_one, repeat=wanted.rounds)
        except (RuntimeError, ValueError, OSError) as error:
            self._notify(f"Not started: {error}", "error")
            return
        shown = {profile.full_name for profile in self._listing.shown}
        hidden = sum(profile.full_name not in shown for profile in profiles)
        if hidden:
            self._notify(f"{len(profiles)} profiles run, {hidden} of them hidden by the filter.")
        self._started()

    def _ask_for_rounds(self) -> None:
        if profiles := self._chosen():
            from cortex_tui.tui.screens.repeat import RepeatDialog

            self._screen.app.push_screen(RepeatDialog(len(profiles), self._start_rounds))

    def _start_rounds(self, rounds: int, one_by_one: bool) -> None:
        self.start(one_by_one=one_by_one, rounds=rounds)

    def _stop(self) -> None:
        control = self._control()
        if self._wanted is not None:
            self._wanted = None
            self._say("not started")
        elif control is not None and self._latest.active:
            self._show_answer(control.stop())
        else:
            self._notify("No session is running.")

    def _stop_one(self) -> None:
        control, run = self._control(), self._latest.run_of(self._listing.current)
        live = run is not None and not ended(run)
        if control is not None and run is not None and live and self._latest.active:
            self._show_answer(control.stop(run.run))
        else:
            self._notify("The profile under the cursor is not running.")

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

    def _ask_to_save(self) -> None:
        view = self._latest.view
        if view is None:
            self._notify("There is no session to save yet; r runs the checked profiles.")
            return
        from cortex_tui.tui.screens.save import SaveDialog

        name, run = self._suggested_name(view), self._latest.run_of(self._listing.current)
        dialog = SaveDialog(name, run, self._store, self._save)
        self._screen.app.push_screen(dialog)

    def _save(self, dialog: SaveDialog, name: str, run: int | None) -> None:
        control = self._control()
        if control is None:
            return
        # The controller answers on a thread of its own.
        control.save(name, run=run).add_done_callback(
            lambda done: self._screen.call_later(self._saved, dialog, name, done)
        )

    def _saved(self, dialog: SaveDialog, name: str, done: Future[SavedSnapshot]) -> None:
        error = None if done.cancelled() else done.exception()
        if done.cancelled() or error is not None:
            text = str(error) if error else "Not saved: the program is ending."
            if dialog.is_current:
                dialog.show_error(text)
            else:
                self._notify(text, "error")
            return
        self._names.add(name)
        self._notify(f"Saved as {done.result().name}.")
        if dialog.is_current:
            dialog.dismiss()
