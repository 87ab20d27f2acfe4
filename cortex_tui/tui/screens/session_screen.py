"""A screen from which sessions are started, steered and saved."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from textual import on
from textual.message import Message
from textual.reactive import var
from textual.timer import Timer

from cortex_tui.profiles.model import Profile
from cortex_tui.protocol.messages import Answered
from cortex_tui.quantities import format_names
from cortex_tui.results.view import SessionView
from cortex_tui.session.control import ONLY_STORED, Control
from cortex_tui.session.versions import Version
from cortex_tui.text import one_line
from cortex_tui.tui.actions import actions
from cortex_tui.tui.failures import reason_of
from cortex_tui.tui.render.status import AROUND
from cortex_tui.tui.render.text import width_of
from cortex_tui.tui.screens.action_screen import ActionScreen
from cortex_tui.tui.second_key import ASKED_S
from cortex_tui.tui.state import status_message
from cortex_tui.tui.state.commands import Asked, awaited_text, command_applies, send_command
from cortex_tui.tui.state.gone_checks import GoneChecks
from cortex_tui.tui.state.latest_runs import LatestRuns
from cortex_tui.tui.state.listing import Listing
from cortex_tui.tui.state.status_message import StatusMessage

if TYPE_CHECKING:
    from cortex_tui.tui.screens.repeat import Rounds


class _Wanted(NamedTuple):
    """A session that a person wants."""

    profiles: Sequence[Profile]
    one_by_one: bool
    rounds: int
    versions: Sequence[Version] = ()


class SessionScreen(ActionScreen):
    """Turns actions on sessions into calls of the controller, and reports what comes of them."""

    SCREEN = "main"

    control: var[Control | None] = var(None, init=False)
    """None while it is being made; what is asked for meanwhile is started when it is there."""
    status_message: var[StatusMessage | None] = var(None, init=False, always_update=True)

    class SessionStarted(Message):
        """A session was started from this screen."""

    class SessionEnded(Message):
        """The session that was running has ended."""

        def __init__(self, view: SessionView) -> None:
            super().__init__()
            self.view = view

    class CommandAnswered(Message):
        """What a session was asked was answered."""

        def __init__(self, answered: Answered, session: str, name: str) -> None:
            """`session` is the one that the answer is about, "" where it matters after its end;
            `name` is the action that asked."""
            super().__init__()
            self.answered = answered
            self.session = session
            self.name = name

    def __init__(self, listing: Listing, store: str) -> None:
        """`store` names the file that snapshots go to, for a person to read."""
        super().__init__(actions())
        self.listing = listing
        self.latest = LatestRuns()
        self._store = store
        self._wanted: _Wanted | None = None
        self._stopped_session = ""
        """The last one that was asked to stop."""
        self._asked: list[Asked] = []
        """What may not be answered yet."""
        self._gone_checks = GoneChecks()
        self._names: set[str] = set()
        self._message_timer: Timer | None = None

    @property
    def only_looks(self) -> bool:
        """Whether no session can be started from here, since a stored one is looked at."""
        return False

    @property
    def _can_start(self) -> bool:
        return not (self.only_looks or self.latest.active or self._wanted is not None)

    def show(self, *, with_pane: bool = True) -> None:
        """Draws whatever differs from what the screen shows."""
        raise NotImplementedError  # the screen that derives from this one draws

    def look_at_newest(self) -> None:
        """Takes in what the controller knows now: what is drawn may be older by seconds."""
        raise NotImplementedError  # the screen that derives from this one has the view

    def watch_control(self, control: Control | None) -> None:
        wanted, self._wanted = self._wanted, None
        if control is not None and wanted is not None:
            self._start(control, wanted)

    # --- reports --------------------------------------------------------------------------------

    def report(self, text: str) -> None:
        """Shows a text in the status line, for a moment; as a notice where it does not fit."""
        if width_of(one_line(text)) > self.app.size.width - AROUND:
            self.notify(one_line(text), markup=False)
        else:
            self.status_message = StatusMessage(text, self.latest.active, self.latest.session)

    def watch_status_message(self, message: StatusMessage | None) -> None:
        if self._message_timer is not None:
            self._message_timer.stop()
            self._message_timer = None
        if message is not None:
            self._message_timer = self.set_timer(status_message.SHOWN_S, self._forget_message)
        self.show()

    def _forget_message(self) -> None:
        self.status_message = None

    def _warn(self, text: str) -> None:
        self.notify(text, severity="warning", markup=False)

    # --- actions --------------------------------------------------------------------------------

    def applies(self, name: str) -> bool:
        if self.actions[name].group != "session":
            return super().applies(name)
        match name:
            case "run" | "one_by_one" | "repeat":
                return self._can_start and bool(self.listing.chosen())
            case "stop" if self._wanted is not None:
                return True
            case "save":
                return self.latest.view is not None
            case _:
                return command_applies(name, self.latest, self.listing.current)

    def action_session(self, name: str) -> None:
        """Does what a key or a command of the palette means."""
        self.look_at_newest()
        match name:
            case "run":
                self._run_chosen(one_by_one=False)
            case "one_by_one":
                self._run_chosen(one_by_one=True)
            case "repeat":
                self._ask_for_rounds()
            case "save":
                self._ask_to_save()
            case "stop" if self._wanted is not None:
                self._wanted = None
                self.report("not started")
            case _:
                self._command(name)

    def _command(self, name: str) -> None:
        """Sends a command; the answer comes on another thread, once the runner has given it."""
        if self.control is None:
            self.report("no session is running")
            return
        sent = send_command(name, self.control, self.latest, self.listing.current)
        if isinstance(sent, str):
            self.report(sent)
        else:
            session = self._newest_session
            if name == "stop":
                self._stopped_session = session
            self._asked = [each for each in self._asked if not each.answer.done()]
            self._asked.append(Asked(name, session, sent))
            sent.add_done_callback(partial(self.post_answer, session=session, name=name))
            if not sent.done():
                self.show()

    @property
    def awaited(self) -> str:
        """What the newest session was asked without an answer so far, in words."""
        return awaited_text(self._asked, self.latest.session) if self.latest.active else ""

    @property
    def _newest_session(self) -> str:
        """The id of the one that the controller has, drawn or not; "" for none."""
        view = self.control.view if self.control else None
        return view.session if view else ""

    def post_answer(self, answer: Future[Answered], session: str = "", name: str = "") -> None:
        """Has what was answered reported on the screen; on any thread. An answer that is about a
        `session` alone is not, once there is another one."""
        if answer.cancelled():
            return
        error = answer.exception()
        answered = answer.result() if error is None else Answered(False, reason_of(error))
        with suppress(RuntimeError):  # the screen may be gone by now
            self.post_message(self.CommandAnswered(answered, session, name))

    @on(CommandAnswered)
    def _report_answer(self, event: CommandAnswered) -> None:
        answered = event.answered
        if event.session and event.session != self._newest_session:
            return
        # A session that was to stop and has ended was not ignored, whoever ended it.
        was_ignored = not answered.done and event.name != "stop"
        self.report(one_line(f"ignored: {answered.text}" if was_ignored else answered.text))

    # --- start ----------------------------------------------------------------------------------

    def _chosen(self) -> list[Profile]:
        """What would be run; if that is nothing, or cannot be, it is reported."""
        if not self._is_free() or self._misses_checked():
            return []
        profiles = self.listing.chosen()
        if not profiles:
            self._warn("There is nothing to run.")
        return profiles

    def _misses_checked(self) -> bool:
        """Whether a session would not be the one that was meant, since profiles that are checked
        are gone; if so, it is reported. A second key unchecks them."""
        gone = self.listing.gone
        if question := self._gone_checks.question(gone):
            self.notify(question, severity="warning", timeout=ASKED_S, markup=False)
            return True
        if gone:
            self.listing.uncheck_gone()
            self.show()
            if not self.listing.checked:
                self.report(f"unchecked {one_line(format_names(gone, 1))}")
                return True
        return False

    def _is_free(self) -> bool:
        """Whether a session can be started; if not, it is reported."""
        if self.only_looks:
            self.notify(f"Not started: {ONLY_STORED}", severity="error", markup=False)
            return False
        if not self._can_start:
            self._warn(f"A session is running; press {self.key_of('stop')} to stop it.")
        return self._can_start

    def _run_chosen(self, *, one_by_one: bool, rounds: int = 1) -> None:
        """Runs what is chosen; if there is no controller yet, as soon as there is."""
        if profiles := self._chosen():
            self._begin(_Wanted(profiles, one_by_one, rounds))

    @property
    def is_busy(self) -> bool:
        """Whether a session is running or was asked for, drawn or not."""
        view = self.control.view if self.control else None
        return self._wanted is not None or (view is not None and view.is_live)

    @property
    def is_measuring(self) -> bool:
        """Whether a session is running that nobody has asked to stop."""
        view = self.control.view if self.control else None
        return view is not None and view.is_live and view.session != self._stopped_session

    @property
    def why_not_stored(self) -> str:
        """Why the newest session is not stored at present; "" where it is."""
        view = self.control.view if self.control else None
        return view.store_error if view else ""

    def start_profiles(self, profiles: Sequence[Profile], *, one_by_one: bool, rounds: int) -> None:
        """Starts a session of profiles that need not be listed."""
        self.look_at_newest()
        if self._is_free():
            self._begin(_Wanted(profiles, one_by_one, rounds))

    def _begin(self, wanted: _Wanted) -> None:
        if self.control is None:
            self._wanted = wanted
            self.report("starts in a moment")
        else:
            self._start(self.control, wanted)

    def _start(self, control: Control, wanted: _Wanted) -> None:
        profiles = wanted.profiles
        try:
            control.start(
                profiles,
                one_by_one=wanted.one_by_one,
                repeat=wanted.rounds,
                versions=wanted.versions,
            )
        except (RuntimeError, ValueError, OSError) as error:
            self.notify(f"Not started: {reason_of(error)}", severity="error", markup=False)
            return
        self.look_at_newest()
        shown = {profile.full_name for profile in self.listing.shown}
        hidden = sum(profile.full_name not in shown for profile in profiles)
        if hidden:
            text = f"{len(profiles)} profiles run, {hidden} of them hidden by the filter."
            self.notify(text, markup=False)
        self.post_message(self.SessionStarted())

    def start_versions(
        self, profiles: Sequence[Profile], rounds: int, versions: Sequence[Version]
    ) -> None:
        """Starts a session of variants, in alternating rounds."""
        self._begin(_Wanted(profiles, False, rounds, versions))

    def _ask_for_rounds(self) -> None:
        if profiles := self._chosen():
            from cortex_tui.tui.screens.repeat import RepeatDialog

            self.app.push_screen(RepeatDialog(len(profiles)), self._start_rounds)

    def _start_rounds(self, wanted: Rounds | None) -> None:
        if wanted is not None:
            self._run_chosen(one_by_one=wanted.one_by_one, rounds=wanted.rounds)

    # --- save -----------------------------------------------------------------------------------

    def _suggested_name(self, view: SessionView) -> str:
        """The session's start in UTC, such as `20250131-120530`; with a number if that is taken."""
        digits = "".join(c for c in view.started_at if c.isdigit())[:14]
        base = f"{digits[:8]}-{digits[8:]}" if len(digits) == 14 else view.session
        name, count = base, 1
        while name in self._names:
            count += 1
            name = f"{base}-{count}"
        return name

    def _ask_to_save(self) -> None:
        view = self.latest.view
        if view is None or self.control is None:
            key = self.key_of("run")
            text = f"There is no session to save yet; {key} runs the checked profiles."
            self.notify(text, markup=False)
            return
        from cortex_tui.tui.screens.save import SaveDialog

        name, run = self._suggested_name(view), self.latest.run_of(self.listing.current)
        self.app.push_screen(SaveDialog(name, run, self._store, self.control), self._remember_name)

    def _remember_name(self, name: str | None) -> None:
        if name is not None:
            self._names.add(name)
